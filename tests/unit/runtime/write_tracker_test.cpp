#include "runtime/write_tracker.hpp"

#include <gtest/gtest.h>

namespace runtime {
namespace {

const core::ObjectKey kWork{"shop", "orders"};
const core::ObjectKey kJob{"shop", "orders-1"};

class WriteTrackerTest : public testing::Test {
protected:
    WriteTrackerTest() {
        tracker_.Track(kube::kJobs,
                       [this](std::string_view ns) { return ns == "shop" ? jobs_seen_ : core::Revision{}; });
        tracker_.Track(kube::kDatabases, [this](std::string_view) { return databases_seen_; });
    }

    core::Revision jobs_seen_;
    core::Revision databases_seen_;
    WriteTracker tracker_;
};

TEST_F(WriteTrackerTest, WaitsUntilTheStoreHasSeenTheLastWrite) {
    EXPECT_TRUE(tracker_.MayDecide(kWork));
    tracker_.Wrote(kWork, kube::kJobs, kJob, {5});
    tracker_.Wrote(kWork, kube::kJobs, kJob, {3});
    jobs_seen_ = {4};
    EXPECT_FALSE(tracker_.MayDecide(kWork));
    jobs_seen_ = {5};
    EXPECT_TRUE(tracker_.MayDecide(kWork));
    EXPECT_EQ(tracker_.Waiting(), 0U);
}

TEST_F(WriteTrackerTest, WaitsForEachResourceOnItsOwn) {
    tracker_.Wrote(kWork, kube::kJobs, kJob, {5});
    tracker_.Wrote(kWork, kube::kDatabases, kWork, {6});
    jobs_seen_ = {9};
    EXPECT_FALSE(tracker_.MayDecide(kWork));
    databases_seen_ = {6};
    EXPECT_TRUE(tracker_.MayDecide(kWork));
}

TEST_F(WriteTrackerTest, OneWorkDoesNotHoldUpAnother) {
    tracker_.Wrote(kWork, kube::kJobs, kJob, {5});
    EXPECT_TRUE(tracker_.MayDecide({"shop", "users"}));
    EXPECT_FALSE(tracker_.MayDecide(kWork));
}

TEST_F(WriteTrackerTest, DoubtLastsUntilTheObjectWasReadLive) {
    tracker_.Doubt(kWork, kube::kJobs, kJob);
    jobs_seen_ = {100};
    EXPECT_FALSE(tracker_.MayDecide(kWork));
    const auto doubts = tracker_.Doubts(kWork);
    ASSERT_EQ(doubts.size(), 1U);
    EXPECT_EQ(doubts[0].object, kJob);
    EXPECT_EQ(doubts[0].resource, kube::kJobs);
    tracker_.Resolve(kWork, kube::kJobs, kJob, {101});
    EXPECT_TRUE(tracker_.Doubts(kWork).empty());
    EXPECT_FALSE(tracker_.MayDecide(kWork)) << "it did happen: the store has to see it";
    jobs_seen_ = {101};
    EXPECT_TRUE(tracker_.MayDecide(kWork));
}

TEST_F(WriteTrackerTest, AnObjectThatIsNotThereIsNotWaitedFor) {
    tracker_.Doubt(kWork, kube::kJobs, kJob);
    tracker_.Resolve(kWork, kube::kJobs, kJob, {});
    EXPECT_TRUE(tracker_.MayDecide(kWork));
}

TEST_F(WriteTrackerTest, ResourcesWithoutAStoreAreNotWaitedFor) {
    tracker_.Wrote(kWork, kube::kPods, kJob, {5});
    EXPECT_TRUE(tracker_.MayDecide(kWork));
}

}  // namespace
}  // namespace runtime
