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

TEST(Decide, TheHistorySaysWhoHadAskedWhenTheRunBegan) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    auto& annotations = cluster.migrations["orders"]["metadata"]["annotations"];
    annotations["tidegate.io/requested-by"] = "jane";
    cluster.Settle();
    cluster.StartMigration(cluster.LastJob());
    annotations["tidegate.io/requested-by"] = "joe";
    cluster.EndMigration(cluster.LastJob(), {.exit_code = 1});
    cluster.SettleWithProbes();
    EXPECT_EQ(cluster.History("orders")[0]["requestedBy"], "jane");
    EXPECT_EQ(cluster.database["status"]["runs"][0]["requestedBy"], "jane");

    annotations["tidegate.io/retry"] = "once more";
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0002"}});
    cluster.Settle();
    EXPECT_EQ(cluster.History("orders")[0]["requestedBy"], "joe");
    EXPECT_EQ(cluster.History("orders")[1]["requestedBy"], "jane");
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
