#include "engine/retry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/support/cluster.hpp"

namespace simulation {
namespace {

using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Json kThreeAttempts = {{"attempts", {{"max", 3}, {"retryExitCodes", {75}}}}};

/// A Database at 0001 and a Migration to 0002 whose first launch runs.
Cluster RunningCluster(const Json& spec = kThreeAttempts) {
    Cluster cluster;
    cluster.versions = {"0001"};
    cluster.ApplyDatabase();
    cluster.SettleWithProbes();
    cluster.Advance(seconds{5});
    cluster.ApplyMigration("orders", spec);
    cluster.Settle();
    return cluster;
}

/// Ends the newest launch like this and waits longer than any pause.
void FailAndWait(Cluster& cluster, const End& end) {
    cluster.EndMigration(cluster.LastJob(), end);
    cluster.Settle();
    cluster.Advance(seconds{600});
    cluster.SettleWithProbes();
}

TEST(Retry, AListedExitCodeIsAttemptedAgainUntilTheAttemptsAreUsedUp) {
    auto cluster = RunningCluster();
    for (int i = 0; i < 3; ++i)
        FailAndWait(cluster, {.exit_code = 75});
    EXPECT_THAT(cluster.created_jobs, SizeIs(3));
    EXPECT_EQ(cluster.ReadyStatus("orders"), "False");
    EXPECT_EQ(cluster.Reason("orders"), "MigrationFailed");
    EXPECT_EQ(cluster.ParsedDatabase().status.runs.front().attempts, 3);
    EXPECT_THAT(cluster.History("orders"), SizeIs(3));
    cluster.Advance(seconds{86400});
    EXPECT_THAT(cluster.Settle(), IsEmpty());
}

TEST(Retry, ALaunchWithMoreThanOnePodIsNotAttemptedAgainByItself) {
    auto cluster = RunningCluster();
    const auto job = cluster.LastJob();
    cluster.EndMigration(job, {.exit_code = 75});
    auto other = cluster.pods.at(job + "-pod");
    other["metadata"]["name"] = job + "-other";
    other["metadata"]["uid"] = "uid-other";
    other["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] = 137;
    cluster.pods[job + "-other"] = other;
    cluster.SettleWithProbes();
    EXPECT_EQ(cluster.Reason("orders"), "MigrationFailed");
    cluster.Advance(seconds{600});
    cluster.SettleWithProbes();
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
}

TEST(Retry, WaitsForItsPauseAndSaysWhenItEnds) {
    auto cluster = RunningCluster();
    cluster.EndMigration(cluster.LastJob(), {.exit_code = 75});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "RetryScheduled");
    EXPECT_EQ(cluster.ReadyStatus("orders"), "Unknown");
    ASSERT_TRUE(cluster.look_again);
    EXPECT_GE(*cluster.look_again, cluster.Now() + seconds{10});
    EXPECT_LE(*cluster.look_again, cluster.Now() + seconds{12});
    cluster.Advance(seconds{9});
    EXPECT_THAT(cluster.Settle(), IsEmpty());
    cluster.Advance(seconds{4});
    cluster.Settle();
    EXPECT_THAT(cluster.created_jobs, SizeIs(2));
    cluster.EndMigration(cluster.LastJob(), {.versions = std::vector<std::string>{"0002"}});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "MigrationSucceeded");
}

struct EndCase {
    const char* name;
    End end;
    bool is_repeated;
};

class RetryByEnd : public testing::TestWithParam<EndCase> {};

TEST_P(RetryByEnd, OnlyWhatMayHelpIsAttemptedAgain) {
    auto cluster = RunningCluster();
    FailAndWait(cluster, GetParam().end);
    EXPECT_THAT(cluster.created_jobs, SizeIs(GetParam().is_repeated ? 2 : 1));
}

INSTANTIATE_TEST_SUITE_P(
    Ends, RetryByEnd,
    testing::Values(
        EndCase{"Listed", {.exit_code = 75}, true}, EndCase{"NotListed", {.exit_code = 1}, false},
        EndCase{"LockTimeout", {.exit_code = 1, .tail = "ERROR: canceling statement due to lock timeout"}, true},
        EndCase{"Deadlock", {.exit_code = 1, .tail = "(psycopg2.errors.DeadlockDetected) deadlock detected"}, true},
        EndCase{"SqlState", {.exit_code = 3, .tail = "SQLSTATE 40001"}, true},
        EndCase{"CancelledForALock",
                {.exit_code = 1, .tail = "canceling statement due to user request", .locks = {{.cancels = 1}}},
                true},
        EndCase{
            "WaitedForALock", {.exit_code = 1, .tail = "syntax error", .locks = {{.longest_wait = seconds{9}}}}, false},
        EndCase{"CancelledForALockButDirty", {.exit_code = 1, .dirty = true, .locks = {{.cancels = 1}}}, false},
        EndCase{"LockWordsButExitZero", {.exit_code = 0, .tail = "deadlock detected"}, false},
        EndCase{"Dirty", {.exit_code = 75, .dirty = true}, false},
        EndCase{"EvictedAndUnchanged", {.exit_code = 137, .disruption = "EvictionByEvictionAPI"}, true},
        EndCase{
            "EvictedAndChanged",
            {.exit_code = 137, .versions = std::vector<std::string>{"0001_a"}, .disruption = "EvictionByEvictionAPI"},
            false},
        EndCase{"OutOfMemory", {.exit_code = 137, .reason = "OOMKilled"}, false},
        EndCase{"ProofMissing", {.exit_code = 0}, false}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Retry, ACancelledStatementAndItsWaitStandInTheHistory) {
    auto cluster = RunningCluster();
    cluster.EndMigration(cluster.LastJob(), {.exit_code = 1,
                                             .locks = {{.longest_wait = seconds{9},
                                                        .longest_blocking = seconds{6},
                                                        .cancels = 1,
                                                        .blockers = {{4712, "billing", "idle", std::nullopt}}}}});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "RetryScheduled");
    const auto entry = cluster.History("orders")[0];
    EXPECT_EQ(entry["reason"], "LockTimeout");
    EXPECT_EQ(entry["longestLockWaitSeconds"], 9);
    EXPECT_EQ(entry["longestBlockingSeconds"], 6);
    EXPECT_THAT(entry["message"].get<std::string>(), testing::HasSubstr("4712"));
}

TEST(Retry, DefaultIsOneAttempt) {
    auto cluster = RunningCluster({{"attempts", {{"retryExitCodes", {75}}}}});
    FailAndWait(cluster, {.exit_code = 75});
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
}

TEST(Retry, AttemptsAreBoundedAcrossRecreationAndFlippedSpecs) {
    auto cluster = RunningCluster();
    FailAndWait(cluster, {.exit_code = 75});
    cluster.EndMigration(cluster.LastJob(), {.exit_code = 75});
    cluster.Settle();
    cluster.DeleteMigration("orders");
    cluster.CollectGarbage();
    cluster.Settle();
    cluster.ApplyMigration("orders", kThreeAttempts);
    cluster.Advance(seconds{600});
    cluster.SettleWithProbes();
    ASSERT_THAT(cluster.created_jobs, SizeIs(3)) << "the third of three";
    cluster.EndMigration(cluster.LastJob(), {.exit_code = 75});
    cluster.Settle();
    for (int i = 0; i < 3; ++i) {
        cluster.ApplyMigration("orders", {{"suspend", true}, {"image", "other:1"}});
        cluster.Settle();
        cluster.ApplyMigration("orders", {{"suspend", false}, {"image", "orders:2"}});
        cluster.ApplyMigration("orders", kThreeAttempts);
        cluster.Advance(seconds{600});
        cluster.Settle();
    }
    cluster.DeleteMigration("orders");
    cluster.Settle();
    cluster.ApplyMigration("orders", kThreeAttempts);
    cluster.Advance(seconds{600});
    cluster.SettleWithProbes();
    EXPECT_THAT(cluster.created_jobs, SizeIs(3));
}

TEST(Retry, AnAnnotationGrantsOneLaunchOnce) {
    auto cluster = RunningCluster(Json::object());
    FailAndWait(cluster, {.exit_code = 1});
    ASSERT_THAT(cluster.created_jobs, SizeIs(1));
    auto& annotations = cluster.migrations["orders"]["metadata"]["annotations"];
    annotations["tidegate.io/retry"] = "first";
    cluster.Settle();
    ASSERT_THAT(cluster.created_jobs, SizeIs(2));
    FailAndWait(cluster, {.exit_code = 1});
    EXPECT_THAT(cluster.created_jobs, SizeIs(2));
    EXPECT_EQ(cluster.ReadyStatus("orders"), "False");

    cluster.DeleteMigration("orders");
    cluster.CollectGarbage();
    cluster.Settle();
    cluster.ApplyMigration("orders");
    cluster.migrations["orders"]["metadata"]["annotations"]["tidegate.io/retry"] = "first";
    cluster.SettleWithProbes();
    EXPECT_THAT(cluster.created_jobs, SizeIs(2)) << "created anew from Git, the same annotation grants nothing";

    cluster.migrations["orders"]["metadata"]["annotations"]["tidegate.io/retry"] = "second";
    cluster.SettleWithProbes();
    EXPECT_THAT(cluster.created_jobs, SizeIs(3));
}

TEST(Retry, TwoMigrationsWithOneKeyAndTheirOwnAnnotationsAskForOneLaunch) {
    auto cluster = RunningCluster(Json::object());
    FailAndWait(cluster, {.exit_code = 1});
    cluster.ApplyMigration("twin");
    cluster.Settle();
    ASSERT_THAT(cluster.created_jobs, SizeIs(1)) << "the same run, which has failed";
    cluster.migrations["orders"]["metadata"]["annotations"]["tidegate.io/retry"] = "one";
    cluster.migrations["twin"]["metadata"]["annotations"]["tidegate.io/retry"] = "other";
    cluster.Settle();
    ASSERT_THAT(cluster.created_jobs, SizeIs(2));
    FailAndWait(cluster, {.exit_code = 1});
    EXPECT_THAT(cluster.created_jobs, SizeIs(2))
        << "both annotations stand there for good; neither grants anything more";

    cluster.migrations["twin"]["metadata"]["annotations"]["tidegate.io/retry"] = "later";
    cluster.Settle();
    ASSERT_THAT(cluster.created_jobs, SizeIs(3));
    FailAndWait(cluster, {.exit_code = 1});
    cluster.migrations["twin"]["metadata"]["annotations"]["tidegate.io/retry"] = "other";
    cluster.Settle();
    EXPECT_THAT(cluster.created_jobs, SizeIs(3)) << "set back to an older state in Git";
}

TEST(Retry, AnAnnotationThatWasThereFromTheStartGrantsNothing) {
    Cluster cluster;
    cluster.versions = {"0001"};
    cluster.ApplyDatabase();
    cluster.SettleWithProbes();
    cluster.ApplyMigration("orders");
    cluster.migrations["orders"]["metadata"]["annotations"]["tidegate.io/retry"] = "in-git";
    cluster.Settle();
    FailAndWait(cluster, {.exit_code = 1});
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
}

TEST(Retry, RunTokenRunsAgainWhatNoOtherFieldShows) {
    auto cluster = RunningCluster({{"run", "a"}});
    FailAndWait(cluster, {.exit_code = 1});
    cluster.ApplyMigration("orders", {{"run", "b"}});
    cluster.Settle();
    EXPECT_THAT(cluster.created_jobs, SizeIs(2));
}

TEST(Retry, RunTokenRunsEvenWhereTheVersionIsReached) {
    auto cluster = RunningCluster(Json::object());
    cluster.EndMigration(cluster.LastJob(), {.versions = std::vector<std::string>{"0002"}});
    cluster.Settle();
    cluster.ApplyMigration("orders", {{"run", "seeds-changed"}});
    cluster.Settle();
    EXPECT_THAT(cluster.created_jobs, SizeIs(2));
    cluster.EndMigration(cluster.LastJob());
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "MigrationSucceeded");
    cluster.Advance(seconds{600});
    EXPECT_THAT(cluster.Settle(), IsEmpty());
}

TEST(Backoff, DoublesUpToItsBoundWithADerivedShare) {
    const api::Attempts attempts{.max = 20, .backoff = seconds{10}, .max_backoff = seconds{360}};
    seconds least{10};
    for (int attempt = 1; attempt < 20; ++attempt) {
        const auto pause = engine::Backoff(attempts, "key", attempt);
        EXPECT_GE(pause, least);
        EXPECT_LE(pause, least + least / 5);
        EXPECT_EQ(pause, engine::Backoff(attempts, "key", attempt)) << "derived, not drawn";
        least = std::min(least * 2, seconds{360});
    }
    std::set<seconds> pauses;
    for (const char* key : {"a", "b", "c", "d", "e", "f", "g", "h"})
        pauses.insert(engine::Backoff(attempts, key, 9));
    EXPECT_GT(pauses.size(), 3U) << "what failed together does not come back together";
}

}  // namespace
}  // namespace simulation
