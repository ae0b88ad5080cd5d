#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/support/cluster.hpp"

namespace simulation {
namespace {

using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Versions = std::vector<std::string>;

TEST(Down, AnOperatorThatWasDownAtAnyPointComesToTheSameEnd) {
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

TEST(Down, TheSameHoldsForARunThatFails) {
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

}  // namespace
}  // namespace simulation
