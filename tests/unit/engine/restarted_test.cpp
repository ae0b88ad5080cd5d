#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/support/cluster.hpp"

namespace simulation {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Versions = std::vector<std::string>;

/// What the operator remembers is gone between the intent and the Job: whether the Job was there cannot be told.
class Restarted : public ::testing::Test {
protected:
    Restarted() {
        cluster_.versions = {"0001"};
        cluster_.ApplyDatabase();
        cluster_.SettleWithProbes();
        cluster_.Advance(seconds{5});
    }

    void WriteIntent(const Json& spec = Json::object()) {
        cluster_.ApplyMigration("orders", spec);
        ASSERT_THAT(cluster_.SettleAtMost(1), ElementsAre("Database intent"));
    }

    Cluster cluster_;
};

TEST_F(Restarted, AsksTheDatabaseBeforeItCreatesTheJob) {
    WriteIntent();
    cluster_.Restart();
    EXPECT_THAT(cluster_.Settle(), ElementsAre("Migration orders Verifying"));
    ASSERT_TRUE(cluster_.look_again);
    EXPECT_EQ(*cluster_.look_again - cluster_.Now(), seconds{1});
    cluster_.Advance(seconds{1});
    EXPECT_THAT(cluster_.Settle(), ElementsAre("Database probe begun", "probe Job", "Job deleted"));
    EXPECT_THAT(cluster_.created_jobs, IsEmpty());
    ASSERT_TRUE(cluster_.EndProbe());
    EXPECT_THAT(cluster_.Settle(),
                ElementsAre("Database probe ended", "Database intent", "Job", "Migration orders MigrationRunning"));
    cluster_.EndMigration(cluster_.LastJob(), {.versions = Versions{"0002"}});
    cluster_.Settle();
    EXPECT_EQ(cluster_.Reason("orders"), "MigrationSucceeded");
    EXPECT_THAT(cluster_.created_jobs, SizeIs(1));
    EXPECT_THAT(cluster_.database["status"]["runs"], SizeIs(1));
}

TEST_F(Restarted, DoesNotRunAgainWhatRanAndVanishedUnseen) {
    WriteIntent();
    ASSERT_THAT(cluster_.SettleAtMost(1), ElementsAre("Job"));
    cluster_.EndMigration(cluster_.LastJob(), {.versions = Versions{"0002"}});
    cluster_.DeleteJobAndPods(cluster_.LastJob());
    cluster_.Restart();
    cluster_.Advance(seconds{1});
    cluster_.SettleWithProbes();
    EXPECT_EQ(cluster_.Reason("orders"), "AlreadyReached");
    EXPECT_EQ(cluster_.ReadyStatus("orders"), "True");
    EXPECT_THAT(cluster_.created_jobs, SizeIs(1));
}

TEST_F(Restarted, BelievesThePodOfAJobThatVanishedUnseen) {
    WriteIntent();
    ASSERT_THAT(cluster_.SettleAtMost(1), ElementsAre("Job"));
    cluster_.EndMigration(cluster_.LastJob(), {.exit_code = 1});
    cluster_.jobs.erase(cluster_.LastJob());
    cluster_.Restart();
    cluster_.SettleWithProbes();
    EXPECT_EQ(cluster_.Reason("orders"), "MigrationFailed");
    EXPECT_THAT(cluster_.created_jobs, SizeIs(1));
}

TEST_F(Restarted, WhatWasJudgedAndNotYetRecordedIsNotRunAgain) {
    cluster_.ApplyMigration("orders");
    cluster_.Settle();
    cluster_.ApplyMigration("orders", {{"image", "orders:other"}, {"suspend", true}});
    cluster_.Settle();
    cluster_.EndMigration(cluster_.LastJob(), {.exit_code = 1});
    // The result is shown on the Migration; then the operator dies, and its evidence is deleted.
    ASSERT_THAT(cluster_.SettleAtMost(1), SizeIs(1));
    ASSERT_THAT(cluster_.History("orders"), SizeIs(1));
    ASSERT_EQ(cluster_.database["status"]["runs"][0]["outcome"], "Active");
    cluster_.DeleteJobAndPods(cluster_.LastJob());
    cluster_.Restart();
    cluster_.ApplyMigration("orders", {{"image", "orders:2"}, {"suspend", false}});
    cluster_.Advance(seconds{61});
    cluster_.SettleWithProbes();
    EXPECT_THAT(cluster_.created_jobs, SizeIs(1));
    EXPECT_EQ(cluster_.database["status"]["runs"][0]["outcome"], "Failed");
}

TEST_F(Restarted, AJobThatVanishesUnseenWithoutARestartIsNotRunAgain) {
    WriteIntent();
    ASSERT_THAT(cluster_.SettleAtMost(1), ElementsAre("Job"));
    cluster_.EndMigration(cluster_.LastJob(), {.exit_code = 1});
    cluster_.DeleteJobAndPods(cluster_.LastJob());
    cluster_.SettleWithProbes();
    EXPECT_EQ(cluster_.Reason("orders"), "EvidenceLost");
    EXPECT_THAT(cluster_.created_jobs, SizeIs(1));
}

TEST_F(Restarted, ARunTokenAsksForARunWhateverTheDatabaseHas) {
    WriteIntent({{"run", "again"}, {"version", "0001"}});
    cluster_.Restart();
    cluster_.Advance(seconds{1});
    cluster_.SettleWithProbes();
    EXPECT_THAT(cluster_.created_jobs, SizeIs(1));
}

TEST_F(Restarted, FollowsAJobThatWasCreatedBefore) {
    WriteIntent();
    ASSERT_THAT(cluster_.SettleAtMost(1), ElementsAre("Job"));
    cluster_.Restart();
    EXPECT_THAT(cluster_.Settle(), ElementsAre("Migration orders MigrationRunning"));
}

TEST_F(Restarted, AReadingFromTheMiddleOfAJobThatTurnsUpLateIsNotBelieved) {
    WriteIntent();
    Cluster before = cluster_;
    ASSERT_THAT(before.SettleAtMost(1), ElementsAre("Job"));
    cluster_.Restart();
    cluster_.Advance(seconds{1});
    cluster_.Settle();
    // The request of the process that died arrives after all.
    const auto job = before.LastJob();
    cluster_.jobs[job] = before.jobs.at(job);
    EXPECT_THAT(cluster_.Settle(), ElementsAre("Database probe ended", "Migration orders MigrationRunning"));
    ASSERT_TRUE(cluster_.EndProbe());
    cluster_.EndMigration(job, {.versions = Versions{"0002"}, .agent_reports = false});
    cluster_.Advance(seconds{60});
    cluster_.SettleWithProbes();
    EXPECT_EQ(cluster_.Reason("orders"), "MigrationSucceeded");
    EXPECT_THAT(cluster_.created_jobs, IsEmpty());
}

/// Not about a restart, but about what is left of a Job.
TEST_F(Restarted, ThePodsReportOfAJobThatIsGoneCountsForTheDatabaseToo) {
    cluster_.HoldDeployment("orders", "orders@0002");
    WriteIntent();
    cluster_.Settle();
    cluster_.EndMigration(cluster_.LastJob(), {.versions = Versions{"0002"}});
    cluster_.jobs.erase(cluster_.LastJob());
    cluster_.Settle();
    EXPECT_EQ(cluster_.Reason("orders"), "MigrationSucceeded");
    EXPECT_EQ(cluster_.database["status"]["version"], "0002");
    EXPECT_EQ(cluster_.database["status"]["reached"][0]["requirement"], "orders@0002");
}

TEST_F(Restarted, ACreateThatArrivesAfterTheRunIsOverDoesNotBegin) {
    WriteIntent();
    cluster_.Settle();
    const auto name = cluster_.LastJob();
    const auto late = cluster_.jobs.at(name);
    cluster_.EndMigration(name, {.exit_code = 1});
    cluster_.Settle();
    cluster_.DeleteJobAndPods(name);  // somebody cleans up, or historyLimit
    cluster_.jobs[name] = late;
    EXPECT_EQ(cluster_.Settle().front(), "Job suspended");
    cluster_.ActOnSuspension(name);
    EXPECT_THAT(cluster_.Settle(), ElementsAre("Job deleted"));
    EXPECT_EQ(cluster_.Reason("orders"), "MigrationFailed");
    EXPECT_EQ(cluster_.database["status"]["runs"][0]["attempts"], 1);
}

TEST_F(Restarted, ALateOneThatRunsIsNotKilledInTheMiddle) {
    WriteIntent();
    cluster_.Settle();
    const auto name = cluster_.LastJob();
    const auto late = cluster_.jobs.at(name);
    cluster_.EndMigration(name, {.exit_code = 1});
    cluster_.Settle();
    cluster_.DeleteJobAndPods(name);
    cluster_.jobs[name] = late;
    cluster_.StartMigration(name);
    EXPECT_THAT(cluster_.Settle(), IsEmpty());
}

TEST_F(Restarted, AnOldProbeIsNotTakenForANewOneWhereTheRecordIsLost) {
    cluster_.versions = {"0002"};
    cluster_.database.erase("status");
    cluster_.SettleWithProbes();
    EXPECT_EQ(cluster_.database["status"]["version"], "0002");
}

TEST_F(Restarted, APodThatOutlivesItsJobAndItsRecordKeepsOthersWaiting) {
    WriteIntent();
    cluster_.Settle();
    cluster_.StartMigration(cluster_.LastJob());
    cluster_.jobs.erase(cluster_.LastJob());
    cluster_.DeleteDatabase();
    cluster_.ApplyDatabase();
    cluster_.Settle();
    EXPECT_FALSE(cluster_.EndProbe()) << "a reading from the middle of a run";
    EXPECT_THAT(cluster_.created_jobs, SizeIs(1));
    cluster_.pods.clear();
    cluster_.SettleWithProbes();
    EXPECT_THAT(cluster_.created_jobs, SizeIs(2));
}

TEST_F(Restarted, AJobUnderDeletionIsShownBeforeItVanishes) {
    WriteIntent();
    ASSERT_THAT(cluster_.SettleAtMost(1), ElementsAre("Job"));
    const auto job = cluster_.LastJob();
    cluster_.jobs[job]["metadata"]["deletionTimestamp"] = core::FormatTime(cluster_.Now());
    cluster_.Restart();
    cluster_.Advance(seconds{1});
    ASSERT_THAT(cluster_.SettleAtMost(1), ElementsAre("Migration orders MigrationRunning"));
    cluster_.DeleteJobAndPods(job);
    cluster_.Restart();
    cluster_.SettleWithProbes();
    EXPECT_EQ(cluster_.Reason("orders"), "EvidenceLost");
    EXPECT_THAT(cluster_.created_jobs, SizeIs(1));
}

TEST_F(Restarted, APodFromAnotherDatabaseOfTheSameNameIsNoEvidence) {
    WriteIntent();
    cluster_.Settle();
    const auto job = cluster_.LastJob();
    cluster_.EndMigration(job, {.versions = Versions{"0002"}});
    cluster_.jobs.erase(job);  // deleted, its pod orphaned
    cluster_.identity = "9999/5";
    cluster_.versions = {"0001"};
    cluster_.DeleteDatabase();
    cluster_.Advance(seconds{10});
    cluster_.ApplyDatabase();
    cluster_.SettleWithProbes();
    EXPECT_EQ(cluster_.Reason("orders"), "MigrationRunning");
    EXPECT_EQ(cluster_.database["status"]["version"], "0001");
}

TEST_F(Restarted, LeavesACopyOfAProbeAlone) {
    const auto probe = cluster_.JobsOfRole("probe").front();
    auto copy = cluster_.jobs.at(probe);
    copy["metadata"]["name"] = "a-copy";
    copy["metadata"].erase("ownerReferences");
    cluster_.jobs["a-copy"] = copy;
    EXPECT_THAT(cluster_.Settle(), IsEmpty());
}

TEST_F(Restarted, WhatTheServerRefusedNeedsNoQuestion) {
    cluster_.refuse_jobs = "exceeded quota";
    cluster_.ApplyMigration("orders");
    cluster_.Settle();
    EXPECT_EQ(cluster_.Reason("orders"), "JobRefused");
    cluster_.refuse_jobs.reset();
    EXPECT_THAT(cluster_.Settle(), ElementsAre("Job", "Migration orders MigrationRunning"));
}

}  // namespace
}  // namespace simulation
