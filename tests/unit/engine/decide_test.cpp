#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/run_id.hpp"
#include "engine/support/cluster.hpp"

namespace simulation {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Versions = std::vector<std::string>;

/// A Database that was read and is at 0001.
Cluster ReadCluster() {
    Cluster cluster;
    cluster.versions = {"0001"};
    cluster.ApplyDatabase();
    cluster.SettleWithProbes();
    cluster.Advance(seconds{5});
    return cluster;
}

TEST(Decide, WritesOfASuccessfulMigrationAreInTheOrderOfTheDesign) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    EXPECT_THAT(cluster.Settle(), ElementsAre("Database intent", "Job", "Migration orders MigrationRunning"));
    cluster.StartMigration(cluster.LastJob());
    EXPECT_THAT(cluster.Settle(), IsEmpty());
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0002"}});
    EXPECT_THAT(cluster.Settle(),
                ElementsAre("Migration orders MigrationSucceeded with history", "Database result MigrationSucceeded"));
    EXPECT_EQ(cluster.ReadyStatus("orders"), "True");
    EXPECT_EQ(cluster.database["status"]["version"], "0002");
    EXPECT_FALSE(cluster.database["status"]["active"]);
    ASSERT_THAT(cluster.History("orders"), SizeIs(1));
    EXPECT_EQ(cluster.History("orders")[0]["versionBefore"], "0001");
    EXPECT_EQ(cluster.History("orders")[0]["versionAfter"], "0002");
    cluster.Advance(seconds{86400});
    EXPECT_THAT(cluster.Settle(), IsEmpty());
}

TEST(Decide, ReadsTheDatabaseBeforeAnythingIsJudged) {
    Cluster cluster;
    cluster.ApplyMigration("orders");
    EXPECT_THAT(cluster.Settle(), ElementsAre("Migration orders DatabaseNotFound"));
    cluster.ApplyDatabase();
    EXPECT_THAT(cluster.Settle(),
                ElementsAre("Database probe begun", "probe Job", "Migration orders WaitingForDatabase"));
    EXPECT_THAT(cluster.created_jobs, IsEmpty());
    ASSERT_TRUE(cluster.EndProbe());
    EXPECT_THAT(cluster.Settle(),
                ElementsAre("Database probe ended", "Database intent", "Job", "Migration orders MigrationRunning"));
}

TEST(Decide, RunsNothingWhereTheVersionIsReachedAlready) {
    Cluster cluster;
    cluster.versions = {"0003_newer"};
    cluster.ApplyDatabase();
    cluster.ApplyMigration("orders");
    cluster.SettleWithProbes();
    EXPECT_EQ(cluster.Reason("orders"), "AlreadyReached");
    EXPECT_EQ(cluster.ReadyStatus("orders"), "True");
    EXPECT_THAT(cluster.created_jobs, IsEmpty());
}

TEST(Decide, AFailedRunStaysFailedAndNothingIsWrittenAfterIt) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), {.exit_code = 3, .tail = "password=hunter2\nboom\n"});
    EXPECT_THAT(cluster.Settle(),
                ElementsAre("Migration orders MigrationFailed with history", "Database result MigrationFailed"));
    EXPECT_EQ(cluster.ReadyStatus("orders"), "False");
    EXPECT_EQ(cluster.History("orders")[0]["exitCode"], 3);
    EXPECT_EQ(cluster.History("orders")[0]["logTail"], "password=[redacted]\nboom");
    for (int hour = 0; hour < 48; ++hour) {
        cluster.Advance(seconds{3600});
        EXPECT_THAT(cluster.Settle(), IsEmpty());
    }
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
}

TEST(Decide, AFixByANewImageRunsAndComingBackToTheFailedOneRunsNothing) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), {.exit_code = 1});
    cluster.Settle();

    cluster.ApplyMigration("orders", {{"image", "orders:2-broken-too"}});
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), {.exit_code = 1});
    cluster.Settle();
    ASSERT_THAT(cluster.created_jobs, SizeIs(2));

    cluster.ApplyMigration("orders", {{"image", "orders:2"}});
    cluster.Settle();
    EXPECT_THAT(cluster.created_jobs, SizeIs(2));
    EXPECT_EQ(cluster.Reason("orders"), "MigrationFailed");

    cluster.ApplyMigration("orders", {{"image", "orders:2-fixed"}});
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0002"}});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "MigrationSucceeded");

    cluster.ApplyMigration("orders", {{"image", "orders:2"}});
    cluster.Settle();
    EXPECT_THAT(cluster.created_jobs, SizeIs(3));
    EXPECT_THAT(cluster.History("orders"), SizeIs(3));
}

TEST(Decide, ChangingWhatDoesNotDecideWhatRunsRunsNothing) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0002"}});
    cluster.Settle();
    cluster.ApplyMigration("orders", {{"resources", {{"limits", {{"memory", "1Gi"}}}}}, {"activeDeadlineSeconds", 60}});
    EXPECT_THAT(cluster.Settle(), ElementsAre("Migration orders MigrationSucceeded"));  // observedGeneration
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
}

TEST(Decide, ARecreatedMigrationRunsNothingAgain) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), {.exit_code = 1});
    cluster.Settle();
    cluster.DeleteMigration("orders");
    cluster.CollectGarbage();
    cluster.Settle();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
    EXPECT_EQ(cluster.Reason("orders"), "MigrationFailed");
}

TEST(Decide, AMigrationRecreatedInTheMiddleIsJudgedByTheDatabase) {
    for (const bool reached : {true, false}) {
        auto cluster = ReadCluster();
        cluster.ApplyMigration("orders");
        cluster.Settle();
        cluster.StartMigration(cluster.LastJob());
        cluster.DeleteMigration("orders");
        cluster.ApplyMigration("orders");
        cluster.Settle();
        EXPECT_THAT(cluster.created_jobs, SizeIs(1));
        if (reached) cluster.versions = {"0002"};
        cluster.CollectGarbage();
        cluster.Advance(seconds{5});
        cluster.SettleWithProbes();
        EXPECT_THAT(cluster.created_jobs, SizeIs(1));
        EXPECT_EQ(cluster.Reason("orders"), reached ? "VerifiedAfterFailure" : "EvidenceLost");
    }
}

TEST(Decide, ALaunchThatNeverBeganOfADeletedMigrationRunsWhenItIsBack) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    const auto first = cluster.LastJob();
    cluster.MakePod(first);
    cluster.DeleteMigration("orders");
    EXPECT_THAT(cluster.Settle(), ElementsAre("pod deleted"));
    cluster.EndDeletedPod(first);
    EXPECT_THAT(cluster.Settle(), ElementsAre("Database result Superseded"));
    cluster.CollectGarbage();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    ASSERT_THAT(cluster.created_jobs, SizeIs(2));
    EXPECT_NE(cluster.LastJob(), first);
}

TEST(Decide, AMigrationThatNamesAnotherDatabaseNowLeavesWhatRunsAndEndsWhatWaits) {
    for (const bool running : {true, false}) {
        auto cluster = ReadCluster();
        cluster.ApplyMigration("orders");
        cluster.Settle();
        const auto job = cluster.LastJob();
        if (running) {
            cluster.StartMigration(job);
        } else {
            cluster.MakePod(job);
        }
        cluster.ApplyMigration("orders", {{"databaseRef", {{"name", "copy"}}}});
        if (running) {
            EXPECT_THAT(cluster.Settle(), IsEmpty());
            cluster.EndMigration(job, {.versions = Versions{"0002"}});
            EXPECT_THAT(cluster.Settle(), ElementsAre("Database result MigrationSucceeded"));
        } else {
            EXPECT_THAT(cluster.Settle(), ElementsAre("pod deleted"));
            cluster.EndDeletedPod(job);
            EXPECT_THAT(cluster.Settle(), ElementsAre("Database result Superseded"));
        }
    }
}

// Queue.

TEST(Decide, RunsTheLowerVersionFirstAndNeverTwoAtOnce) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("a-later", {{"version", "0010"}, {"image", "orders:10"}});
    cluster.Advance(seconds{10});
    cluster.ApplyMigration("b-earlier", {{"version", "0002"}});
    cluster.Settle();
    ASSERT_THAT(cluster.created_jobs, SizeIs(1));
    EXPECT_EQ(cluster.Reason("b-earlier"), "MigrationRunning");
    EXPECT_EQ(cluster.Reason("a-later"), "WaitingForTurn");
    EXPECT_THAT(cluster.Settle(), IsEmpty());
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0002"}});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("b-earlier"), "MigrationSucceeded");
    ASSERT_THAT(cluster.created_jobs, SizeIs(2));
    EXPECT_EQ(cluster.Reason("a-later"), "MigrationRunning");
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0010"}});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("a-later"), "MigrationSucceeded");
}

struct QueueCase {
    const char* what;
    struct Entry {
        const char* name;
        const char* version;  ///< "" for none
        int created;
    };
    std::vector<Entry> entries;
    std::vector<std::string> order;
};

TEST(Decide, TheQueueIsOrderedByVersionThenAgeThenName) {
    const QueueCase cases[] = {
        {"versions", {{"a", "0003", 0}, {"b", "0002", 1}}, {"b", "a"}},
        {"age, where names do not tell", {{"a", "beef", 5}, {"b", "cafe", 1}}, {"b", "a"}},
        {"age, without a version", {{"a", "", 5}, {"b", "0009", 1}}, {"b", "a"}},
        {"name, at the same age", {{"b", "", 1}, {"a", "", 1}}, {"a", "b"}},
        {"lowest version of what is comparable, then age",
         {{"a", "0003", 0}, {"b", "0002", 4}, {"c", "cafe", 2}},
         {"c", "b", "a"}},
        {"age, where numbers and times go round in a circle",
         {{"a", "20261123", 0}, {"b", "30000000", 1}, {"c", "20261122194700", 2}},
         {"a", "b", "c"}},
    };
    for (const auto& [what, entries, order] : cases) {
        SCOPED_TRACE(what);
        auto cluster = ReadCluster();
        const auto start = cluster.Now();
        for (int second = 0; second < 6; ++second) {
            for (const auto& entry : entries) {
                if (entry.created != second) continue;
                Json changes = {{"image", std::string("orders:") + entry.name}};
                changes["version"] = *entry.version == 0 ? Json() : Json(entry.version);
                cluster.ApplyMigration(entry.name, changes);
            }
            cluster.Advance(seconds{1});
        }
        ASSERT_EQ(cluster.Now() - start, seconds{6});
        std::vector<std::string> ran;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            cluster.Settle();
            ASSERT_THAT(cluster.created_jobs, SizeIs(i + 1));
            ran.push_back(observed::ParseJob(cluster.jobs.at(cluster.LastJob())).migration);
            cluster.EndMigration(cluster.LastJob(), {.exit_code = 1});
        }
        EXPECT_EQ(ran, order);
    }
}

TEST(Decide, ASpecChangedWhileItRunsIsQueuedAndTheRunIsRecordedUnderItsOwnKey) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    const auto first = cluster.LastJob();
    cluster.StartMigration(first);
    cluster.ApplyMigration("orders", {{"image", "orders:3"}, {"version", "0003"}});
    EXPECT_THAT(cluster.Settle(), ElementsAre("Migration orders WaitingForTurn"));
    EXPECT_EQ(cluster.migrations["orders"]["status"]["run"]["jobName"], first);
    EXPECT_TRUE(cluster.migrations["orders"]["status"]["run"]["active"]);
    cluster.EndMigration(first, {.versions = Versions{"0002"}});
    EXPECT_THAT(cluster.Settle(),
                ElementsAre("Migration orders WaitingForTurn with history", "Database result MigrationSucceeded",
                            "Database intent", "Job", "Migration orders MigrationRunning"));
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0003"}});
    cluster.Settle();
    ASSERT_THAT(cluster.History("orders"), SizeIs(2));
    EXPECT_EQ(cluster.History("orders")[0]["version"].is_null(), true);
    EXPECT_EQ(cluster.History("orders")[0]["image"], "orders:3");
    EXPECT_EQ(cluster.History("orders")[1]["image"], "orders:2");
}

TEST(Decide, ASupersededLaunchThatNeverBeganIsEndedByItsPodAndComingBackRunsIt) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    const auto first = cluster.LastJob();
    cluster.MakePod(
        first,
        {{"status",
          {{"containerStatuses",
            {{{"name", "migrate"}, {"state", {{"waiting", {{"reason", "ImagePullBackOff"}, {"message", "no"}}}}}}}}}}});
    EXPECT_THAT(cluster.Settle(), ElementsAre("Migration orders ImagePullFailed"));
    cluster.ApplyMigration("orders", {{"image", "orders:2b"}});
    EXPECT_THAT(cluster.Settle(), ElementsAre("pod deleted", "Migration orders WaitingForTurn"));
    cluster.EndDeletedPod(first);
    cluster.Settle();
    ASSERT_THAT(cluster.created_jobs, SizeIs(2));
    const auto second = cluster.LastJob();
    cluster.MakePod(second);
    cluster.ApplyMigration("orders", {{"image", "orders:2"}});
    cluster.Settle();
    cluster.EndDeletedPod(second);
    cluster.Settle();
    ASSERT_THAT(cluster.created_jobs, SizeIs(3));
    EXPECT_EQ(cluster.LastJob().substr(cluster.LastJob().size() - 2), "-2");
    EXPECT_EQ(cluster.Reason("orders"), "MigrationRunning");
}

TEST(Decide, ASuspendedMigrationStartsNothingAndWhatRunsGoesOn) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders", {{"suspend", true}});
    EXPECT_THAT(cluster.Settle(), ElementsAre("Migration orders Suspended"));
    cluster.ApplyMigration("orders", {{"suspend", false}});
    cluster.Settle();
    ASSERT_THAT(cluster.created_jobs, SizeIs(1));
    cluster.StartMigration(cluster.LastJob());
    cluster.ApplyMigration("orders", {{"suspend", true}});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "MigrationRunning");
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0002"}});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "MigrationSucceeded");
}

TEST(Decide, SuspendedBetweenIntentAndJobStartsNothing) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    ASSERT_THAT(cluster.SettleAtMost(1), ElementsAre("Database intent"));
    cluster.ApplyMigration("orders", {{"suspend", true}});
    EXPECT_THAT(cluster.Settle(), ElementsAre("Database result Superseded", "Migration orders Suspended"));
    EXPECT_THAT(cluster.created_jobs, IsEmpty());
    cluster.ApplyMigration("orders", {{"suspend", false}});
    cluster.Settle();
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
}

// Things vanish.

TEST(Decide, AJobDeletedInTheMiddleIsJudgedByAProbeAndNeverRunBlindly) {
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

TEST(Decide, AProbeForALostRunIsRepeatedUntilTheDatabaseAnswers) {
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

TEST(Decide, APodWithoutAReportIsVerifiedByAProbe) {
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

TEST(Decide, AJobThatCompletedIsASuccessThoughItsPodIsGone) {
    for (const bool with_version : {true, false}) {
        auto cluster = ReadCluster();
        cluster.ApplyMigration("orders", with_version ? Json::object() : Json{{"version", nullptr}});
        cluster.Settle();
        cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0002"}, .pod_stays = false});
        cluster.SettleWithProbes();
        EXPECT_EQ(cluster.Reason("orders"), "MigrationSucceeded");
    }
}

TEST(Decide, TheClockOfTheJobControllerDoesNotMatter) {
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

TEST(Decide, AClockThatWasSetBackDoesNotProbeInALoop) {
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

TEST(Decide, TheEndOfAJobIsReadFromALivePodNotFromTheStore) {
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

TEST(Decide, APodThatStillRunsAfterItsJobIsGoneKeepsEverybodyElseWaiting) {
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

TEST(Decide, ADatabaseRecreatedWhileItsRunGoesOnAdoptsTheRunsEnd) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    cluster.StartMigration(cluster.LastJob());
    cluster.DeleteDatabase();
    EXPECT_THAT(cluster.Settle(), ElementsAre("Migration orders DatabaseNotFound"));
    cluster.Advance(seconds{5});
    cluster.ApplyDatabase();
    cluster.Settle();
    EXPECT_FALSE(cluster.EndProbe()) << "nothing is read while a migration runs";
    cluster.EndMigration(cluster.LastJob(), {.exit_code = 1});
    cluster.SettleWithProbes();
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
    EXPECT_EQ(cluster.Reason("orders"), "MigrationFailed");
}

TEST(Decide, ADatabaseRecreatedForAnotherServerIsNotProvenByTheOldRun) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0002"}});
    cluster.Settle();
    cluster.Advance(seconds{5});
    cluster.DeleteDatabase();
    cluster.identity = "9999/5";
    cluster.versions = {"0001"};
    cluster.ApplyDatabase({{"connection", {{"secretRef", {{"name", "copy"}}}}}});
    cluster.SettleWithProbes();
    cluster.HoldDeployment("web", "orders@0002");
    const auto ledger = engine::DecideLedger(cluster.MakeLedgerWorld());
    const auto& satisfied = std::get<engine::WriteLedger>(*ledger.step).satisfied;
    EXPECT_THAT(satisfied, IsEmpty());
    EXPECT_NE(cluster.ReadyStatus("orders"), "True");
}

// The Database changes.

TEST(Decide, ADatabaseThatChangesIsReadAgain) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0002"}});
    cluster.Settle();
    cluster.ApplyDatabase({{"connection", {{"secretRef", {{"name", "other"}}}}}});
    EXPECT_THAT(cluster.Settle(), ElementsAre("Database probe begun", "probe Job", "Job deleted"));
    cluster.EndProbe();
    EXPECT_THAT(cluster.Settle(), ElementsAre("Database probe ended"));
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
}

TEST(Decide, ADatabasePointedAtAnEmptyCopyIsANewOneAndRunsAgain) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0002"}});
    cluster.Settle();
    cluster.Advance(seconds{5});
    cluster.identity = "9999/5";
    cluster.versions = {};
    cluster.ApplyDatabase({{"connection", {{"secretRef", {{"name", "copy"}}}}}});
    cluster.SettleWithProbes();
    EXPECT_THAT(cluster.created_jobs, SizeIs(2));
    EXPECT_EQ(cluster.Reason("orders"), "MigrationRunning");
    EXPECT_THAT(cluster.database["status"]["reached"], IsEmpty());
}

TEST(Decide, ADatabaseThatChangesInTheMiddleOfARunIsReadAfterIt) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    cluster.StartMigration(cluster.LastJob());
    cluster.ApplyDatabase({{"connection", {{"secretRef", {{"name", "other"}}}}}});
    cluster.Settle();
    EXPECT_FALSE(cluster.EndProbe()) << "nothing is read while a migration runs";
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0002"}});
    cluster.Settle();
    EXPECT_EQ(cluster.database["status"]["version"], "0001") << "a reading of the old spec says nothing about the new";
    ASSERT_TRUE(cluster.EndProbe());
    cluster.Settle();
    EXPECT_EQ(cluster.database["status"]["version"], "0002");
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
}

TEST(Decide, ADatabaseThatChangesBetweenIntentAndJobIsReadFirst) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    ASSERT_THAT(cluster.SettleAtMost(1), ElementsAre("Database intent"));
    cluster.ApplyDatabase({{"connection", {{"secretRef", {{"name", "other"}}}}}});
    cluster.Settle();
    EXPECT_THAT(cluster.created_jobs, IsEmpty());
    cluster.SettleWithProbes();
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
    EXPECT_EQ(cluster.Reason("orders"), "MigrationRunning");
}

TEST(Decide, ARunAgainstAnotherServerThanBeforeKeepsItsOwnRecord) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    cluster.identity = "9999/5";  // the Secret's content was changed
    cluster.EndMigration(cluster.LastJob(), {.exit_code = 1});
    cluster.SettleWithProbes();
    EXPECT_EQ(cluster.Reason("orders"), "MigrationFailed");
    EXPECT_THAT(cluster.created_jobs, SizeIs(1)) << "run once more than allowed";
}

// Refusals.

TEST(Decide, ARefusedJobIsTriedAgainUntilTheStartDeadlineAndThenGivenUp) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.refuse_jobs = "pods is forbidden: exceeded quota, used: 3";
    EXPECT_THAT(cluster.Settle(), ElementsAre("Database intent", "Migration orders JobRefused"));
    ASSERT_TRUE(cluster.look_again);
    EXPECT_LE(*cluster.look_again - cluster.Now(), seconds{15});
    cluster.Advance(seconds{15});
    cluster.refuse_jobs = "pods is forbidden: exceeded quota, used: 4";
    EXPECT_THAT(cluster.Settle(), IsEmpty());
    EXPECT_EQ(cluster.ReadyStatus("orders"), "Unknown");
    cluster.Advance(seconds{600});
    EXPECT_THAT(cluster.Settle(), ElementsAre("Database result JobRefused", "Migration orders JobRefused"));
    EXPECT_EQ(cluster.ReadyStatus("orders"), "False") << "given up, so Stalled";
    cluster.refuse_jobs.reset();
    cluster.Advance(seconds{600});
    EXPECT_THAT(cluster.Settle(), IsEmpty());
}

TEST(Decide, ARefusedJobRunsWhenTheCauseIsMended) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.refuse_jobs = "quota";
    cluster.Settle();
    cluster.refuse_jobs.reset();
    EXPECT_THAT(cluster.Settle(), ElementsAre("Job", "Migration orders MigrationRunning"));
}

TEST(Decide, ARefusedProbeSaysSoOnDatabaseAndMigration) {
    Cluster cluster;
    cluster.ApplyDatabase();
    cluster.ApplyMigration("orders");
    cluster.refuse_jobs = "quota";
    cluster.Settle();
    EXPECT_EQ(cluster.database["status"]["conditions"][0]["reason"], "JobRefused");
    EXPECT_THAT(cluster.migrations["orders"]["status"]["conditions"][0]["message"].get<std::string>(),
                HasSubstr("quota"));
    ASSERT_TRUE(cluster.look_again);
    cluster.refuse_jobs.reset();
    cluster.SettleWithProbes();
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
}

TEST(Decide, AForeignJobOfTheSameNameIsNeverAdopted) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    ASSERT_THAT(cluster.SettleAtMost(1), ElementsAre("Database intent"));
    const std::string name = cluster.database["status"]["runs"][0]["jobName"];
    cluster.jobs[name] = {{"metadata", {{"name", name}, {"namespace", kNamespace}, {"uid", "somebody's"}}}};
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "JobNameTaken");
    EXPECT_EQ(cluster.ReadyStatus("orders"), "False");
    EXPECT_THAT(cluster.created_jobs, IsEmpty());
    EXPECT_THAT(cluster.Settle(), IsEmpty());
}

TEST(Decide, AnUnknownDatabaseIsNamed) {
    Cluster cluster;
    cluster.ApplyMigration("orders");
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "DatabaseNotFound");
    EXPECT_THAT(cluster.migrations["orders"]["status"]["conditions"][0]["message"].get<std::string>(),
                HasSubstr("no Database orders in namespace shop"));
}

// Deadlines.

TEST(Decide, ALaunchThatDoesNotBeginIsEndedAtTheStartDeadlineByItsPod) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders", {{"startDeadlineSeconds", 120}});
    cluster.Settle();
    const auto job = cluster.LastJob();
    cluster.MakePod(job, {{"status",
                           {{"containerStatuses",
                             {{{"name", "migrate"},
                               {"state", {{"waiting", {{"reason", "ErrImagePull"}, {"message", "not found"}}}}}}}}}}});
    cluster.Settle();
    ASSERT_TRUE(cluster.look_again);
    cluster.Advance(seconds{119});
    EXPECT_THAT(cluster.Settle(), IsEmpty());
    cluster.Advance(seconds{1});
    EXPECT_THAT(cluster.Settle(), ElementsAre("pod deleted"));
    cluster.EndDeletedPod(job);
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "NeverStarted");
    EXPECT_EQ(cluster.ReadyStatus("orders"), "False");
    EXPECT_EQ(cluster.database["status"]["runs"][0]["attempts"], 0);
    cluster.Advance(seconds{86400});
    EXPECT_THAT(cluster.Settle(), IsEmpty());
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
}

Json WaitingForFence(core::Time since) {
    return {
        {"status",
         {{"phase", "Pending"},
          {"initContainerStatuses",
           {{{"name", "tidegate-agent"},
             {"started", false},
             {"state", {{"running", {{"startedAt", core::FormatTime(since)}}}}}}}},
          {"containerStatuses", {{{"name", "migrate"}, {"state", {{"waiting", {{"reason", "PodInitializing"}}}}}}}}}}};
}

TEST(Decide, WaitingForTheFenceHasNoDeadlineAndTheLaunchBeginsHoweverLongItTook) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders", {{"startDeadlineSeconds", 60}});
    cluster.Settle();
    const auto job = cluster.LastJob();
    cluster.MakePod(job, WaitingForFence(cluster.Now()));
    cluster.Settle();
    cluster.Advance(seconds{40});
    EXPECT_THAT(cluster.Settle(), ElementsAre("Migration orders WaitingForFence"));
    cluster.Advance(seconds{7200});
    EXPECT_THAT(cluster.Settle(), IsEmpty());
    // The fence is held now; the image of the migration is pulled only then.
    auto& pod = cluster.pods.at(job + "-pod");
    pod["status"]["initContainerStatuses"][0]["started"] = true;
    pod["status"]["conditions"] = {
        {{"type", "Initialized"}, {"status", "True"}, {"lastTransitionTime", core::FormatTime(cluster.Now())}}};
    EXPECT_THAT(cluster.Settle(), ElementsAre("Migration orders MigrationRunning"));
    ASSERT_TRUE(cluster.look_again);
    EXPECT_LE(*cluster.look_again - cluster.Now(), seconds{60});
    cluster.Advance(seconds{60});
    EXPECT_THAT(cluster.Settle(), ElementsAre("pod deleted"));
}

TEST(Decide, AnAgentThatConnectedAfterATroubledStartWaitsForTheFence) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders", {{"startDeadlineSeconds", 120}});
    cluster.Settle();
    const auto job = cluster.LastJob();
    auto& pod = cluster.MakePod(job, WaitingForFence(cluster.Now()));
    pod["status"]["initContainerStatuses"][0]["restartCount"] = 1;
    pod["status"]["initContainerStatuses"][0]["lastState"]["terminated"] = {
        {"exitCode", 10},
        {"message", R"({"v":1,"phase":"Refused","error":{"reason":"Unreachable","message":"no route"}})"}};
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "DatabaseUnreachable");
    cluster.Advance(seconds{40});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "WaitingForFence");
    cluster.Advance(seconds{600});
    EXPECT_THAT(cluster.Settle(), IsEmpty());
}

TEST(Decide, AnAgentThatDiesWithoutAWordIsShownOnceHoweverOftenItRestarts) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders", {{"startDeadlineSeconds", 86400}});
    cluster.Settle();
    const auto job = cluster.LastJob();
    cluster.MakePod(job, WaitingForFence(cluster.Now()));
    cluster.Settle();
    std::size_t writes = 0;
    for (int restart = 1; restart < 10; ++restart) {
        auto& agent = cluster.pods.at(job + "-pod")["status"]["initContainerStatuses"][0];
        agent["restartCount"] = restart;
        agent["lastState"]["terminated"] = {{"exitCode", 137}, {"reason", "OOMKilled"}};
        agent["state"] = {{"waiting", {{"reason", "CrashLoopBackOff"}, {"message", "back-off"}}}};
        cluster.Advance(seconds{70});
        writes += cluster.Settle().size();
        agent["state"] = {{"running", {{"startedAt", core::FormatTime(cluster.Now())}}}};
        cluster.Advance(seconds{2});
        writes += cluster.Settle().size();
    }
    EXPECT_LE(writes, 1U);
    EXPECT_EQ(cluster.Reason("orders"), "NotStarting");
}

TEST(Decide, ARunPastItsActiveDeadlineIsEndedByItsPodAndJudgedByTheDatabase) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders", {{"activeDeadlineSeconds", 100}});
    cluster.Settle();
    const auto job = cluster.LastJob();
    cluster.Advance(seconds{30});
    cluster.StartMigration(job);
    cluster.Settle();
    ASSERT_TRUE(cluster.look_again);
    EXPECT_EQ(*cluster.look_again, cluster.Now() + seconds{100});
    cluster.Advance(seconds{99});
    EXPECT_THAT(cluster.Settle(), IsEmpty());
    cluster.Advance(seconds{1});
    EXPECT_THAT(cluster.Settle(), ElementsAre("pod deleted"));
    EXPECT_THAT(cluster.Settle(), IsEmpty());
    cluster.EndMigration(job, {.exit_code = 143});
    auto& terminated = cluster.pods[job + "-pod"]["status"]["containerStatuses"][0]["state"]["terminated"];
    terminated["startedAt"] = core::FormatTime(cluster.Now() - seconds{103});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "DeadlineExceeded");
    EXPECT_EQ(cluster.database["status"]["runs"][0]["attempts"], 1);
}

TEST(Decide, AWaitingPodWhoseMigrationWasDeletedIsEndedAndBlocksNobody) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("gone", {{"image", "gone:1"}});
    cluster.Settle();
    const auto job = cluster.LastJob();
    cluster.MakePod(job, {{"spec", {{"nodeName", nullptr}}}});
    cluster.ApplyMigration("orders");
    cluster.Settle();
    cluster.DeleteMigration("gone");  // with its Job orphaned
    EXPECT_THAT(cluster.Settle(), ElementsAre("pod deleted"));
    cluster.EndDeletedPod(job);
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "MigrationRunning");
}

// Retention.

TEST(Decide, KeepsAsManyEndedJobsAndHistoryEntriesAsTheLimitSays) {
    auto cluster = ReadCluster();
    for (int run = 0; run < 6; ++run) {
        cluster.ApplyMigration("orders", {{"image", "orders:" + std::to_string(run)}, {"historyLimit", 3}});
        cluster.Settle();
        ASSERT_THAT(cluster.created_jobs, SizeIs(run + 1));
        cluster.EndMigration(cluster.LastJob(), {.exit_code = 1});
        cluster.Settle();
    }
    EXPECT_THAT(cluster.JobsOfRole("migrate"), SizeIs(3));
    ASSERT_THAT(cluster.History("orders"), SizeIs(3));
    EXPECT_EQ(cluster.History("orders")[0]["image"], "orders:5");
    EXPECT_EQ(cluster.History("orders")[2]["image"], "orders:3");
    EXPECT_THAT(cluster.database["status"]["runs"], SizeIs(6)) << "the record outlives the history";
    EXPECT_TRUE(cluster.jobs.contains(cluster.LastJob()));

    cluster.ApplyMigration("orders", {{"historyLimit", 1}, {"image", "orders:6"}});
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), {.exit_code = 1});
    cluster.Settle();
    EXPECT_THAT(cluster.History("orders"), SizeIs(1));
    EXPECT_THAT(cluster.JobsOfRole("migrate"), SizeIs(1));
}

TEST(Decide, TheRecordKeepsTheNewestFiftyAndEveryKeyThatIsNamed) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("kept", {{"image", "kept:1"}});
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), {.exit_code = 1});
    for (int run = 0; run < 60; ++run) {
        cluster.ApplyMigration("orders", {{"image", "orders:" + std::to_string(run)}, {"historyLimit", 1}});
        cluster.Settle();
        cluster.EndMigration(cluster.LastJob(), {.exit_code = 1});
        cluster.Settle();
    }
    EXPECT_THAT(cluster.database["status"]["runs"], SizeIs(52));
    EXPECT_EQ(cluster.Reason("kept"), "MigrationFailed");
    EXPECT_EQ(cluster.created_jobs.size(), 61U);
}

// Probes.

TEST(Decide, AFailedProbeIsRepeatedOnceAMinuteAndSaysTheSameAllTheTime) {
    Cluster cluster;
    cluster.ApplyDatabase();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    cluster.FailProbe("Unreachable", "no route to host");
    cluster.Settle();
    EXPECT_EQ(cluster.database["status"]["conditions"][0]["reason"], "DatabaseUnreachable");
    const auto database = cluster.database["status"]["conditions"];
    const auto migration = cluster.migrations["orders"]["metadata"]["resourceVersion"];
    for (int minute = 0; minute < 5; ++minute) {
        ASSERT_TRUE(cluster.look_again);
        cluster.Advance(seconds{30});
        EXPECT_THAT(cluster.Settle(), IsEmpty());
        cluster.Advance(seconds{30});
        EXPECT_THAT(cluster.Settle(), ElementsAre("Database probe begun", "probe Job", "Job deleted"));
        EXPECT_EQ(cluster.database["status"]["conditions"], database) << "alternates while it is tried again";
        cluster.FailProbe("Unreachable", "no route to host");
        EXPECT_THAT(cluster.Settle(), ElementsAre("Database probe ended"));
        EXPECT_EQ(cluster.database["status"]["conditions"], database);
    }
    EXPECT_EQ(cluster.migrations["orders"]["metadata"]["resourceVersion"], migration) << "the Migration says the same";
    cluster.Advance(seconds{60});
    cluster.SettleWithProbes();
    EXPECT_EQ(cluster.database["status"]["conditions"][0]["reason"], "VersionKnown");
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
}

TEST(Decide, AProbeThatNeverEndsIsReplaced) {
    Cluster cluster;
    cluster.ApplyDatabase();
    cluster.Settle();
    const auto first = cluster.JobsOfRole("probe").front();
    cluster.MakePod(first, {{"status",
                             {{"containerStatuses",
                               {{{"name", "tidegate-agent"},
                                 {"state", {{"waiting", {{"reason", "ErrImagePull"}, {"message", "no"}}}}}}}}}}});
    cluster.Settle();
    EXPECT_EQ(cluster.database["status"]["conditions"][0]["reason"], "ImagePullFailed");
    for (int minute = 0; minute < 12; ++minute) {
        ASSERT_TRUE(cluster.look_again) << "an operator with another agent image would never be asked";
        cluster.Advance(seconds{60});
        cluster.Settle();
    }
    EXPECT_THAT(cluster.JobsOfRole("probe"), SizeIs(1));
    EXPECT_NE(cluster.JobsOfRole("probe").front(), first);
}

TEST(Decide, AnUndecidedHoldProbesOnceAMinuteUntilItIsDecided) {
    auto cluster = ReadCluster();
    cluster.Advance(seconds{600});
    cluster.HoldDeployment("web", "orders@0002");
    int probes = 0;
    for (int second = 0; second < 180; ++second) {
        cluster.Settle();
        if (cluster.EndProbe()) ++probes;
        cluster.Settle();
        cluster.Advance(seconds{1});
    }
    EXPECT_THAT(probes, ::testing::AllOf(::testing::Ge(3), ::testing::Le(4)));
    cluster.versions = {"0002"};  // somebody migrated by hand
    cluster.Advance(seconds{61});
    cluster.SettleWithProbes();
    EXPECT_EQ(cluster.database["status"]["reached"][0]["requirement"], "orders@0002");
    cluster.Advance(seconds{3600});
    EXPECT_THAT(cluster.Settle(), IsEmpty());
}

TEST(Decide, AReadingTakenWhileAMigrationRunsChangesNothing) {
    auto cluster = ReadCluster();
    cluster.Advance(seconds{600});
    cluster.HoldDeployment("web", "orders@0002");
    cluster.Settle();
    ASSERT_THAT(cluster.JobsOfRole("probe"), SizeIs(1));
    cluster.ApplyMigration("orders", {{"version", "0003"}});
    cluster.Settle();
    ASSERT_THAT(cluster.created_jobs, SizeIs(1));
    cluster.StartMigration(cluster.LastJob());
    cluster.versions = {"0002"};  // on its way to 0003
    cluster.EndProbe();
    cluster.Settle();
    EXPECT_EQ(cluster.database["status"]["version"], "0001");
    EXPECT_THAT(cluster.database["status"]["reached"], IsEmpty());
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0003"}});
    cluster.SettleWithProbes();
    EXPECT_EQ(cluster.database["status"]["version"], "0003");
    EXPECT_EQ(cluster.Reason("orders"), "MigrationSucceeded");
}

TEST(Decide, AProbeRefusedBeforeARunDoesNotReadInTheMiddleOfIt) {
    auto cluster = ReadCluster();
    cluster.Advance(seconds{600});
    cluster.HoldDeployment("web", "orders@0002");
    cluster.refuse_jobs = "quota";
    cluster.Settle();
    cluster.ApplyMigration("orders", {{"version", "0003"}});
    cluster.Settle();
    cluster.refuse_jobs.reset();
    cluster.Settle();
    cluster.Advance(seconds{5});
    ASSERT_THAT(cluster.created_jobs, SizeIs(1));
    cluster.versions = {"0002"};
    cluster.EndProbe();
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0003"}});
    cluster.SettleWithProbes();
    EXPECT_EQ(cluster.database["status"]["version"], "0003");
}

TEST(Decide, OnlyTheNewestProbeIsKept) {
    auto cluster = ReadCluster();
    for (int change = 0; change < 4; ++change) {
        cluster.ApplyDatabase({{"connection", {{"secretRef", {{"name", "s" + std::to_string(change)}}}}}});
        cluster.SettleWithProbes();
    }
    EXPECT_THAT(cluster.JobsOfRole("probe"), SizeIs(1));
}

// Crashes.

TEST(Decide, AnOperatorThatWasDownAtAnyPointComesToTheSameEnd) {
    // Writes: probe begun, probe Job, Database probe ended, intent, Job, running, two results.
    for (std::size_t down_after = 0; down_after < 12; ++down_after) {
        SCOPED_TRACE("down after " + std::to_string(down_after) + " writes");
        Cluster cluster;
        cluster.versions = {"0001"};
        cluster.ApplyDatabase();
        cluster.ApplyMigration("orders");
        std::size_t left = down_after;
        const auto play = [&] {
            if (cluster.EndProbe()) return true;
            if (cluster.created_jobs.empty() || cluster.versions == Versions{"0002"}) return false;
            cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0002"}});
            return true;
        };
        do {
            left -= std::min(left, cluster.SettleAtMost(left).size());
        } while (play());
        cluster.Advance(seconds{1000});
        do
            cluster.Settle();
        while (play());
        EXPECT_EQ(cluster.Reason("orders"), "MigrationSucceeded");
        EXPECT_THAT(cluster.created_jobs, SizeIs(1));
        EXPECT_THAT(cluster.History("orders"), SizeIs(1));
        EXPECT_THAT(cluster.database["status"]["runs"], SizeIs(1));
        EXPECT_EQ(cluster.database["status"]["version"], "0002");
        EXPECT_THAT(cluster.Settle(), IsEmpty());
    }
}

TEST(Decide, TheSameHoldsForARunThatFails) {
    for (std::size_t down_after = 0; down_after < 6; ++down_after) {
        SCOPED_TRACE("down after " + std::to_string(down_after) + " writes");
        auto cluster = ReadCluster();
        cluster.ApplyMigration("orders");
        cluster.SettleAtMost(down_after);
        if (!cluster.created_jobs.empty()) cluster.EndMigration(cluster.LastJob(), {.exit_code = 1});
        cluster.SettleAtMost(down_after > 3 ? down_after - 3 : 0);
        cluster.Advance(seconds{1000});
        cluster.Settle();
        if (cluster.Reason("orders") != "MigrationFailed") {
            cluster.EndMigration(cluster.LastJob(), {.exit_code = 1});
            cluster.Settle();
        }
        EXPECT_EQ(cluster.Reason("orders"), "MigrationFailed");
        EXPECT_THAT(cluster.created_jobs, SizeIs(1));
        EXPECT_THAT(cluster.History("orders"), SizeIs(1));
    }
}

TEST(Decide, ALongMessageStillFitsIntoTheStatus) {
    auto cluster = ReadCluster();
    const std::string longest(253, '2');
    cluster.ApplyMigration("orders", {{"image", std::string(512, 'i')}, {"version", longest}});
    cluster.Settle();
    Versions heads;
    for (int i = 0; i < 90; ++i)
        heads.push_back("head_" + std::to_string(1000 + i));
    cluster.EndMigration(cluster.LastJob(), {.versions = heads, .tail = std::string(3000, 'x')});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "VersionUnknown");
    EXPECT_LE(cluster.database["status"]["version"].get<std::string>().size(), 1024U);
}

TEST(Decide, MessagesOfTheNodeAreCutBetweenCharacters) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders", {{"image", std::string(512, 'i')}});
    cluster.Settle();
    std::string words;
    while (words.size() < 2000)
        words += "\xE2\x80\x9C\xC3\xA4";
    for (const char* reason : {"ErrImagePull", "CreateContainerError"}) {
        cluster.MakePod(
            cluster.LastJob(),
            {{"status",
              {{"containerStatuses",
                {{{"name", "migrate"}, {"state", {{"waiting", {{"reason", reason}, {"message", "x" + words}}}}}}}}}}});
        cluster.Settle();
        EXPECT_NO_THROW(cluster.migrations["orders"].dump());
    }
}

}  // namespace
}  // namespace simulation
