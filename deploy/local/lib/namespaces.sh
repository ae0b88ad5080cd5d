# shellcheck shell=bash
# The node lives in a mount namespace and a network namespace of its own. Kubelet, containerd and the CNI plugins have
# paths that cannot be configured (/var/lib/kubelet/device-plugins, /var/log/containers, /run/containerd/s,
# /var/lib/cni): there they are folders of this cluster. And whatever is mounted for pods, pod network namespaces
# included, is gone with the mount namespace, however its owner ended.
#   STATE/namespaces/mount     pins the mount namespace; all that is to be seen of it from outside
#   /run/netns/node            pins the network namespace; exists inside the mount namespace only

in_mounts() { nsenter --mount="$STATE/namespaces/mount" -- "$@"; }
in_node() { in_mounts nsenter --net=/run/netns/node -- "$@"; }

# Not 'ip netns exec', which mounts a new /sys without cgroups: the kubelet then finds none.
# shellcheck disable=SC2034  # processes.sh reads it
enter_node() { PROCESS_ENTER=(nsenter --mount="$STATE/namespaces/mount" -- nsenter --net=/run/netns/node --); }

is_namespace() { [[ $(stat --file-system --format=%T "$1" 2>/dev/null) == nsfs ]]; }

namespaces_exist() { [[ -e $STATE/namespaces/ready ]] && is_namespace "$STATE/namespaces/mount"; }

# What is half made, or was before the machine was started again, is made anew.
make_namespaces() {
  namespaces_exist && return
  kill_cgroup
  remove_namespaces
  mkdir -p "$STATE/namespaces" "$STATE"/node/{lib,log,sysctl,bin}
  mount --bind "$STATE/namespaces" "$STATE/namespaces"
  mount --make-private "$STATE/namespaces" # a mount namespace can be pinned on a private mount only
  touch "$STATE/namespaces/mount"
  unshare --mount="$STATE/namespaces/mount" -- true
  in_mounts bash -euo pipefail -c "$(declare -f furnish pretend_sysctl); furnish \"\$@\"" furnish "$STATE" "$PROGRAM_FOLDER" ||
    die "the mount namespace of cluster $NAME cannot be set up (see above)"
  touch "$STATE/namespaces/ready"
}

# furnish STATE PROGRAM_FOLDER, inside the mount namespace: private /run, /var/lib and /var/log, with the state folder and
# the programs still in their places wherever they are.
furnish() {
  local state=$1 programs=$2
  mount --make-rprivate /
  mount --bind "$programs" "$state/node/bin"
  pretend_sysctl "$state" vm/overcommit_memory 1
  pretend_sysctl "$state" vm/panic_on_oom 0
  pretend_sysctl "$state" kernel/panic 10
  pretend_sysctl "$state" kernel/panic_on_oops 1
  pretend_sysctl "$state" kernel/keys/root_maxkeys 1000000
  pretend_sysctl "$state" kernel/keys/root_maxbytes 25000000
  exec 3<"$state" # mount must not resolve this: by then the path leads elsewhere
  mount --no-canonicalize --bind /proc/self/fd/3/node/lib /var/lib
  mount --no-canonicalize --bind /proc/self/fd/3/node/log /var/log
  mount -t tmpfs -o mode=755 tmpfs /run
  if [[ ! -e $state/kind ]]; then
    mkdir -p "$state"
    mount --no-canonicalize --rbind /proc/self/fd/3 "$state"
  fi
  mount --make-rshared /
  mkdir /run/netns /run/lock
  touch /run/netns/node
  unshare --net=/run/netns/node -- true
}

# The kubelet insists on some values of the whole machine's kernel. It shall see them, and change nothing.
pretend_sysctl() {
  local file=$1/node/sysctl/${2//\//.}
  [[ -e /proc/sys/$2 ]] || return 0
  printf '%s\n' "$3" >"$file"
  mount --bind "$file" "/proc/sys/$2"
}

remove_namespaces() {
  rm -f "$STATE/namespaces/ready"
  while mountpoint --quiet "$STATE/namespaces/mount"; do umount "$STATE/namespaces/mount"; done
  while mountpoint --quiet "$STATE/namespaces"; do umount "$STATE/namespaces"; done
}
