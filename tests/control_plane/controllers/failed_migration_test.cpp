#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control_plane/controllers/operator_fixture.hpp"
#include "control_plane/controllers/operator_writes.hpp"

namespace test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A Database at 0001 and a Deployment that runs with it.
class FailedMigration : public OperatorFixture {
protected:
    void SetUp() override {
        OperatorFixture::SetUp();
        MakeDatabase({"0001"});
        Roll("0001", "app:1");
        ASSERT_TRUE(IsOpen());
    }

    void Roll(const std::string& version, const std::string& image) {
        kubectl_.MustApply(DeploymentBuilder("orders").Requires("orders@" + version).Image(image).Build());
    }

    std::string Run(const std::string& version, const std::string& image) {
        kubectl_.MustApply(MigrationBuilder("orders").Version(version).Image(image).Build());
        return RunningJob();
    }

    Json NewestEntry() const { return Migration()["status"]["history"][0]; }
};

TEST_F(FailedMigration, RunsOnceStaysFailedAndHoldsTheRollout) {
    const auto job = Run("0002", "orders:broken");
    Roll("0002", "app:2");
    node_.Start(PodOf(job));
    const OperatorWrites writes(Ns());
    FinishMigration(job, {.exit_code = 3, .before = {"0001"}, .after = {"0001"}, .tail = "no such column\n"});
    EXPECT_TRUE(IsStalled("MigrationFailed"));
    EXPECT_TRUE(IsHeldWith("MigrationFailed"));
    EXPECT_THAT(MessageOf(Migration()), HasSubstr("exit code 3"));
    EXPECT_THAT(MessageOf(Migration()), HasSubstr("0001"));
    EXPECT_EQ(NewestEntry()["exitCode"], 3);
    EXPECT_EQ(NewestEntry()["logTail"], "no such column");
    EXPECT_EQ(NewestEntry()["versionAfter"], "0001");
    EXPECT_TRUE(Eventually([&] { return HasEvent("Migration", "orders", "MigrationFailed"); }, "event"));

    EXPECT_TRUE(IsQuiet());
    EXPECT_EQ(writes.Lines().size(), 2U) << "result on the Migration and in the record";
    EXPECT_EQ(List(kube::kPods, "tidegate.io/role=migrate").size(), 1U);

    // Whatever else happens to the objects or to the operator runs nothing again.
    EXPECT_EQ(operator_->Stop(), 0);
    StartOperator();
    kubectl_.Must({"label", "tgm/orders", "touched=yes"});
    kubectl_.MergePatch("tgm/orders", {{"spec", {{"activeDeadlineSeconds", 99}}}});
    EXPECT_TRUE(IsStalled("MigrationFailed"));
    EXPECT_TRUE(IsQuiet());
    EXPECT_EQ(MigrationJobs().size(), 1U);
}

TEST_F(FailedMigration, ReCreatedFromGitItIsNotRunAgain) {
    FinishMigration(Run("0002", "orders:broken"), {.exit_code = 1, .before = {"0001"}, .after = {"0001"}});
    ASSERT_TRUE(IsStalled("MigrationFailed"));
    kubectl_.Must({"delete", "tgm/orders"});
    kubectl_.MustApply(MigrationBuilder("orders").Version("0002").Image("orders:broken").Build());
    EXPECT_TRUE(IsStalled("MigrationFailed"));
    EXPECT_TRUE(IsQuiet());
    EXPECT_TRUE(Eventually([&] { return MigrationJobs().empty(); }, "the Job went with the Migration that owned it"));
}

TEST_F(FailedMigration, AFixGoesThroughAndTheOldManifestOpensWithoutTheOperator) {
    FinishMigration(Run("0002", "orders:broken"), {.exit_code = 1, .before = {"0001"}, .after = {"0001"}});
    ASSERT_TRUE(IsStalled("MigrationFailed"));
    Roll("0002", "app:2");
    ASSERT_TRUE(IsHeldWith("MigrationFailed"));

    FinishMigration(Run("0002", "orders:fixed"), {.before = {"0001"}, .after = {"0002"}});
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
    EXPECT_TRUE(IsOpen());
    EXPECT_EQ(Migration()["status"]["history"].size(), 2U);
    ASSERT_TRUE(IsQuiet());

    EXPECT_EQ(operator_->Stop(), 0);
    Roll("0001", "app:1");
    EXPECT_FALSE(IsHeld(Deployment())) << "a satisfied rollback opens within the request";
    EXPECT_FALSE(Deployment()["spec"].value("paused", false));
    kubectl_.MustApply(MigrationBuilder("orders").Version("0002").Image("orders:broken").Build());
    StartOperator();
    EXPECT_TRUE(Eventually(
        [&] {
            const auto migration = Migration();
            return migration["status"]["observedGeneration"] == migration["metadata"]["generation"];
        },
        "seen"));
    EXPECT_TRUE(IsQuiet());
    EXPECT_EQ(MigrationJobs().size(), 2U) << "coming back to an old manifest runs nothing";
}

TEST_F(FailedMigration, AFailedKeyWhoseVersionIsReachedSinceIsReached) {
    FinishMigration(Run("0002", "orders:broken"), {.exit_code = 1, .before = {"0001"}, .after = {"0001"}});
    ASSERT_TRUE(IsStalled("MigrationFailed"));
    FinishMigration(Run("0002", "orders:fixed"), {.before = {"0001"}, .after = {"0002"}});
    ASSERT_TRUE(IsReady("MigrationSucceeded"));
    kubectl_.MustApply(MigrationBuilder("orders").Version("0002").Image("orders:broken").Build());
    EXPECT_TRUE(IsReady("AlreadyReached"));
}

TEST_F(FailedMigration, AnUnprovenRolloutWaitsForTheOperatorToComeBack) {
    EXPECT_EQ(operator_->Stop(), 0);
    kubectl_.MustApply(MigrationBuilder("orders").Version("0002").Build());
    Roll("0002", "app:2");
    EXPECT_TRUE(IsHeld(Deployment()));
    StartOperator();
    FinishMigration(RunningJob(), {.before = {"0001"}, .after = {"0002"}});
    EXPECT_TRUE(IsOpen());
}

TEST_F(FailedMigration, ExitCodeZeroWithoutTheVersionIsAFailure) {
    const auto job = Run("0002", "orders:2");
    Roll("0002", "app:2");
    FinishMigration(job, {.before = {"0001"}, .after = {"0001"}});
    EXPECT_TRUE(IsStalled("VerificationFailed"));
    const auto message = MessageOf(Migration());
    for (const auto* word : {"exit code 0", "version 0002 is not reached", "the database says version 0001",
                             "Check that the command migrates this database"})
        EXPECT_THAT(message, HasSubstr(word));
    EXPECT_EQ(NewestEntry()["exitCode"], 0);
    EXPECT_TRUE(IsHeldWith("VerificationFailed"));
    EXPECT_TRUE(IsQuiet());
    EXPECT_TRUE(IsHeld(Deployment()));
}

TEST_F(FailedMigration, AReachedVersionIsASuccessWhateverTheExitCode) {
    FinishMigration(Run("0002", "orders:2"), {.exit_code = 1, .before = {"0001"}, .after = {"0002"}});
    EXPECT_TRUE(IsReady("VerifiedAfterFailure"));
    EXPECT_THAT(MessageOf(Migration()), HasSubstr("exit code 1"));
}

TEST_F(FailedMigration, OutOfMemoryIsNamed) {
    FinishMigration(Run("0002", "orders:2"),
                    {.exit_code = 137, .before = {"0001"}, .after = {"0001"}, .reason = "OOMKilled"});
    EXPECT_TRUE(IsStalled("OutOfMemory"));
    EXPECT_THAT(MessageOf(Migration()), HasSubstr("spec.resources"));
    EXPECT_EQ(NewestEntry()["exitCode"], 137);
}

TEST_F(FailedMigration, AShellThatFindsNoCommandIsNamed) {
    FinishMigration(Run("0002", "orders:2"),
                    {.exit_code = 127, .before = {"0001"}, .after = {"0001"}, .tail = "sh: alembic: not found"});
    EXPECT_TRUE(IsStalled("CommandNotFound"));
    EXPECT_THAT(MessageOf(Migration()),
                AllOf(HasSubstr("exit code 127 (command not found)"), HasSubstr("Correct spec.command or spec.image")));
}

TEST_F(FailedMigration, ACommandThatDoesNotExistNeverRan) {
    FinishMigration(Run("0002", "orders:2"), {.exit_code = 128,
                                              .before = {"0001"},
                                              .after = {"0001"},
                                              .tail = "failed to create containerd task: exec: \"alembic\": executable "
                                                      "file not found in $PATH: unknown",
                                              .reason = "StartError"});
    EXPECT_TRUE(IsStalled("CommandNotFound"));
    EXPECT_THAT(MessageOf(Migration()), AllOf(HasSubstr("image orders:2"), HasSubstr("executable file not found"),
                                              HasSubstr("Correct spec.command or spec.image")));
    EXPECT_TRUE(Eventually([&] { return Database()["status"]["runs"][0]["outcome"] == "NeverStarted"; }, "recorded"));
    EXPECT_EQ(Database()["status"]["runs"][0]["attempts"], 0) << "no attempt: nothing ran";
}

TEST_F(FailedMigration, AnEvictedPodIsJudgedByTheDatabase) {
    const auto job = Run("0002", "orders:2");
    const auto pod = PodOf(job);
    node_.Start(pod);
    PatchPodStatus(pod, {{"reason", "Evicted"},
                         {"message", "The node was low on resource: memory."},
                         {"conditions",
                          {{{"type", "DisruptionTarget"},
                            {"status", "True"},
                            {"reason", "TerminationByKubelet"},
                            {"lastTransitionTime", "2026-11-22T00:00:00Z"}}}}});
    FinishMigration(job, {.exit_code = 137, .silent_agent = true});
    EXPECT_TRUE(MigrationSays("Verifying"));
    AnswerProbe({"0001"});
    EXPECT_TRUE(IsStalled("Disrupted"));
    EXPECT_THAT(MessageOf(Migration()), HasSubstr("137"));
    EXPECT_EQ(MigrationJobs().size(), 1U);
}

TEST_F(FailedMigration, PasswordsInTheLogAreInNoObject) {
    const auto job = Run("0002", "orders:2");
    FinishMigration(job, {.exit_code = 1,
                          .before = {"0001"},
                          .after = {"0001"},
                          .tail = "connecting to postgresql://orders:hunter2-uri@db:5432/orders\n"
                                  "password=hunter2-pair and PGPASSWORD: 'hunter2-quoted'\nit failed"});
    ASSERT_TRUE(IsStalled("MigrationFailed"));
    const std::string tail = NewestEntry()["logTail"];
    EXPECT_THAT(tail, HasSubstr("[redacted]"));
    EXPECT_THAT(tail, HasSubstr("it failed"));
    ASSERT_TRUE(Eventually([&] { return HasEvent("Migration", "orders", "MigrationFailed"); }, "event"));
    for (const auto& resource :
         {kube::kMigrations, kube::kDatabases, kube::kJobs, kube::kDeployments, kube::kEvents, kube::kLedgers}) {
        for (const auto& object : List(resource))
            EXPECT_THAT(object.dump(), Not(HasSubstr("hunter2"))) << resource.kind;
    }
    EXPECT_THAT(operator_->Log(), Not(HasSubstr("hunter2")));
}

TEST_F(FailedMigration, NoLogTailWhereTheUserWantsNone) {
    kubectl_.MustApply(MigrationBuilder("orders").Version("0002").Spec("logTail", "None").Build());
    FinishMigration(RunningJob(), {.exit_code = 1, .before = {"0001"}, .after = {"0001"}, .tail = "private"});
    ASSERT_TRUE(IsStalled("MigrationFailed"));
    EXPECT_FALSE(NewestEntry().contains("logTail"));
}

}  // namespace
}  // namespace test
