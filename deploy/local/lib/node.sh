# shellcheck shell=bash
# What makes a node of it: kubelet, kube-proxy, the scheduler, and CoreDNS behind its service address.

make_node_certificates() {
  make_certificate scheduler /CN=system:kube-scheduler
  make_certificate kubelet "/O=system:nodes/CN=system:node:$NAME" "DNS:$NAME,IP:$ADDRESS"
  make_certificate kube-proxy /CN=system:kube-proxy
  make_certificate coredns /CN=system:coredns
  local user
  for user in scheduler kubelet kube-proxy coredns; do
    make_kubeconfig "$STATE/pki/$user.kubeconfig" "$user" "$(api_url)"
  done
}

start_scheduler() {
  process_ensure kube-scheduler "$BIN/kube-scheduler" --kubeconfig="$STATE/pki/scheduler.kubeconfig" --leader-elect=false --profiling=false
}

write_kubelet_configuration() {
  : >"$STATE/configuration/resolv.conf" # pods that want the node's names get none: there is no way out
  cat >"$STATE/configuration/kubelet.yaml" <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $ADDRESS
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $STATE/pki/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $STATE/pki/kubelet.crt
tlsPrivateKeyFile: $STATE/pki/kubelet.key
containerRuntimeEndpoint: unix://$(containerd_socket)
cgroupDriver: cgroupfs
cgroupRoot: /$CGROUP
failCgroupV1: false
failSwapOn: false
clusterDNS: [$DNS_ADDRESS]
clusterDomain: cluster.local
resolvConf: $STATE/configuration/resolv.conf
maxPods: 250
volumePluginDir: $STATE/kubelet-plugins
# One small machine: do not queue image pulls, events or requests, do not evict for a disk that is nearly full, never
# throw away an image that no registry can give back.
serializeImagePulls: false
registryPullQPS: 0
eventRecordQPS: 0
kubeAPIQPS: 500
kubeAPIBurst: 1000
evictionHard: {memory.available: 50Mi, nodefs.available: 1%, imagefs.available: 1%, nodefs.inodesFree: 1%}
imageGCHighThresholdPercent: 100
END
}

start_kubelet() {
  process_alive kubelet && return
  write_kubelet_configuration
  process_start kubelet "$BIN/kubelet" --config="$STATE/configuration/kubelet.yaml" --kubeconfig="$STATE/pki/kubelet.kubeconfig" \
    --node-ip="$ADDRESS" --hostname-override="$NAME"
}

# Its file is not written again while it runs: kube-proxy ends when it sees that, "content of the proxy server's
# configuration file was updated". The conntrack zeros leave the kernel's own limits alone.
start_kube_proxy() {
  process_alive kube-proxy && return
  cat >"$STATE/configuration/kube-proxy.yaml" <<END
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
nftables: {minSyncPeriod: 100ms}
clientConnection: {kubeconfig: $STATE/pki/kube-proxy.kubeconfig}
clusterCIDR: $POD_SUBNET
hostnameOverride: $NAME
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
END
  process_start kube-proxy "$BIN/kube-proxy" --config="$STATE/configuration/kube-proxy.yaml"
}

node_ready() {
  api "/api/v1/nodes/$NAME" 2>/dev/null | jq --exit-status '
    any(.status.conditions[]?; .type == "Ready" and .status == "True")
    and all(.spec.taints[]?; .effect == "PreferNoSchedule")' >/dev/null
}

# Names outside the cluster do not exist: the answer is quick and final, not a time-out. (A server of its own, because
# the template plugin comes before the kubernetes plugin whatever their order here.)
start_coredns() {
  process_alive coredns && return
  cat >"$STATE/configuration/Corefile" <<END
cluster.local:53 in-addr.arpa:53 ip6.arpa:53 {
  bind $ADDRESS
  errors
  ready 127.0.0.1:8181
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    kubeconfig $STATE/pki/coredns.kubeconfig
    pods insecure
    ttl 5
  }
  cache 5
}
.:53 {
  bind $ADDRESS
  template ANY ANY {
    rcode NXDOMAIN
  }
}
END
  process_start coredns "$BIN/coredns" -conf "$STATE/configuration/Corefile"
}

coredns_ready() { in_node curl --silent --fail --noproxy '*' --max-time 2 --output /dev/null http://127.0.0.1:8181/ready; }

# CoreDNS is a process of the node, not a pod: it needs no image, and is there before the first pod.
apply_dns_objects() {
  sed "s/\${DNS_ADDRESS}/$DNS_ADDRESS/; s/\${NODE_ADDRESS}/$ADDRESS/" "$LOCAL/dns.yaml" |
    "$PROGRAM_FOLDER/kubectl" --kubeconfig "$STATE/admin.kubeconfig" apply --server-side --force-conflicts --filename - >/dev/null
}
