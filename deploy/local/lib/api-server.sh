# shellcheck shell=bash
# etcd, kube-apiserver and kube-controller-manager: the same for the control plane alone and for the whole cluster.
# Needs STATE, NAME, BIN, and ADDRESS (where the API server is reached), API_PORT, ETCD_PORT, ETCD_PEER_PORT, SERVICE_SUBNET.

api_url() { printf 'https://%s:%s' "$ADDRESS" "$API_PORT"; }

# api PATH [CURL_ARGUMENT...]: a request as administrator.
api() {
  local path=$1
  shift
  curl --silent --fail --noproxy '*' --max-time 5 --cacert "$STATE/pki/ca.crt" --cert "$STATE/pki/admin.crt" --key "$STATE/pki/admin.key" \
    "$@" "$(api_url)$path"
}

# make_api_server_certificates ADDRESS...: addresses under which clients reach it.
make_api_server_certificates() {
  local names=DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local
  local address
  for address in "$@"; do names+=,IP:$address; done
  make_certificate api-server /CN=kube-apiserver "$names"
  make_certificate kubelet-client /O=system:masters/CN=kube-apiserver
  make_certificate admin /O=system:masters/CN=admin
  make_certificate controller-manager /CN=system:kube-controller-manager
  # The operator's own identity, so that exactly the RBAC bound to its ServiceAccount applies.
  make_certificate tidegate /O=system:serviceaccounts/O=system:serviceaccounts:tidegate-system/O=system:authenticated/CN=system:serviceaccount:tidegate-system:tidegate
}

make_api_server_kubeconfigs() {
  make_kubeconfig "$STATE/admin.kubeconfig" admin "$(api_url)"
  make_kubeconfig "$STATE/tidegate.kubeconfig" tidegate "$(api_url)"
  make_kubeconfig "$STATE/pki/controller-manager.kubeconfig" controller-manager "$(api_url)"
}

# The data is thrown away with the cluster, so it needs to survive a killed process, not a power failure: no fsync.
start_etcd() {
  process_ensure etcd "$BIN/etcd" --name "$NAME" --data-dir "$STATE/etcd" --log-level warn --unsafe-no-fsync \
    --listen-client-urls "http://127.0.0.1:$ETCD_PORT" --advertise-client-urls "http://127.0.0.1:$ETCD_PORT" \
    --listen-peer-urls "http://127.0.0.1:$ETCD_PEER_PORT" --initial-advertise-peer-urls "http://127.0.0.1:$ETCD_PEER_PORT" \
    --initial-cluster "$NAME=http://127.0.0.1:$ETCD_PEER_PORT"
}

# start_api_server ARGUMENT...: the audit log is written before the answer is sent (blocking mode), so that a test that
# has its answer finds it there.
start_api_server() {
  cp "$LOCAL/audit-policy.yaml" "$STATE/audit-policy.yaml"
  process_ensure kube-apiserver "$BIN/kube-apiserver" \
    --etcd-servers="http://127.0.0.1:$ETCD_PORT" --secure-port="$API_PORT" --advertise-address="$ADDRESS" \
    --tls-cert-file="$STATE/pki/api-server.crt" --tls-private-key-file="$STATE/pki/api-server.key" --client-ca-file="$STATE/pki/ca.crt" \
    --service-account-key-file="$STATE/pki/sa.pub" --service-account-signing-key-file="$STATE/pki/sa.key" \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --service-cluster-ip-range="$SERVICE_SUBNET" --authorization-mode=Node,RBAC --allow-privileged \
    --runtime-config=admissionregistration.k8s.io/v1=true \
    --audit-policy-file="$STATE/audit-policy.yaml" --audit-log-path="$STATE/audit.log" --audit-log-mode=blocking --audit-log-maxsize=100000 \
    --profiling=false "$@"
}

api_server_ready() { api /readyz >/dev/null; }

# start_controller_manager ARGUMENT...: its client is not throttled as hard as by default (20 requests a second), which
# on one small machine would only make tests wait; what its controllers do is untouched. By default it makes a folder for
# volume plugins that belongs to no cluster.
start_controller_manager() {
  process_ensure kube-controller-manager "$BIN/kube-controller-manager" \
    --kubeconfig="$STATE/pki/controller-manager.kubeconfig" --leader-elect=false --use-service-account-credentials \
    --service-account-private-key-file="$STATE/pki/sa.key" --root-ca-file="$STATE/pki/ca.crt" \
    --cluster-signing-cert-file="$STATE/pki/ca.crt" --cluster-signing-key-file="$STATE/pki/ca.key" \
    --flex-volume-plugin-dir="$STATE/kubelet-plugins" --kube-api-qps=500 --kube-api-burst=1000 --profiling=false "$@"
}

# A pod can be created once its namespace's ServiceAccount is there; so are the token and root certificate controllers.
controllers_ready() {
  api /api/v1/namespaces/default/serviceaccounts/default >/dev/null &&
    api /api/v1/namespaces/default/configmaps/kube-root-ca.crt >/dev/null
}
