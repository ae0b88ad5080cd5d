#include "engine/retry.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "api/reasons.hpp"
#include "core/hash.hpp"
#include "engine/repair.hpp"

namespace engine {
namespace {

using std::chrono::seconds;

/// Doubling is cut where it has long passed every maxBackoffSeconds: 2^20 seconds are twelve days.
constexpr int kMostDoublings = 20;
/// Of tokens that nobody carries any more: a Migration may come back from an older state in Git.
constexpr std::size_t kKeptRetryTokens = 8;
/// What the CRD lets a record hold.
constexpr std::size_t kMostRetryTokens = 120;

bool NothingHappened(const Evidence& evidence) {
    if (evidence.pod == nullptr || !evidence.pod->report || !evidence.pod->report->before || !evidence.after)
        return false;
    const auto& before = *evidence.pod->report->before;
    return before.versions == evidence.after->versions && before.initialised == evidence.after->initialised;
}

bool IsListed(const api::Attempts& attempts, const observed::PodFacts& pod) {
    const auto& codes = attempts.retry_exit_codes;
    return pod.migration.exit_code && std::find(codes.begin(), codes.end(), *pod.migration.exit_code) != codes.end();
}

bool IsRetriable(const Evidence& evidence, const EndedRun& end) {
    // What one of several pods says does not speak for the others, which may be gone.
    if (evidence.pod == nullptr || evidence.had_several_pods) return false;
    if (evidence.is_readable && (!evidence.after || evidence.after->dirty || IsStuck(*evidence.after))) return false;
    if (end.reason == api::reasons::kDisrupted) return NothingHappened(evidence);
    if (end.reason == api::reasons::kDeadlineExceeded) return false;
    if (evidence.pod->migration.exit_code.value_or(0) == 0) return false;
    return IsListed(evidence.migration->spec.attempts, *evidence.pod) || WasCancelledForALock(*evidence.pod) ||
           SaysLockFailure(evidence.pod->log_tail);
}

bool Contains(const std::vector<std::string>& texts, const std::string& text) {
    return std::find(texts.begin(), texts.end(), text) != texts.end();
}

}  // namespace

bool WasCancelledForALock(const observed::PodFacts& pod) {
    return pod.report && pod.report->locks && pod.report->locks->cancels > 0;
}

bool SaysLockFailure(std::string_view output) {
    for (const std::string_view words :
         {"55P03", "40P01", "40001", "canceling statement due to lock timeout", "could not obtain lock on",
          "deadlock detected", "could not serialize access"}) {
        if (output.find(words) != std::string_view::npos) return true;
    }
    return false;
}

seconds Backoff(const api::Attempts& attempts, std::string_view key, int attempt) {
    const int doublings = std::clamp(attempt - 1, 0, kMostDoublings);
    const auto pause = std::min(attempts.backoff * (1 << doublings), attempts.max_backoff);
    const auto hash = core::HashText(core::JoinForHash({key, std::to_string(attempt)}), 1);
    // One character of base32: 0 to 31 thirty-seconds of a fifth.
    constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
    const auto share = static_cast<std::int64_t>(kAlphabet.find(hash.front()));
    return pause + pause * share / (5 * static_cast<std::int64_t>(kAlphabet.size()));
}

std::optional<core::Time> RetryTime(const Evidence& evidence, const EndedRun& end, int attempts, core::Time now) {
    if (end.outcome != api::RunOutcome::Failed || evidence.migration == nullptr) return std::nullopt;
    const auto& allowed = evidence.migration->spec.attempts;
    if (attempts >= allowed.max || !IsRetriable(evidence, end)) return std::nullopt;
    return now + Backoff(allowed, evidence.run.key, attempts);
}

bool RetryIsAsked(const api::Migration& migration, const api::RunRecord& run) {
    return !migration.retry_token.empty() && !Contains(run.retry_tokens, migration.retry_token);
}

std::vector<std::string> TokensUsedUp(const World& world, std::string_view key, std::vector<std::string> before) {
    std::vector<std::string> carried;
    for (const auto& migration : world.migrations) {
        const auto& token = migration->retry_token;
        if (migration->run_key == key && !token.empty() && !Contains(carried, token)) carried.push_back(token);
    }
    std::erase_if(before, [&](const auto& token) { return Contains(carried, token); });
    if (before.size() > kKeptRetryTokens) before.resize(kKeptRetryTokens);
    carried.insert(carried.end(), std::make_move_iterator(before.begin()), std::make_move_iterator(before.end()));
    if (carried.size() > kMostRetryTokens) carried.resize(kMostRetryTokens);
    return carried;
}

}  // namespace engine
