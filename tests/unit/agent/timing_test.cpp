#include "agent/timing.hpp"

#include <gtest/gtest.h>

namespace agent {
namespace {

TEST(Timing, KeepsItsRatiosWhenItIsHurried) {
    const Timing real;
    const Timing hurried = real.DividedBy(10);
    EXPECT_EQ(hurried.fence.quiet * 10, real.fence.quiet);
    EXPECT_EQ(hurried.fence.settle * 10, real.fence.settle);
    EXPECT_EQ(hurried.fence.young_server * 10, real.fence.young_server);
    EXPECT_EQ(hurried.fence.poll * 10, real.fence.poll);
    EXPECT_EQ(hurried.patience.transient * 10, real.patience.transient);
    EXPECT_EQ(hurried.patience.other * 10, real.patience.other);
    EXPECT_EQ(hurried.patience.first_pause * 10, real.patience.first_pause);
    EXPECT_EQ(hurried.patience.longest_pause * 10, real.patience.longest_pause);
    EXPECT_EQ(hurried.last_reading * 10, real.last_reading);
    EXPECT_EQ(hurried.stop_margin * 10, real.stop_margin);
    EXPECT_EQ(hurried.lock_look, real.lock_look) << "no part of what the fence promises";
}

TEST(Timing, LetsAnIncumbentBeBackWithinTheQuietTime) {
    // Connecting may take Connection::kConnectTimeout, twice (the second connection looks for poolers).
    const Timing timing;
    EXPECT_GT(timing.fence.quiet, std::chrono::seconds{2 * 5} + timing.patience.longest_pause);
}

}  // namespace
}  // namespace agent
