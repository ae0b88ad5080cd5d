#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control_plane/controllers/operator_fixture.hpp"
#include "control_plane/controllers/operator_writes.hpp"

namespace test {
namespace {

using testing::HasSubstr;

/// Several things that want to run.
class Turns : public OperatorFixture {
protected:
    static Json Of(const std::string& name, const std::string& version) {
        return MigrationBuilder(name).Database("orders").Version(version).Image("orders:" + name).Build();
    }

    /// Applied before the Database was read, so that nothing has begun.
    void ApplyUnread(const std::vector<Json>& migrations) {
        kubectl_.MustApply(DatabaseBuilder("orders").Build());
        for (const auto& migration : migrations)
            kubectl_.MustApply(migration);
        for (const auto& migration : migrations)
            ASSERT_TRUE(MigrationSays("WaitingForDatabase", migration["metadata"]["name"]));
    }

    int ActiveJobs() const {
        int active = 0;
        for (const auto& job : MigrationJobs()) {
            bool ended = false;
            for (const auto& condition : job["status"].value("conditions", Json::array()))
                ended = ended || ((condition["type"] == "Complete" || condition["type"] == "Failed") &&
                                  condition["status"] == "True");
            active += ended ? 0 : 1;
        }
        return active;
    }
};

TEST_F(Turns, LowerVersionsComeFirstAndNeverTwoAtOnce) {
    ApplyUnread({Of("c", "0003"), Of("a", "0001"), Of("b", "0002")});
    AnswerProbe({});
    Versions before;
    for (const auto* name : {"a", "b", "c"}) {
        const auto job = RunningJob(name);
        EXPECT_EQ(ActiveJobs(), 1);
        EXPECT_THAT(job, HasSubstr(std::string(name) + "-"));
        for (const auto* other : {"b", "c"}) {
            if (std::string(other) <= name) continue;
            EXPECT_TRUE(MigrationSays("WaitingForTurn", other));
            EXPECT_TRUE(Eventually([&] { return MessageOf(Migration(other)).find(job) != std::string::npos; },
                                   "the one that waits names the one that runs"));
        }
        const std::string version = Migration(name)["spec"]["version"];
        FinishMigration(job, {.before = before, .after = {version}});
        EXPECT_TRUE(IsReady("MigrationSucceeded", name));
        before = {version};
    }
    EXPECT_EQ(MigrationJobs().size(), 3U);
}

TEST_F(Turns, OfVersionsThatCannotBeComparedTheOlderMigrationComesFirst) {
    kubectl_.MustApply(DatabaseBuilder("orders").Build());
    kubectl_.MustApply(Of("young", "aa11bb"));
    // Creation times are whole seconds.
    const auto created = Migration("young")["metadata"]["creationTimestamp"];
    ASSERT_TRUE(Eventually(
        [&] {
            kubectl_.MustApply(Of("x-later", "ff00cc"));
            if (Migration("x-later")["metadata"]["creationTimestamp"] != created) return true;
            kubectl_.Must({"delete", "tgm/x-later"});
            return false;
        },
        "a Migration of a later second"));
    kubectl_.MustApply(Of("a-latest", "0011dd"));
    ASSERT_TRUE(MigrationSays("WaitingForDatabase", "a-latest"));
    AnswerProbe({"beef"});
    EXPECT_THAT(RunningJob("young"), HasSubstr("young-"));
    EXPECT_TRUE(MigrationSays("WaitingForTurn", "x-later"));
    EXPECT_TRUE(MigrationSays("WaitingForTurn", "a-latest"));
}

TEST_F(Turns, AFailureLetsTheNextOneTry) {
    ApplyUnread({Of("a", "0001"), Of("b", "0002")});
    AnswerProbe({});
    FinishMigration(RunningJob("a"), {.exit_code = 1});
    EXPECT_TRUE(IsStalled("MigrationFailed", "a"));
    FinishMigration(RunningJob("b"), {.after = {"0002"}});
    EXPECT_TRUE(IsReady("MigrationSucceeded", "b"));
}

TEST_F(Turns, DatabasesOfOneNamespaceDoNotWaitForEachOther) {
    MakeDatabase({}, "one");
    MakeDatabase({}, "two");
    kubectl_.MustApply(MigrationBuilder("one").Version("0001").Build());
    kubectl_.MustApply(MigrationBuilder("two").Version("0001").Build());
    EXPECT_NE(RunningJob("one"), RunningJob("two"));
    EXPECT_EQ(ActiveJobs(), 2);
}

TEST_F(Turns, ASpecThatChangesWhileItRunsIsQueued) {
    MakeDatabase({});
    kubectl_.MustApply(Of("orders", "0001"));
    const auto first = RunningJob();
    const auto pod = PodOf(first);
    node_.Start(pod);
    kubectl_.MustApply(Of("orders", "0002"));
    ASSERT_TRUE(MigrationSays("WaitingForTurn"));
    EXPECT_THAT(MessageOf(Migration()), HasSubstr(first));
    EXPECT_TRUE(IsQuiet());
    EXPECT_EQ(MigrationJobs().size(), 1U);
    EXPECT_FALSE(Get(kube::kPods, pod)["metadata"].contains("deletionTimestamp")) << "what runs is never stopped";
    EXPECT_EQ(Migration()["status"]["run"]["jobName"], first);
    EXPECT_EQ(Migration()["status"]["run"]["active"], true);

    FinishMigration(first, {.after = {"0001"}});
    std::string second;
    ASSERT_TRUE(Eventually([&] { return (second = RunningJob()) != first; }, "the new spec runs"));
    FinishMigration(second, {.before = {"0001"}, .after = {"0002"}});
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
    const auto history = Migration()["status"]["history"];
    ASSERT_EQ(history.size(), 2U);
    EXPECT_EQ(history[0]["jobName"], second);
    EXPECT_EQ(history[1]["jobName"], first);
    EXPECT_EQ(history[1]["versionAfter"], "0001");
}

TEST_F(Turns, SuspendedStartsNothingUntilItIsResumed) {
    MakeDatabase({});
    auto migration = Of("orders", "0001");
    migration["spec"]["suspend"] = true;
    kubectl_.MustApply(migration);
    EXPECT_TRUE(MigrationSays("Suspended"));
    EXPECT_THAT(MessageOf(Migration()), HasSubstr("spec.suspend"));
    EXPECT_EQ(Migration()["status"]["run"]["waitingFor"][0], "Suspended");
    EXPECT_TRUE(IsQuiet());
    EXPECT_TRUE(MigrationJobs().empty());
    kubectl_.MergePatch("tgm/orders", {{"spec", {{"suspend", false}}}});
    FinishMigration(RunningJob(), {.after = {"0001"}});
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
}

TEST_F(Turns, SuspendingWhatRunsDoesNotStopIt) {
    MakeDatabase({});
    kubectl_.MustApply(Of("orders", "0001"));
    const auto job = RunningJob();
    node_.Start(PodOf(job));
    kubectl_.MergePatch("tgm/orders", {{"spec", {{"suspend", true}}}});
    EXPECT_TRUE(MigrationSays("MigrationRunning"));
    FinishMigration(job, {.after = {"0001"}});
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
}

TEST_F(Turns, HistoryAndItsJobsAreKeptUpToTheLimit) {
    MakeDatabase({});
    Versions before;
    std::vector<std::string> jobs;
    for (const auto* version : {"0001", "0002", "0003"}) {
        kubectl_.MustApply(MigrationBuilder("orders").Version(version).Image(version).Spec("historyLimit", 2).Build());
        ASSERT_TRUE(Eventually([&] { return jobs.empty() || RunningJob() != jobs.back(); }, "the next Job"));
        jobs.push_back(RunningJob());
        FinishMigration(jobs.back(), {.before = before, .after = {version}});
        ASSERT_TRUE(IsReady("MigrationSucceeded"));
        before = {version};
    }
    EXPECT_TRUE(Eventually([&] { return MigrationJobs().size() == 2; }, "the oldest Job goes"));
    EXPECT_FALSE(Exists(kube::kJobs, jobs[0]));
    const auto history = Migration()["status"]["history"];
    ASSERT_EQ(history.size(), 2U);
    EXPECT_EQ(history[0]["versionAfter"], "0003");
    EXPECT_EQ(history[1]["versionAfter"], "0002");
    EXPECT_EQ(Database()["status"]["runs"].size(), 3U) << "the record keeps what the history does not";
}

TEST_F(Turns, OnlyTheNewestProbeIsKept) {
    MakeDatabase({});
    kubectl_.MustApply(DatabaseBuilder("orders").Secret("another").Build());
    AnswerProbe({"0001"});
    EXPECT_TRUE(DatabaseSays("VersionKnown"));
    EXPECT_TRUE(Eventually([&] { return List(kube::kJobs, "tidegate.io/role=probe").size() == 1; }, "one probe"));
    EXPECT_EQ(Database()["status"]["version"], "0001");
}

TEST_F(Turns, AChangedDatabaseIsReadBeforeAnythingIsJudged) {
    MakeDatabase({"0001"});
    kubectl_.MustApply(DeploymentBuilder("orders").Requires("orders@0001").Build());
    ASSERT_TRUE(IsOpen());
    kubectl_.MustApply(DatabaseBuilder("orders").Secret("another").Build());
    ASSERT_TRUE(DatabaseSays("Probing"));
    ASSERT_TRUE(Eventually([&] { return Get(kube::kLedgers, "tidegate")["satisfied"].empty(); }, "withdrawn"));
    kubectl_.MustApply(DeploymentBuilder("orders").Requires("orders@0001").Image("app:2").Build());
    EXPECT_TRUE(IsHeldWith("was not read yet"));
    AnswerProbe({"0001"});
    EXPECT_TRUE(IsOpen());
}

}  // namespace
}  // namespace test
