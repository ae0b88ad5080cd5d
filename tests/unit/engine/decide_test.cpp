#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/support/cluster.hpp"

namespace simulation {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

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
    cluster.EndMigration(cluster.LastJob(), {.versions = {{"0002"}}});
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

}  // namespace
}  // namespace simulation
