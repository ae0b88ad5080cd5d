# shellcheck shell=bash
# What every script of deploy/local needs: messages, waiting, locks, where things are cached.

# The folder deploy/local itself.
LOCAL=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export LOCAL

# Everything that is expensive to make and safe to keep, outside the tree.
CACHE=${TIDEGATE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/tidegate}
export CACHE

say() { printf '%s\n' "$*" >&2; }

# die MESSAGE...: what happened, to which object, and what to do next.
die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# Milliseconds since some fixed moment; for durations only.
now_ms() {
  local now=${EPOCHREALTIME/[.,]/}
  printf '%s' "$((now / 1000))"
}

# seconds_since START_MS: as a text with one digit, "4.1".
seconds_since() {
  local ms=$(($(now_ms) - $1))
  printf '%d.%d' $((ms / 1000)) $((ms % 1000 / 100))
}

# wait_for SECONDS COMMAND...: polls until the command succeeds; fails when the time is over.
wait_for() {
  local end=$(($(now_ms) + $1 * 1000))
  shift
  until "$@"; do
    (($(now_ms) < end)) || return 1
    sleep 0.05
  done
}

require_root() {
  [[ $(id -u) == 0 ]] || die "needs root (namespaces, mounts, cgroups): run it with sudo"
}

# remove_state FOLDER: what says whose it is (the file "kind") goes last, so that it can be removed again when this is
# killed half-way.
remove_state() {
  find "$1" -mindepth 1 -maxdepth 1 ! -name kind -exec rm -rf --one-file-system {} +
  rm -rf --one-file-system "$1"
}

# lock_folder FOLDER DESCRIPTOR: makes the folder and holds a lock on it for as long as this shell holds the descriptor.
# The lock is on the folder itself, so that nothing is left when the folder goes; whoever waited for a folder that was
# removed meanwhile has locked a ghost and tries again.
lock_folder() {
  local folder=$1 descriptor=$2
  while true; do
    mkdir -p "$folder"
    eval "exec $descriptor<\"\$folder\"" 2>/dev/null || continue
    if ! flock --nonblock "$descriptor"; then
      say "waiting for another command that works on $folder"
      flock "$descriptor"
    fi
    [[ $(stat --format=%i "$folder" 2>/dev/null) == "$(stat --dereference --format=%i "/proc/$$/fd/$descriptor")" ]] && return
    eval "exec $descriptor<&-"
  done
}
