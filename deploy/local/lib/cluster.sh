# shellcheck shell=bash
# All the parts of a whole cluster.

# shellcheck source=names.sh
source "$LOCAL/lib/names.sh"
# shellcheck source=processes.sh
source "$LOCAL/lib/processes.sh"
# shellcheck source=certificates.sh
source "$LOCAL/lib/certificates.sh"
# shellcheck source=api-server.sh
source "$LOCAL/lib/api-server.sh"
# shellcheck source=cgroups.sh
source "$LOCAL/lib/cgroups.sh"
# shellcheck source=namespaces.sh
source "$LOCAL/lib/namespaces.sh"
# shellcheck source=network.sh
source "$LOCAL/lib/network.sh"
# shellcheck source=containerd.sh
source "$LOCAL/lib/containerd.sh"
# shellcheck source=node.sh
source "$LOCAL/lib/node.sh"

# The processes that "up" starts.
export PROCESSES=(etcd kube-apiserver kube-controller-manager kube-scheduler containerd kubelet kube-proxy coredns)
