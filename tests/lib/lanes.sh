# shellcheck shell=bash
# Commands that run beside each other. Needs ROOT, results, and count of results.sh.

declare -A lanes=()

# lane NAME COMMAND...: in the background, in a process group of its own, which ends with this script.
lane() {
  local name=$1
  shift
  set -o monitor
  "$@" </dev/null &
  lanes[$name]=$!
  set +o monitor
}

# beside NAME COMMAND...: the same; what it prints is shown when it is finished, except its progress.
beside() {
  local log=$results/lane-$1.log is_shown_later=true
  printf '%s: beside the next, shown at its end (%s)\n' "$1" "${log#"$ROOT"/}"
  exec {progress_output}>&1
  lane "$@" >"$log" 2>&1
}

# progress TEXT: at once, from a lane that is shown at its end.
progress() {
  ${is_shown_later:-false} || return 0
  printf '(%s)\n' "$1" >&"$progress_output"
}

# finish LANE: nothing, if it was never begun.
finish() {
  local lane=$1 status=0
  [[ -n ${lanes[$lane]:-} ]] || return 0
  wait "${lanes[$lane]}" || status=$?
  unset "lanes[$lane]"
  [[ ! -e $results/lane-$lane.log ]] || cat "$results/lane-$lane.log"
  ((status == 0)) || {
    count 0 1
    printf '%s: ended early (exit code %d)\n' "$lane" "$status"
  }
}

# unfinished_lanes: what those that still run have printed; each has failed.
unfinished_lanes() {
  local lane
  for lane in "${!lanes[@]}"; do
    [[ $lane != time ]] || continue
    [[ ! -e $results/lane-$lane.log ]] || cat "$results/lane-$lane.log"
    count 0 1
    printf '%s: has not ended\n' "$lane"
  done
}

# shellcheck disable=SC2317 # a trap
end_lanes() {
  local lane
  for lane in "${!lanes[@]}"; do
    kill -- "-${lanes[$lane]}" 2>/dev/null || true
    wait "${lanes[$lane]}" 2>/dev/null || true
  done
}
