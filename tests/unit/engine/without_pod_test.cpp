#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/support/cluster.hpp"

namespace simulation {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Versions = std::vector<std::string>;

/// A Job whose pods something refuses (a quota, an admission rule): there is no pod that could be ended.
class WithoutPod : public ::testing::Test {
protected:
    WithoutPod() {
        cluster_.versions = {"0001"};
        cluster_.ApplyDatabase();
        cluster_.SettleWithProbes();
        cluster_.ApplyMigration("orders", {{"startDeadlineSeconds", 60}});
        cluster_.Settle();
    }

    Json Message() const { return cluster_.migrations.at("orders")["status"]["conditions"][0]["message"]; }
    Json Run() const { return cluster_.database["status"]["runs"][0]; }

    Cluster cluster_;
};

TEST_F(WithoutPod, IsNamedWithinSecondsAndLookedAtAgainAtItsStartDeadline) {
    cluster_.Advance(seconds{25});
    EXPECT_THAT(cluster_.Settle(), ElementsAre("Migration orders NotStarting"));
    EXPECT_THAT(Message(), HasSubstr("has no pod"));
    ASSERT_TRUE(cluster_.look_again);
    EXPECT_EQ(*cluster_.look_again - cluster_.Now(), seconds{35});
}

TEST_F(WithoutPod, IsSuspendedAtItsStartDeadlineAndCostsNoAttempt) {
    cluster_.Advance(seconds{60});
    EXPECT_THAT(cluster_.Settle(), ElementsAre("Job suspended", "Migration orders NotStarting"));
    cluster_.ActOnSuspension(cluster_.LastJob());
    EXPECT_THAT(cluster_.Settle(), ElementsAre("Migration orders NeverStarted with history",
                                               "Database result NeverStarted", "Job deleted"));
    EXPECT_EQ(cluster_.ReadyStatus("orders"), "False");
    EXPECT_THAT(Message(), AllOf(HasSubstr("quota"), HasSubstr("tidegate.io/retry")));
    EXPECT_EQ(Run().value("attempts", 0), 0);
    EXPECT_THAT(cluster_.jobs, SizeIs(1)) << "the probe alone";
    // Nothing by itself, and once more when it is asked for.
    cluster_.Advance(seconds{86400});
    EXPECT_THAT(cluster_.Settle(), IsEmpty());
    cluster_.migrations["orders"]["metadata"]["annotations"]["tidegate.io/retry"] = "1";
    cluster_.Settle();
    EXPECT_THAT(cluster_.created_jobs, SizeIs(2));
}

TEST_F(WithoutPod, APodThatCameInTheLastMomentDecides) {
    cluster_.Advance(seconds{60});
    cluster_.Settle();
    cluster_.EndMigration(cluster_.LastJob(), {.versions = Versions{"0002"}});
    cluster_.Settle();
    EXPECT_EQ(cluster_.Reason("orders"), "MigrationSucceeded");
}

TEST_F(WithoutPod, APodThatFailsWhileItsJobIsSuspendedIsJudgedAlthoughTheJobNeverEnds) {
    cluster_.Advance(seconds{60});
    cluster_.Settle();
    cluster_.EndMigration(cluster_.LastJob(), {.exit_code = 1});
    // Without startTime the Job controller can write neither Failed nor Suspended.
    cluster_.jobs[cluster_.LastJob()]["status"] = {{"failed", 1}};
    cluster_.Settle();
    EXPECT_EQ(cluster_.Reason("orders"), "MigrationFailed");
    EXPECT_EQ(Run().value("attempts", 0), 1);
    EXPECT_THAT(cluster_.jobs, SizeIs(1)) << "it would keep every other run waiting";
}

TEST_F(WithoutPod, WhatTheDatabaseSaysCountsWhereAPodEndedUnseen) {
    cluster_.Advance(seconds{60});
    cluster_.Settle();
    cluster_.ActOnSuspension(cluster_.LastJob());
    cluster_.jobs[cluster_.LastJob()]["status"]["failed"] = 1;
    cluster_.versions = {"0002"};
    cluster_.SettleWithProbes();
    EXPECT_EQ(cluster_.Reason("orders"), "VerifiedAfterFailure");
}

TEST_F(WithoutPod, KeepsNobodyWaitingWhenItsMigrationChanges) {
    cluster_.Advance(seconds{25});
    cluster_.Settle();
    cluster_.ApplyMigration("orders", {{"image", "orders:3"}});
    EXPECT_EQ(cluster_.Settle().front(), "Job suspended");
    cluster_.ActOnSuspension(cluster_.LastJob());
    cluster_.Settle();
    EXPECT_THAT(cluster_.created_jobs, SizeIs(2));
    EXPECT_EQ(cluster_.Reason("orders"), "MigrationRunning");
}

TEST_F(WithoutPod, AJobThatSomebodySuspendedInTheMiddleIsJudgedByTheDatabase) {
    const auto job = cluster_.LastJob();
    cluster_.StartMigration(job);
    cluster_.jobs[job]["spec"]["suspend"] = true;
    cluster_.ActOnSuspension(job);
    EXPECT_THAT(cluster_.Settle(), IsEmpty()) << "its pod still runs";
    cluster_.pods.clear();
    cluster_.jobs[job]["status"]["failed"] = 1;
    cluster_.Advance(seconds{5});
    cluster_.SettleWithProbes();
    EXPECT_EQ(cluster_.Reason("orders"), "EvidenceLost");
    EXPECT_EQ(Run()["attempts"], 1);
    EXPECT_FALSE(cluster_.jobs.contains(job)) << "it would keep others waiting";
    EXPECT_THAT(cluster_.created_jobs, SizeIs(1));
}

}  // namespace
}  // namespace simulation
