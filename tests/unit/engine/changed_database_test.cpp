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

TEST(ChangedDatabase, ADatabaseRecreatedWhileItsRunGoesOnAdoptsTheRunsEnd) {
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

TEST(ChangedDatabase, ADatabaseRecreatedForAnotherServerIsNotProvenByTheOldRun) {
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

TEST(ChangedDatabase, ADatabaseThatChangesIsReadAgain) {
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

TEST(ChangedDatabase, ADatabasePointedAtAnEmptyCopyIsANewOneAndRunsAgain) {
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

TEST(ChangedDatabase, ADatabaseThatChangesInTheMiddleOfARunIsReadAfterIt) {
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

TEST(ChangedDatabase, ADatabaseThatChangesBetweenIntentAndJobIsReadFirst) {
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

TEST(ChangedDatabase, ARunAgainstAnotherServerThanBeforeKeepsItsOwnRecord) {
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

}  // namespace
}  // namespace simulation
