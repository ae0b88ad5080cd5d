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

TEST(Probe, AFailedProbeIsRepeatedOnceAMinuteAndSaysTheSameAllTheTime) {
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

TEST(Probe, WhatKeepsItFromStartingIsAnEventOnce) {
    Cluster cluster;
    cluster.ApplyDatabase();
    cluster.Settle();
    const auto refuse = [&](const std::string& message) {
        const Json waiting = {{"reason", "CreateContainerConfigError"}, {"message", message}};
        cluster.MakePod(cluster.JobsOfRole("probe").front(),
                        {{"status",
                          {{"initContainerStatuses", Json::array()},
                           {"containerStatuses", {{{"name", "tidegate-agent"}, {"state", {{"waiting", waiting}}}}}}}}});
        cluster.Settle();
    };
    const auto events = [&] {
        return std::count_if(cluster.notes.begin(), cluster.notes.end(), [](const engine::Note& note) {
            return note.kind == engine::Note::On::Database && note.warning && note.reason == "SecretOrKeyMissing";
        });
    };
    refuse("secret \"orders-db\" not found");
    EXPECT_EQ(events(), 1);
    refuse("couldn't find key uri in Secret shop/orders-db");
    EXPECT_EQ(events(), 1) << "the condition has the new words";
}

TEST(Probe, AProbeThatNeverEndsIsReplaced) {
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

TEST(Probe, AnUndecidedHoldProbesOnceAMinuteUntilItIsDecided) {
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

TEST(Probe, AReadingTakenWhileAMigrationRunsChangesNothing) {
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

TEST(Probe, AProbeRefusedBeforeARunDoesNotReadInTheMiddleOfIt) {
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

TEST(Probe, OnlyTheNewestProbeIsKept) {
    auto cluster = ReadCluster();
    for (int change = 0; change < 4; ++change) {
        cluster.ApplyDatabase({{"connection", {{"secretRef", {{"name", "s" + std::to_string(change)}}}}}});
        cluster.SettleWithProbes();
    }
    EXPECT_THAT(cluster.JobsOfRole("probe"), SizeIs(1));
}

// Crashes.

}  // namespace
}  // namespace simulation
