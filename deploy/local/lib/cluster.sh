# shellcheck shell=bash
# All the parts of a whole cluster.

# shellcheck source=lib/names.sh
source "$LOCAL/lib/names.sh"
# shellcheck source=lib/processes.sh
source "$LOCAL/lib/processes.sh"
# shellcheck source=lib/certificates.sh
source "$LOCAL/lib/certificates.sh"
# shellcheck source=lib/api-server.sh
source "$LOCAL/lib/api-server.sh"
# shellcheck source=lib/cgroups.sh
source "$LOCAL/lib/cgroups.sh"
# shellcheck source=lib/namespaces.sh
source "$LOCAL/lib/namespaces.sh"
# shellcheck source=lib/network.sh
source "$LOCAL/lib/network.sh"
# shellcheck source=lib/containerd.sh
source "$LOCAL/lib/containerd.sh"
# shellcheck source=lib/node.sh
source "$LOCAL/lib/node.sh"

# The processes that "up" starts.
export PROCESSES=(etcd kube-apiserver kube-controller-manager kube-scheduler containerd kubelet kube-proxy coredns)
