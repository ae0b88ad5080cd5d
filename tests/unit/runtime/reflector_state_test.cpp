#include <gtest/gtest.h>

#include "runtime/reflector.hpp"

namespace runtime {
namespace {

using std::chrono::milliseconds;

constexpr StreamEnded kClosed{kube::WatchEnd::kClosed, false};
constexpr StreamEnded kShort{kube::WatchEnd::kClosed, true};
constexpr StreamEnded kExpired{kube::WatchEnd::kExpired, false};

ReflectorState At(std::uint64_t revision, unsigned failures = 0) {
    return {Watching{{revision}}, failures};
}

TEST(Advance, ReadsPagesThenWatchesFromTheListsRevision) {
    auto move = Advance({}, PageRead{"token", {7}});
    EXPECT_EQ(move.to, (ReflectorState{Listing{"token"}, 0}));
    move = Advance(move.to, PageRead{"", {7}});
    EXPECT_EQ(move.to, At(7));
    EXPECT_EQ(move.pause, milliseconds{0});
}

TEST(Advance, MovesOnWithEachEventAndNeverBack) {
    EXPECT_EQ(Advance(At(7), Applied{{9}}).to, At(9));
    EXPECT_EQ(Advance(At(7), Applied{{5}}).to, At(7));
}

TEST(Advance, ResumesAClosedWatchWithoutPauseOrList) {
    const auto move = Advance(At(7), kClosed);
    EXPECT_EQ(move.to, At(7));
    EXPECT_EQ(move.pause, milliseconds{0});
}

TEST(Advance, ResumesABrokenWatchAfterAPause) {
    const auto move = Advance(At(7), CallFailed{});
    EXPECT_EQ(move.to, At(7, 1));
    EXPECT_EQ(move.pause, milliseconds{800});
}

TEST(Advance, ListsAtOnceAfterAnExpiryAndPausesWhenItRepeats) {
    auto move = Advance(At(7), kExpired);
    EXPECT_EQ(move.to, (ReflectorState{MustList{}, 1}));
    EXPECT_EQ(move.pause, milliseconds{0});
    move = Advance(move.to, PageRead{"", {8}});
    move = Advance(move.to, kExpired);
    EXPECT_EQ(move.to, (ReflectorState{MustList{}, 2}));
    EXPECT_EQ(move.pause, milliseconds{800});
}

TEST(Advance, AnExpiredContinueTokenBeginsTheListAgain) {
    EXPECT_EQ(Advance({Listing{"old"}, 0}, CallFailed{true, {}}).to, (ReflectorState{MustList{}, 1}));
}

TEST(Advance, AFailedPageIsReadAgain) {
    const auto move = Advance({Listing{"token"}, 0}, CallFailed{});
    EXPECT_EQ(move.to, (ReflectorState{Listing{"token"}, 1}));
    EXPECT_EQ(move.pause, milliseconds{800});
}

TEST(Advance, AWatchThatEndsShortAndEmptyListsAgainEverMoreSlowly) {
    ReflectorState state = At(7);
    milliseconds expected{800};
    for (int i = 0; i < 5; ++i) {
        const auto move = Advance(state, kShort);
        EXPECT_TRUE(std::holds_alternative<MustList>(move.to.phase));
        EXPECT_EQ(move.pause, expected);
        expected *= 2;
        // The list succeeds each time: it must not end the backoff.
        state = Advance(move.to, PageRead{"", {7}}).to;
    }
}

TEST(Advance, PausesAreBoundedAndEndWithAHealthyWatch) {
    ReflectorState state = At(7);
    Move move;
    for (int i = 0; i < 100; ++i) {
        move = Advance(state, CallFailed{});
        state = move.to;
    }
    EXPECT_EQ(move.pause, milliseconds{30000});
    EXPECT_EQ(Advance(state, Applied{{8}}).to.failures, 0U);
    EXPECT_EQ(Advance(state, kClosed).to.failures, 0U);
}

TEST(Advance, WaitsAsLongAsTheServerAsks) {
    EXPECT_EQ(Advance(At(7), CallFailed{false, milliseconds{5000}}).pause, milliseconds{5000});
}

}  // namespace
}  // namespace runtime
