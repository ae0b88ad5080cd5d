# shellcheck shell=bash
# The cluster's own cgroup: every process of the node, every shim and every pod is in it, so that all of them can be
# ended without knowing any of them.
#   CGROUP/node            the programs started here, and containerd's shims
#   CGROUP/kubepods/...    pods (the kubelet's cgroupRoot is CGROUP)

# The mount point of every cgroup v1 hierarchy, or of the single one of v2.
cgroup_hierarchies() {
  local v1
  v1=$(awk '$3 == "cgroup" { print $2 }' /proc/self/mounts | sort --unique)
  if [[ -n $v1 ]]; then printf '%s\n' "$v1"; else printf '/sys/fs/cgroup\n'; fi
}

# The hierarchy in which processes are found and ended. In v1 it is pids: runc puts containers there too.
cgroup_main() {
  local hierarchies
  hierarchies=$(cgroup_hierarchies)
  grep -E '/pids$' <<<"$hierarchies" || head -n 1 <<<"$hierarchies"
}

make_cgroups() {
  local hierarchy
  while read -r hierarchy; do
    mkdir -p "$hierarchy/$CGROUP"
    if [[ -e $hierarchy/cgroup.controllers ]]; then # v2: controllers have to be handed down
      delegate_controllers "$hierarchy"
      delegate_controllers "$hierarchy/$CGROUP"
    elif [[ -e $hierarchy/cpuset.cpus ]]; then # a new cpuset is empty and accepts no process
      cat "$hierarchy/cpuset.cpus" >"$hierarchy/$CGROUP/cpuset.cpus"
      cat "$hierarchy/cpuset.mems" >"$hierarchy/$CGROUP/cpuset.mems"
    fi
  done < <(cgroup_hierarchies)
  PROCESS_CGROUPS=("$(cgroup_main)/$CGROUP/node")
  mkdir -p "${PROCESS_CGROUPS[0]}"
}

delegate_controllers() {
  local controller
  for controller in $(<"$1/cgroup.controllers"); do
    echo "+$controller" 2>/dev/null >"$1/cgroup.subtree_control" || true
  done
}

cgroup_pids() {
  local main
  main=$(cgroup_main)/$CGROUP
  [[ ! -d $main ]] || find "$main" -name cgroup.procs -exec cat {} + 2>/dev/null || true
}

# One round: whoever was forked while it ran is met by the next.
cgroup_kill_round() {
  local pids
  pids=$(cgroup_pids)
  [[ -n $pids ]] || return 0
  # shellcheck disable=SC2086
  kill -KILL $pids 2>/dev/null
  return 1
}

kill_cgroup() {
  wait_for 30 cgroup_kill_round ||
    die "these processes of cluster $NAME do not end: $(cgroup_pids | paste -sd' '); see their state in /proc/PID/status"
}

# Of all hierarchies: beside those of v1 runc uses a v2 one too, where there is one. A process that an "up" had just
# started when it was killed may join as long as the folder is there.
remove_cgroup_folders() {
  local hierarchy left=0
  cgroup_kill_round || return 1
  while read -r hierarchy; do
    [[ -d $hierarchy/$CGROUP ]] || continue
    find "$hierarchy/$CGROUP" -depth -type d -exec rmdir {} + 2>/dev/null || left=1
  done < <(awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/self/mounts)
  return "$left"
}

remove_cgroups() {
  wait_for 10 remove_cgroup_folders || die "the cgroup $CGROUP of cluster $NAME cannot be removed: is a process in it?"
}
