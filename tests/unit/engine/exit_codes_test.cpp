#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/support/cluster.hpp"

/// engine: Other.
namespace simulation {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Cluster OtherCluster() {
    Cluster cluster;
    cluster.ApplyDatabase({{"engine", "Other"}, {"history", nullptr}, {"connection", nullptr}});
    return cluster;
}

End Exit(int code) {
    return {.exit_code = code, .versions = {}, .reason = {}, .tail = {}, .agent_reports = false, .disruption = {}};
}

std::vector<std::string> Satisfied(const Cluster& cluster) {
    const auto ledger = engine::DecideLedger(cluster.MakeLedgerWorld());
    if (!ledger.step) return {};
    return std::get<engine::WriteLedger>(*ledger.step).satisfied;
}

std::string Message(const Cluster& cluster) {
    const auto database = cluster.ParsedDatabase();
    const auto* ready = api::FindCondition(database.status.conditions, api::kReady);
    return ready->reason + ": " + ready->message;
}

std::string MessageOf(const Cluster& cluster, const std::string& migration) {
    const auto parsed = cluster.ParsedMigration(migration);
    return api::FindCondition(parsed.status.conditions, api::kReady)->message;
}

TEST(ExitCodes, NothingIsReadAndTheDatabaseSaysSo) {
    auto cluster = OtherCluster();
    EXPECT_THAT(cluster.Settle(), SizeIs(1)) << "its status alone";
    EXPECT_THAT(cluster.JobsOfRole("probe"), IsEmpty());
    EXPECT_THAT(Message(cluster), HasSubstr("ExitCodesOnly: spec.engine is Other: nothing is read in the database"));
}

TEST(ExitCodes, ExitCodeZeroProvesTheVersionAndTheOlderOnes) {
    auto cluster = OtherCluster();
    cluster.ApplyMigration("orders");
    cluster.HoldDeployment("web", "orders@0001");
    cluster.HoldDeployment("worker", "orders@0003");
    cluster.Settle();
    ASSERT_THAT(cluster.created_jobs, SizeIs(1));
    EXPECT_THAT(cluster.jobs.at(cluster.LastJob())["spec"]["template"]["spec"]["initContainers"], IsEmpty())
        << "the agent speaks PostgreSQL only";
    EXPECT_THAT(Satisfied(cluster), IsEmpty());
    cluster.EndMigration(cluster.LastJob(), Exit(0));
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "MigrationSucceeded");
    EXPECT_THAT(Satisfied(cluster), ElementsAre("orders@0001", "orders@0002", "orders@image=orders:2"));
    EXPECT_THAT(Message(cluster), HasSubstr("brought version 0002"));
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
    EXPECT_THAT(cluster.JobsOfRole("probe"), IsEmpty());
}

TEST(ExitCodes, AnotherExitCodeFailsAndIsNotRepeated) {
    auto cluster = OtherCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), Exit(3));
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "MigrationFailed");
    EXPECT_THAT(MessageOf(cluster, "orders"), AllOf(HasSubstr("exit code 3."), HasSubstr("tidegate.io/retry")));
    EXPECT_THAT(Satisfied(cluster), IsEmpty());
    cluster.Advance(seconds{100000});
    cluster.Settle();
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
}

TEST(ExitCodes, AListedExitCodeIsAttemptedAgain) {
    auto cluster = OtherCluster();
    cluster.ApplyMigration("orders", {{"attempts", {{"max", 2}, {"retryExitCodes", {75}}}}});
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), Exit(75));
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "RetryScheduled");
    cluster.Advance(seconds{60});
    cluster.Settle();
    EXPECT_THAT(cluster.created_jobs, SizeIs(2));
}

TEST(ExitCodes, WhatIsLostHasFailedAndIsNeverRunBlindly) {
    auto cluster = OtherCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    cluster.StartMigration(cluster.LastJob());
    cluster.Settle();
    cluster.DeleteJobAndPods(cluster.LastJob());
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "EvidenceLost");
    EXPECT_THAT(MessageOf(cluster, "orders"),
                AllOf(HasSubstr("The migration to version 0002 (Job " + cluster.LastJob() +
                                "): its pod is gone and how it ended is not known"),
                      HasSubstr("look there, then annotate the Migration tidegate.io/retry=<a new value>")));
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
    cluster.migrations.at("orders")["metadata"]["annotations"]["tidegate.io/retry"] = "looked";
    cluster.Settle();
    EXPECT_THAT(cluster.created_jobs, SizeIs(2));
}

TEST(ExitCodes, AnIntentOfBeforeARestartIsNotRunBlindlyEither) {
    auto cluster = OtherCluster();
    cluster.Settle();
    cluster.ApplyMigration("orders");
    ASSERT_THAT(cluster.SettleAtMost(1), ElementsAre("Database intent"));
    cluster.Restart();
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "EvidenceLost");
    EXPECT_THAT(MessageOf(cluster, "orders"),
                AllOf(HasSubstr("Whether Job orders-"), HasSubstr("is not known, and it is not there"),
                      HasSubstr("look there, then annotate the Migration tidegate.io/retry=<a new value>")));
    EXPECT_THAT(cluster.created_jobs, IsEmpty());
}

TEST(ExitCodes, ACompleteJobWhosePodIsGoneHasSucceeded) {
    auto cluster = OtherCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    auto end = Exit(0);
    end.pod_stays = false;
    cluster.EndMigration(cluster.LastJob(), end);
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "MigrationSucceeded");
}

TEST(ExitCodes, TheBaselineHoldsFromTheStart) {
    auto cluster = OtherCluster();
    cluster.ApplyDatabase({{"baseline", {"2025-release"}}});
    cluster.HoldDeployment("web", "orders@2025-release");
    cluster.Settle();
    EXPECT_THAT(Satisfied(cluster), Contains("orders@2025-release"));
}

TEST(ExitCodes, OfTwoMigrationsOfOneDatabaseOneRunsAtATime) {
    auto cluster = OtherCluster();
    cluster.ApplyMigration("orders");
    cluster.ApplyMigration("later", {{"version", "0003"}});
    cluster.Settle();
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
    EXPECT_EQ(cluster.Reason("later"), "WaitingForTurn");
    cluster.EndMigration(cluster.LastJob(), Exit(0));
    cluster.Settle();
    EXPECT_THAT(cluster.created_jobs, SizeIs(2));
}

}  // namespace
}  // namespace simulation
