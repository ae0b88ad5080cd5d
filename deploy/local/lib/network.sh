# shellcheck shell=bash
# One link between this machine and the node. The machine reaches the API server, pods and services; pods reach each
# other, services and this machine at HOST_ADDRESS. There is no way out: no forwarding and no NAT is switched on here,
# so what is not local fails at once.

in_node_ip() { in_mounts ip -n node "$@"; }

make_network() {
  in_node_ip link set lo up
  in_mounts nsenter --net=/run/netns/node -- sysctl --quiet --write net.ipv4.ip_forward=1
  if ! in_node_ip link show eth0 >/dev/null 2>&1; then
    ip link delete "$LINK_HOST" 2>/dev/null || true
    ip link add "$LINK_HOST" type veth peer name "$LINK_NODE"
    in_mounts ip link set "$LINK_NODE" netns node
    in_node_ip link set "$LINK_NODE" name eth0
  fi
  ip address replace "$HOST_ADDRESS/24" dev "$LINK_HOST"
  ip link set "$LINK_HOST" up
  in_node_ip address replace "$ADDRESS/24" dev eth0
  in_node_ip link set eth0 up
  ip route replace "$POD_SUBNET" via "$ADDRESS"
  ip route replace "$SERVICE_SUBNET" via "$ADDRESS"
  # Programs of the node reach services too: kube-proxy rewrites the destination, but only of what has a route.
  in_node_ip route replace "$SERVICE_SUBNET" dev eth0
}

remove_network() {
  ip link delete "$LINK_HOST" 2>/dev/null || ! ip link show "$LINK_HOST" >/dev/null 2>&1 ||
    die "the link $LINK_HOST of cluster $NAME cannot be deleted"
}
