#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/support/cluster.hpp"

namespace simulation {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::SizeIs;

TEST(Retention, KeepsAsManyEndedJobsAndHistoryEntriesAsTheLimitSays) {
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

TEST(Retention, TheRecordKeepsTheNewestFiftyAndEveryKeyThatIsNamed) {
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

TEST(Retention, TheLastReadingsJobStaysUntilTheNextOneIsMade) {
    auto cluster = ReadCluster();
    ASSERT_THAT(cluster.JobsOfRole("probe"), SizeIs(1));
    const std::string first = cluster.JobsOfRole("probe").front();
    // A probe was begun and given up before it had a Job.
    cluster.database["status"]["probe"]["launch"] = 2;
    cluster.database["status"]["probe"]["jobName"] = "never-made";
    cluster.Settle();
    EXPECT_THAT(cluster.JobsOfRole("probe"), ElementsAre(first));

    cluster.database["metadata"]["generation"] = 2;  // the next one is asked for
    cluster.Settle();
    EXPECT_THAT(cluster.JobsOfRole("probe"), ElementsAre(Not(first)));
}

}  // namespace
}  // namespace simulation
