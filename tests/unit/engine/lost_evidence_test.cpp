#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/support/cluster.hpp"

namespace simulation {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::SizeIs;

using Versions = std::vector<std::string>;

TEST(LostEvidence, AJobDeletedInTheMiddleIsJudgedByAProbeAndNeverRunBlindly) {
    for (const bool reached : {true, false}) {
        SCOPED_TRACE(reached);
        auto cluster = ReadCluster();
        cluster.ApplyMigration("orders");
        cluster.Settle();
        cluster.StartMigration(cluster.LastJob());
        cluster.Settle();
        cluster.Advance(seconds{2});
        cluster.DeleteJobAndPods(cluster.LastJob());
        if (reached) cluster.versions = {"0002"};
        EXPECT_THAT(cluster.Settle(),
                    ElementsAre("Database probe begun", "probe Job", "Migration orders Verifying", "Job deleted"));
        ASSERT_TRUE(cluster.EndProbe());
        cluster.Settle();
        EXPECT_EQ(cluster.Reason("orders"), reached ? "VerifiedAfterFailure" : "EvidenceLost");
        EXPECT_THAT(cluster.created_jobs, SizeIs(1));
        ASSERT_THAT(cluster.History("orders"), SizeIs(1));
        EXPECT_EQ(cluster.History("orders")[0]["versionAfter"], reached ? "0002" : "0001");
    }
}

TEST(LostEvidence, AProbeForALostRunIsRepeatedUntilTheDatabaseAnswers) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    cluster.Advance(seconds{2});
    cluster.DeleteJobAndPods(cluster.LastJob());
    cluster.Settle();
    cluster.FailProbe("Unreachable", "no route to host");
    cluster.Settle();
    ASSERT_TRUE(cluster.look_again) << "nothing would wake it";
    EXPECT_LE(*cluster.look_again - cluster.Now(), seconds{61});
    EXPECT_FALSE(cluster.EndProbe()) << "at most one probe a minute";
    cluster.Advance(seconds{61});
    cluster.SettleWithProbes();
    EXPECT_EQ(cluster.Reason("orders"), "EvidenceLost");
}

TEST(LostEvidence, APodWithoutAReportIsVerifiedByAProbe) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0002"}, .agent_reports = false});
    EXPECT_THAT(cluster.Settle(),
                ElementsAre("Database probe begun", "probe Job", "Migration orders Verifying", "Job deleted"));
    cluster.EndProbe();
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "MigrationSucceeded");
}

TEST(LostEvidence, AJobThatCompletedIsASuccessThoughItsPodIsGone) {
    for (const bool with_version : {true, false}) {
        auto cluster = ReadCluster();
        cluster.ApplyMigration("orders", with_version ? Json::object() : Json{{"version", nullptr}});
        cluster.Settle();
        cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0002"}, .pod_stays = false});
        cluster.SettleWithProbes();
        EXPECT_EQ(cluster.Reason("orders"), "MigrationSucceeded");
    }
}

TEST(LostEvidence, TheClockOfTheJobControllerDoesNotMatter) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0002"}, .agent_reports = false});
    for (auto& condition : cluster.jobs[cluster.LastJob()]["status"]["conditions"]) {
        condition["lastTransitionTime"] = core::FormatTime(cluster.Now() + seconds{3600});
    }
    cluster.SettleWithProbes();
    EXPECT_EQ(cluster.Reason("orders"), "MigrationSucceeded");
}

TEST(LostEvidence, AClockThatWasSetBackDoesNotProbeInALoop) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    cluster.Advance(seconds{2});
    cluster.DeleteJobAndPods(cluster.LastJob());
    cluster.Advance(seconds{-600});  // another operator, on a node whose clock is behind
    int probes = 0;
    for (int second = 0; second < 1200; ++second) {
        cluster.Settle();
        if (cluster.EndProbe()) ++probes;
        cluster.Advance(seconds{1});
    }
    cluster.Settle();
    EXPECT_LE(probes, 12);
    EXPECT_EQ(cluster.Reason("orders"), "EvidenceLost");
}

TEST(LostEvidence, TheEndOfAJobIsReadFromALivePodNotFromTheStore) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    cluster.StartMigration(cluster.LastJob());
    const auto pod = cluster.LastJob() + "-pod";
    cluster.pods_in_store[pod] = cluster.pods[pod];
    cluster.EndMigration(cluster.LastJob(), {.exit_code = 3});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "MigrationFailed");
}

TEST(LostEvidence, APodThatStillRunsAfterItsJobIsGoneKeepsEverybodyElseWaiting) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    const auto first = cluster.LastJob();
    cluster.StartMigration(first);
    cluster.jobs.erase(first);
    cluster.ApplyMigration("other", {{"image", "other:1"}, {"version", "0003"}});
    EXPECT_THAT(cluster.Settle(), ElementsAre("Migration orders Verifying", "Migration other WaitingForTurn"));
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
}

TEST(LostEvidence, ALaunchThatHadTwoPodsIsJudgedByTheDatabase) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    const auto job = cluster.LastJob();
    cluster.EndMigration(job, {.exit_code = 1});
    // A duplicate that brought the version meanwhile, and was deleted as surplus.
    auto other = cluster.pods.at(job + "-pod");
    other["metadata"]["name"] = "duplicate";
    other["metadata"]["uid"] = "duplicate";
    cluster.pods["duplicate"] = other;
    cluster.versions = {"0002"};
    cluster.SettleWithProbes();
    EXPECT_EQ(cluster.Reason("orders"), "VerifiedAfterFailure");
    EXPECT_EQ(cluster.database["status"]["version"], "0002");
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
}

TEST(LostEvidence, ASecondPodThatNeverBeganDoesNotSpeakForTheFirst) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    const auto job = cluster.LastJob();
    auto never_began = cluster.MakePod(job);
    cluster.EndMigration(job, {.exit_code = 137});
    never_began["metadata"]["name"] = "duplicate";
    never_began["metadata"]["uid"] = "duplicate";
    never_began["metadata"]["creationTimestamp"] = core::FormatTime(cluster.Now() + seconds{1});
    never_began["status"]["phase"] = "Failed";
    cluster.pods["duplicate"] = never_began;
    cluster.jobs.erase(job);
    cluster.SettleWithProbes();
    EXPECT_EQ(cluster.Reason("orders"), "MigrationFailed");
    EXPECT_EQ(cluster.database["status"]["runs"][0]["outcome"], "Failed");
    EXPECT_EQ(cluster.database["status"]["runs"][0]["attempts"], 1);
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
}

TEST(LostEvidence, ARecordThatSomebodyEditedStillMakesACondition) {
    for (const char* outcome : {"Succeeded", "Failed", "NeverStarted"}) {
        auto cluster = ReadCluster();
        cluster.ApplyMigration("orders");
        cluster.Settle();
        cluster.database["status"]["runs"][0]["outcome"] = outcome;
        cluster.database["metadata"]["resourceVersion"] = "99999";
        cluster.Settle();
        EXPECT_NE(cluster.Reason("orders"), "MigrationRunning") << outcome;
        EXPECT_NE(cluster.Reason("orders"), "") << outcome;
    }
}

}  // namespace
}  // namespace simulation
