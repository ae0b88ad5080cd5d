#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/support/cluster.hpp"

namespace simulation {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Versions = std::vector<std::string>;

constexpr seconds kEvery{3600};

/// At 0002 by a run of Migration orders, and read again each hour.
Cluster MigratedCluster() {
    auto cluster = ReadCluster();
    cluster.ApplyDatabase({{"recheckSeconds", kEvery.count()}});
    cluster.SettleWithProbes();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0002"}});
    cluster.SettleWithProbes();
    return cluster;
}

std::vector<std::string> Satisfied(const Cluster& cluster) {
    const auto ledger = engine::DecideLedger(cluster.MakeLedgerWorld());
    return std::get<engine::WriteLedger>(*ledger.step).satisfied;
}

std::string DatabaseReason(const Cluster& cluster) {
    const auto database = cluster.ParsedDatabase();
    return api::FindCondition(database.status.conditions, api::kReady)->reason;
}

TEST(Recheck, ReadsAgainWhenTheReadingIsOldAndNotBefore) {
    auto cluster = MigratedCluster();
    ASSERT_TRUE(cluster.look_again);
    EXPECT_LE(*cluster.look_again, cluster.Now() + kEvery);
    cluster.Advance(kEvery - seconds{1});
    EXPECT_THAT(cluster.Settle(), IsEmpty());
    cluster.Advance(seconds{1});
    EXPECT_THAT(cluster.Settle(), ElementsAre("Database probe begun", "probe Job", "Job deleted"));
    ASSERT_TRUE(cluster.EndProbe());
    EXPECT_THAT(cluster.Settle(), ElementsAre("Database probe ended"));
    EXPECT_EQ(DatabaseReason(cluster), "VersionKnown");
}

TEST(Recheck, IsNotAskedForByDefault) {
    auto cluster = ReadCluster();
    EXPECT_FALSE(cluster.look_again);
    cluster.Advance(seconds{1000000});
    EXPECT_THAT(cluster.Settle(), IsEmpty());
}

TEST(Recheck, ADatabaseRestoredToAnOlderStateIsNoticedAndNothingIsRunAgainByItself) {
    auto cluster = MigratedCluster();
    EXPECT_THAT(Satisfied(cluster), Contains("orders@0002"));
    cluster.versions = {"0001"};
    cluster.notes.clear();
    cluster.Advance(kEvery);
    cluster.SettleWithProbes();
    EXPECT_THAT(Satisfied(cluster), IsEmpty()) << "neither 0002 nor orders@image=orders:2";
    EXPECT_EQ(cluster.Reason("orders"), "VersionLost");
    EXPECT_EQ(cluster.ReadyStatus("orders"), "False");
    EXPECT_EQ(DatabaseReason(cluster), "VersionLost");
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
    ASSERT_FALSE(cluster.notes.empty());
    EXPECT_THAT(cluster.notes.front().text, HasSubstr("says version 0001 where it said version 0002"));
    EXPECT_THAT(cluster.notes.front().text, HasSubstr("No longer proven: orders@0002."));
    cluster.Advance(kEvery);
    cluster.SettleWithProbes();
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
}

TEST(Recheck, WhatWasLostRunsAgainWhenItsOwnerAsks) {
    auto cluster = MigratedCluster();
    cluster.versions = {"0001"};
    cluster.Advance(kEvery);
    cluster.SettleWithProbes();
    cluster.migrations.at("orders")["metadata"]["annotations"]["tidegate.io/retry"] = "restored";
    cluster.Settle();
    ASSERT_THAT(cluster.created_jobs, SizeIs(2));
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0002"}});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "MigrationSucceeded");
    EXPECT_EQ(DatabaseReason(cluster), "VersionKnown");
    cluster.versions = {"0001"};
    cluster.Advance(kEvery);
    cluster.SettleWithProbes();
    EXPECT_EQ(cluster.Reason("orders"), "VersionLost") << "the token is used up";
    EXPECT_THAT(cluster.created_jobs, SizeIs(2));
}

TEST(Recheck, AVersionThatWasThereWithoutARunIsNotRunByItselfEither) {
    auto cluster = ReadCluster();
    cluster.versions = {"0002"};
    cluster.ApplyDatabase({{"recheckSeconds", kEvery.count()}});
    cluster.SettleWithProbes();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    ASSERT_EQ(cluster.Reason("orders"), "AlreadyReached");
    cluster.versions = {"0001"};
    cluster.Advance(kEvery);
    cluster.SettleWithProbes();
    EXPECT_EQ(cluster.Reason("orders"), "VersionLost");
    EXPECT_THAT(cluster.created_jobs, IsEmpty());
    cluster.Restart();
    EXPECT_THAT(cluster.Settle(), IsEmpty());
    cluster.migrations.at("orders")["metadata"]["annotations"]["tidegate.io/retry"] = "restored";
    cluster.Settle();
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
}

void Annotate(Cluster& cluster, const std::string& token) {
    cluster.migrations.at("orders")["metadata"]["annotations"]["tidegate.io/retry"] = token;
}

TEST(Recheck, ATokenThatStoodBeforeTheLossDoesNotRunWhatWasThereWithoutARun) {
    auto cluster = ReadCluster();
    cluster.versions = {"0002"};
    cluster.ApplyDatabase({{"recheckSeconds", kEvery.count()}});
    cluster.SettleWithProbes();
    cluster.ApplyMigration("orders");
    Annotate(cluster, "of old");
    cluster.Settle();
    ASSERT_EQ(cluster.Reason("orders"), "AlreadyReached");
    cluster.versions = {"0001"};
    cluster.Advance(kEvery);
    cluster.SettleWithProbes();
    EXPECT_EQ(cluster.Reason("orders"), "VersionLost");
    EXPECT_EQ(DatabaseReason(cluster), "VersionLost");
    EXPECT_THAT(cluster.created_jobs, IsEmpty());
    Annotate(cluster, "restored");
    cluster.Settle();
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
}

TEST(Recheck, ATokenThatStoodBeforeTheLossDoesNotRunASucceededRunAgain) {
    auto cluster = MigratedCluster();
    Annotate(cluster, "of old");
    cluster.Settle();
    ASSERT_EQ(cluster.Reason("orders"), "MigrationSucceeded");
    cluster.versions = {"0001"};
    cluster.Advance(kEvery);
    cluster.SettleWithProbes();
    EXPECT_EQ(cluster.Reason("orders"), "VersionLost");
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
    cluster.Advance(kEvery);
    cluster.Settle();
    Annotate(cluster, "restored");
    cluster.SettleWithProbes();
    cluster.Settle();
    EXPECT_THAT(cluster.created_jobs, SizeIs(2)) << "a reading that finds it lost again takes no new token away";
}

TEST(Recheck, WhatWasLostWithoutARunIsWellAgainWhenItsVersionIsBack) {
    auto cluster = ReadCluster();
    cluster.versions = {"0002"};
    cluster.ApplyDatabase({{"recheckSeconds", kEvery.count()}});
    cluster.SettleWithProbes();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    for (int round = 0; round < 2; ++round) {
        cluster.versions = {"0001"};
        cluster.Advance(kEvery);
        cluster.SettleWithProbes();
        ASSERT_EQ(cluster.Reason("orders"), "VersionLost");
        cluster.versions = {"0002"};
        cluster.Advance(kEvery);
        cluster.SettleWithProbes();
        EXPECT_EQ(cluster.Reason("orders"), "AlreadyReached");
        EXPECT_EQ(DatabaseReason(cluster), "VersionKnown");
    }
    EXPECT_THAT(cluster.created_jobs, IsEmpty());
}

TEST(Recheck, ADatabaseRestoredAsANewOneUnderTheSameNameIsNotMigratedByItself) {
    auto cluster = MigratedCluster();
    cluster.identity = "9999/5";
    cluster.versions = {};
    cluster.Advance(kEvery);
    cluster.SettleWithProbes();
    EXPECT_THAT(Satisfied(cluster), IsEmpty());
    EXPECT_EQ(cluster.Reason("orders"), "VersionLost");
    EXPECT_THAT(cluster.created_jobs, SizeIs(1)) << "a restore may be under way";
    cluster.versions = {"0002"};
    cluster.Advance(kEvery);
    cluster.SettleWithProbes();
    EXPECT_THAT(Satisfied(cluster), Contains("orders@0002"));
    EXPECT_EQ(cluster.Reason("orders"), "MigrationSucceeded");
}

TEST(Recheck, AProbeThatFailsIsNotRepeatedBeforeTheNextIsDue) {
    auto cluster = MigratedCluster();
    cluster.Advance(kEvery);
    cluster.Settle();
    cluster.FailProbe("Unreachable", "connection refused");
    cluster.Settle();
    EXPECT_THAT(Satisfied(cluster), Contains("orders@0002")) << "no answer disproves nothing";
    cluster.Advance(kEvery - seconds{2});
    EXPECT_THAT(cluster.Settle(), IsEmpty());
}

}  // namespace
}  // namespace simulation
