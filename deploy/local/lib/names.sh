# shellcheck shell=bash
# shellcheck disable=SC2034  # other libraries read what is derived here
# Everything a cluster owns on this machine has a name or address that follows from the cluster's name and the folder
# its state is in, so that any command finds all of it again, and two clusters never share anything.

readonly CLUSTER_KIND=tidegate-cluster
# The folder of all clusters.
STATES=$(realpath --canonicalize-missing "${TIDEGATE_STATE:-/var/lib/tidegate-local}")

# derive_names NAME: sets NAME, STATE, ID, LINK_HOST, LINK_NODE, CGROUP.
derive_names() {
  NAME=$1
  [[ $NAME =~ ^[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?$ ]] ||
    die "'$NAME' cannot name a cluster: use at most 30 of a-z, 0-9 and '-', and neither begin nor end with '-'"
  STATE=$STATES/$NAME
  ID=$(printf '%s' "$STATE" | sha256sum | cut -c1-8)
  LINK_HOST=tg$ID-h # a link's name has at most 15 characters
  LINK_NODE=tg$ID-n
  CGROUP=tidegate-$NAME-$ID
}

# derive_addresses BLOCK: all of them in 10.BLOCK.0.0/16.
derive_addresses() {
  HOST_ADDRESS=10.$1.0.1
  ADDRESS=10.$1.0.2 # the node's, so the API server's
  POD_SUBNET=10.$1.64.0/22
  SERVICE_SUBNET=10.$1.128.0/20
  API_SERVICE_ADDRESS=10.$1.128.1
  DNS_ADDRESS=10.$1.128.10
  API_PORT=6443 ETCD_PORT=2379 ETCD_PEER_PORT=2380 # in a network of its own
}

# block_is_free BLOCK: no route of this machine (so no other cluster either) and no name server is in it.
block_is_free() {
  [[ -z $(ip -4 route show root "10.$1.0.0/16") ]] &&
    ! ip -4 route show match "10.$1.0.0/16" | grep -qv '^default' &&
    ! grep -q "^nameserver 10\.$1\." /etc/resolv.conf
}

# choose_addresses: the block follows from the name; where it is taken the next free one. It is kept for the cluster's life.
choose_addresses() {
  if [[ ! -s $STATE/block ]]; then
    local first=$((16#${ID:0:4})) try block
    for ((try = 0; try < 110; try++)); do
      block=$((140 + (first + try) % 110))
      block_is_free "$block" && break
      ((try < 109)) || die "no free network 10.140.0.0/16 to 10.249.0.0/16 for cluster $NAME: see 'ip route'"
    done
    printf '%s\n' "$block" >"$STATE/block.new"
    mv "$STATE/block.new" "$STATE/block"
  fi
  derive_addresses "$(<"$STATE/block")"
}

# parse_name ARGUMENT...: the --name option that all commands share; anything else is left in REST.
parse_name() {
  local name=tidegate
  REST=()
  while (($#)); do
    case $1 in
    --name)
      (($# > 1)) || die "--name needs a value"
      name=$2
      shift
      ;;
    --name=*) name=${1#--name=} ;;
    *) REST+=("$1") ;;
    esac
    shift
  done
  derive_names "$name"
}

# A folder is only ever used, and above all removed, when "up" made it.
check_state_is_ours() {
  [[ ! -e $STATE || $(cat "$STATE/kind" 2>/dev/null) == "$CLUSTER_KIND" || -z $(ls --almost-all "$STATE") ]] ||
    die "$STATE was not made by deploy/local/up: choose another --name or TIDEGATE_STATE"
}
