# shellcheck shell=bash
# What a machine has of the kinds of things a cluster could leave behind, as sorted lines, to be compared before and
# after. Things of other local clusters are left out: their owners may start and end them meanwhile.

# inventory: of the machine, and above all of the clusters in question: CLUSTERS, their state folders.
inventory() {
  {
    inventory_mounts
    inventory_links
    inventory_folders
    inventory_kernel
  } | grep --invert-match --extended-regexp 'tg[0-9a-f]{8}-[hn]|/tidegate-local(/|$)|cgroup tidegate-' | sort || true
  inventory_ours
}

# Only where a cluster could mount anything: other users of the machine mount elsewhere meanwhile.
inventory_mounts() {
  awk '$2 ~ "^/(run|var/lib|var/log|opt|sys|proc)(/|$)" { print "mount", $2, $3 }' /proc/self/mounts
}

inventory_links() {
  ip -oneline link show | awk -F': ' '{ print "link", $2 }'
  ip -4 route show | sed 's/^/route /'
  ip netns list | sed 's/^/network namespace /'
}

# The places that kubelet, containerd, runc and the CNI plugins write to by default. Not /var/lib/containers: there, and
# nowhere else, buildah notes which layers it has seen, as apt does with its lists.
inventory_folders() {
  local folder
  for folder in /run /run/netns /run/containerd /run/runc /var/lib /var/lib/cni /var/lib/kubelet /var/lib/containerd /var/log /opt /etc/cni /usr/libexec; do
    [[ ! -d $folder ]] || find "$folder" -mindepth 1 -maxdepth 1 ! -path /var/lib/containers -printf "file %p\n"
  done
  find /sys/fs/cgroup -maxdepth 2 -mindepth 1 -type d -printf 'cgroup %f\n' | sort --unique
}

# Settings of the whole machine that a kubelet or kube-proxy would change.
inventory_kernel() {
  local name
  for name in vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops kernel.keys.root_maxkeys kernel.keys.root_maxbytes net.ipv4.ip_forward; do
    printf 'sysctl %s %s\n' "$name" "$(sysctl --values "$name" 2>/dev/null)"
  done
  nft list tables 2>/dev/null | sed 's/^/nft /'
}

# What carries the names of the clusters in question, wherever it is.
inventory_ours() {
  local cluster
  for cluster in "${CLUSTERS[@]}"; do
    (
      # shellcheck disable=SC2034
      STATES=${cluster%/*}
      derive_names "${cluster##*/}"
      ip -oneline link show | grep --fixed-strings "tg$ID" || true
      find /sys/fs/cgroup -maxdepth 2 -name "$CGROUP" || true
      [[ ! -e $STATE ]] || printf '%s\n' "$STATE"
      inventory_processes "$STATE"
    )
  done
}

# Whoever has the folder in its arguments or mounts, in this mount namespace or any other. (Not whoever sees only the
# root of a disk below which the folder is: hence the slash.)
inventory_processes() {
  local process
  for process in /proc/[0-9]*; do
    if grep --quiet --fixed-strings --text "$1/" "$process/cmdline" "$process/mountinfo" 2>/dev/null; then
      printf 'process %s %s\n' "${process#/proc/}" "$(tr '\0' ' ' <"$process/cmdline" 2>/dev/null | cut -c1-120)"
    fi
  done
}
