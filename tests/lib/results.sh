# shellcheck shell=bash
# Runs tests and counts what they say of themselves, in $results/counts: whoever runs beside others counts, too.
# Needs ROOT, preset, results, and progress of lanes.sh.

# count PASSED FAILED
count() {
  printf '%d %d\n' "$1" "$2" >>"$results/counts"
}

# shown LOG COMMAND...: its output goes there, and is shown as it comes. No pipe: a process that a failed case has left behind keeps it open,
# and its reader waits for ever.
shown() {
  local log=$1
  shift
  : >"$log"
  "$@" >"$log" 2>&1 &
  tail --follow --lines=+1 --pid="$!" "$log"
  wait "$!"
}

# ended TIER SECONDS
ended() {
  printf '%s: %d s\n' "$1" "$2"
  progress "$1: $2 s"
}

# google_tests TIER EXECUTABLE SHARDS FILTER...: for each filter so many processes that share its cases, all at once; failures are shown
# as they come.
google_tests() {
  local tier=$1 executable=$ROOT/build/$preset/tests/$2 shards=$3 start=$SECONDS filter shard number=0 status processes=()
  shift 3
  printf '\n=== %s tier (%s) ===\n' "$tier" "$preset"
  for filter in "$@"; do
    for ((shard = 0; shard < shards; shard++)); do
      rm -f "$results/$tier-$number.json"
      shown "$results/$tier-$number.log" env "GTEST_FILTER=$filter" "GTEST_TOTAL_SHARDS=$shards" "GTEST_SHARD_INDEX=$shard" \
        "$executable" --gtest_brief=1 --gtest_output="json:$results/$tier-$number.json" &
      processes+=("$!")
      number=$((number + 1))
    done
  done
  for number in "${!processes[@]}"; do
    status=0
    wait "${processes[number]}" || status=$?
    count_google_tests "$tier" "$results/$tier-$number.json" "$status"
  done
  ended "$tier tier" $((SECONDS - start))
}

# count_google_tests TIER REPORT STATUS
count_google_tests() {
  local tier=$1 report=$2 status=$3 tests failures
  if [[ ! -s $report ]]; then
    # It died before it could report, for example by a sanitizer.
    count 0 1
    printf '%s tier: ended without a report (exit code %d)\n' "$tier" "$status"
    return
  fi
  tests=$(jq '[.testsuites[].testsuite[] | select(.status == "RUN" and .result == "COMPLETED")] | length' "$report")
  failures=$(jq '[.testsuites[].testsuite[] | select(.failures)] | length' "$report")
  # A non-zero end without a failed case is a failure too: a leak, a race, a crash at exit. So is an empty run.
  ((status == 0 || failures > 0)) || failures=1
  ((tests > 0)) || failures=1
  count $((tests - failures)) "$failures"
  printf '%s tier: %d cases, %d failed\n' "$tier" "$tests" "$failures"
}

# script_tests TIER COMMAND...: something that ends with "N passed, N failed".
script_tests() {
  local tier=$1 start=$SECONDS status=0
  shift
  printf '\n=== %s ===\n' "$tier"
  shown "$(log_of "$tier")" "$@" || status=$?
  count_script_tests "$tier" "$status"
  ended "$tier" $((SECONDS - start))
}

log_of() { printf '%s' "$results/${1//[^a-z]/-}.log"; }

# count_script_tests TIER STATUS
count_script_tests() {
  local tier=$1 status=$2 last log
  log=$(log_of "$tier")
  last=$(grep -oE '[0-9]+ passed, [0-9]+ failed' "$log" | tail -1) || true
  if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    local failures=${BASH_REMATCH[2]}
    ((status == 0 || failures > 0)) || failures=1
    count "${BASH_REMATCH[1]}" "$failures"
  else
    count 0 1
    printf '%s: ended without a count (exit code %d)\n' "$tier" "$status"
  fi
}

# What the suites with faults say of themselves: SUITE name: counts; violations: N
print_suites() {
  local suites
  suites=$(grep --no-filename --only-matching 'SUITE .*' "$results"/*.log 2>/dev/null | sort --unique) || return 0
  printf '\n%s\n' "$suites"
}
