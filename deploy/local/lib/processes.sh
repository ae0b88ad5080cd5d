# shellcheck shell=bash
# Long-running processes: each is known by a pid and its start time, which together no other process ever has.

# What a started process runs under (nsenter ...) and the cgroups it joins first; a cluster fills them.
PROCESS_ENTER=()
PROCESS_CGROUPS=()

# process_start NAME COMMAND...: output goes to log/NAME.log. The process writes its own pid file before it becomes the
# command, so there is no moment in which it runs unknown, whoever is killed.
process_start() {
  local name=$1
  shift
  mkdir -p "$STATE/run" "$STATE/log"
  rm -f "$STATE/run/$name.pid"
  # shellcheck disable=SC2016
  setsid bash -c '
    pid_file=$1 cgroups=$2
    shift 2
    for descriptor in /proc/$$/fd/*; do # above all the locks of the caller
      descriptor=${descriptor##*/}
      ((descriptor <= 2)) || eval "exec $descriptor>&-"
    done
    for cgroup in $cgroups; do echo $$ >"$cgroup/cgroup.procs" || exit 1; done
    stat=$(<"/proc/$$/stat")
    fields=(${stat##*) })
    printf "%s %s\n" $$ "${fields[19]}" >"$pid_file.new" && mv "$pid_file.new" "$pid_file" && exec "$@"
  ' process_start "$STATE/run/$name.pid" "${PROCESS_CGROUPS[*]}" "${PROCESS_ENTER[@]}" "$@" \
    </dev/null >>"$STATE/log/$name.log" 2>&1 &
  disown
  wait_for 10 test -s "$STATE/run/$name.pid" || die "$name did not start: see $STATE/log/$name.log"
}

# process_pid NAME: prints the pid, or fails when that very process is gone.
process_pid() {
  local pid start stat fields
  read -r pid start 2>/dev/null <"$STATE/run/$1.pid" || return 1
  stat=$(cat "/proc/$pid/stat" 2>/dev/null) || return 1
  read -ra fields <<<"${stat##*) }"
  [[ ${fields[19]} == "$start" && ${fields[0]} != [ZX] ]] || return 1
  printf '%s' "$pid"
}

process_alive() { process_pid "$1" >/dev/null; }
process_dead() { ! process_alive "$1"; }

# process_ensure NAME COMMAND...: starts it unless it runs.
process_ensure() {
  process_alive "$1" || process_start "$@"
}

# process_ready SECONDS NAME CHECK...: waits for the check; says why when the process ended or the time is over.
process_ready() {
  local seconds=$1 name=$2
  shift 2
  # shellcheck disable=SC2317
  ready_or_dead() { "$@" || process_dead "$name"; }
  wait_for "$seconds" ready_or_dead "$@" && process_alive "$name" && return
  say "the last lines of $STATE/log/$name.log:"
  tail -n 5 "$STATE/log/$name.log" >&2
  return 1
}

# processes_kill NAME...: ends them at once (their state is thrown away too) and waits until they are gone.
processes_kill() {
  local name pid
  for name in "$@"; do
    pid=$(process_pid "$name") && kill -KILL "$pid" 2>/dev/null
  done
  for name in "$@"; do
    wait_for 10 process_dead "$name" || die "process $(process_pid "$name") ($name) does not end"
    rm -f "$STATE/run/$name.pid"
  done
}
