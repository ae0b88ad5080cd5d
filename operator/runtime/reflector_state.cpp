#include <algorithm>

#include "runtime/reflector.hpp"

namespace runtime {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kShortestPause{800};
constexpr milliseconds kLongestPause{30000};

milliseconds PauseAfter(unsigned failures) {
    constexpr unsigned kDoublingsToLongest = 6;
    if (failures == 0) return milliseconds{0};
    return std::min(kShortestPause * (1U << std::min(failures - 1, kDoublingsToLongest)), kLongestPause);
}

Move Fail(const ReflectorState& state, decltype(ReflectorState::phase) phase, milliseconds at_least = {}) {
    const auto failures = state.failures + 1;
    return {{std::move(phase), failures}, std::max(PauseAfter(failures), at_least)};
}

/// The first expiry is everyday (a long disconnect, a compaction): list at once. One that repeats is not.
Move ListAgain(const ReflectorState& state) {
    return {{MustList{}, state.failures + 1}, PauseAfter(state.failures)};
}

Move Read(const ReflectorState& state, const PageRead& page) {
    if (!page.next.empty()) return {{Listing{page.next}, state.failures}};
    // A list is no sign yet that watches work: a server whose watches end at once would be listed without a pause.
    return {{Watching{page.at}, state.failures}};
}

Move Resume(const ReflectorState& state, const Applied& applied) {
    const auto* const watching = std::get_if<Watching>(&state.phase);
    if (watching == nullptr) return {state};
    return {{Watching{std::max(watching->at, applied.at)}, 0}};
}

Move End(const ReflectorState& state, const StreamEnded& end) {
    switch (end.how) {
        case kube::WatchEnd::kStopped:
            return {state};
        case kube::WatchEnd::kExpired:
            return ListAgain(state);
        case kube::WatchEnd::kClosed:
            break;
    }
    if (end.short_and_empty) return Fail(state, MustList{});
    return {{state.phase, 0}};
}

Move Recover(const ReflectorState& state, const CallFailed& failure) {
    if (failure.expired) return ListAgain(state);
    return Fail(state, state.phase, failure.retry_after);
}

}  // namespace

Move Advance(const ReflectorState& state, const ReflectorInput& input) {
    if (const auto* const page = std::get_if<PageRead>(&input)) return Read(state, *page);
    if (const auto* const applied = std::get_if<Applied>(&input)) return Resume(state, *applied);
    if (const auto* const end = std::get_if<StreamEnded>(&input)) return End(state, *end);
    return Recover(state, std::get<CallFailed>(input));
}

}  // namespace runtime
