#include "engine/classify.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/reasons.hpp"

namespace engine {
namespace {

using api::RunOutcome;
using observed::ContainerFacts;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

const core::Time kStart = *core::ParseTime("2026-11-22T12:00:00Z");

struct Row {
    const char* what;
    /// Of the migration container: exit code, or none where the pod is gone.
    std::optional<int> exit_code;
    const char* container_reason;
    const char* disruption;
    /// What the database said afterwards: nullptr for not known yet, "-" for an empty table.
    const char* after;
    bool dirty;
    /// Expected; reason nullptr: only the database can tell.
    const char* reason;
    RunOutcome outcome;
};

std::optional<EndedRun> ClassifyRow(const Row& row, const char* version = "0002",
                                    const api::Migration* migration = nullptr) {
    const api::RunRecord run{.key = "key", .image = "orders:2", .version = version, .job_name = "orders-x-1"};
    observed::JobFacts job;
    job.state = row.exit_code == 0 ? observed::JobFacts::State::Complete : observed::JobFacts::State::Failed;
    observed::PodFacts pod;
    pod.terminal = true;
    pod.scheduled = true;
    pod.disruption = row.disruption;
    pod.migration.state = ContainerFacts::State::Terminated;
    pod.migration.reason = row.container_reason;
    pod.migration.exit_code = row.exit_code;
    pod.migration.start_time = kStart;
    pod.migration.end_time = kStart + seconds{10};
    Evidence evidence{.run = run, .scheme = version::Tool::Alembic, .job = &job, .migration = migration};
    if (row.exit_code) evidence.pod = &pod;
    if (row.after != nullptr) {
        evidence.after = version::Reading{.initialised = true, .dirty = row.dirty};
        if (std::string_view(row.after) != "-") evidence.after->versions = {row.after};
    }
    return Classify(evidence);
}

TEST(Classify, ReadsAnEndAsTheReferenceTableSays) {
    const Row rows[] = {
        {"0, reached", 0, "Completed", "", "0002", false, "MigrationSucceeded", RunOutcome::Succeeded},
        {"0, beyond", 0, "Completed", "", "0003", false, "MigrationSucceeded", RunOutcome::Succeeded},
        {"0, not reached", 0, "Completed", "", "0001", false, "VerificationFailed", RunOutcome::Failed},
        {"0, no table", 0, "Completed", "", "-", false, "VerificationFailed", RunOutcome::Failed},
        {"0, another hash", 0, "Completed", "", "cafe", false, "VersionUnknown", RunOutcome::Failed},
        {"0, dirty", 0, "Completed", "", "0002", true, "VerificationFailed", RunOutcome::Failed},
        {"0, no reading", 0, "Completed", "", nullptr, false, nullptr, RunOutcome::Failed},
        {"1, not reached", 1, "Error", "", "0001", false, "MigrationFailed", RunOutcome::Failed},
        {"1, reached", 1, "Error", "", "0002", false, "VerifiedAfterFailure", RunOutcome::Succeeded},
        {"1, dirty", 1, "Error", "", "0002", true, "MigrationFailed", RunOutcome::Failed},
        {"1, another hash", 1, "Error", "", "cafe", false, "MigrationFailed", RunOutcome::Failed},
        {"1, no reading", 1, "Error", "", nullptr, false, nullptr, RunOutcome::Failed},
        {"126", 126, "Error", "", "0001", false, "CommandNotFound", RunOutcome::Failed},
        {"127", 127, "Error", "", "0001", false, "CommandNotFound", RunOutcome::Failed},
        {"137, out of memory", 137, "OOMKilled", "", "0001", false, "OutOfMemory", RunOutcome::Failed},
        {"137, out of memory, reached", 137, "OOMKilled", "", "0002", false, "VerifiedAfterFailure",
         RunOutcome::Succeeded},
        {"137, evicted", 137, "Error", "Evicted", "0001", false, "Disrupted", RunOutcome::Failed},
        {"143, drained", 143, "Error", "EvictionByEvictionAPI", "0001", false, "Disrupted", RunOutcome::Failed},
        {"143, nobody knows why", 143, "Error", "", "0001", false, "MigrationFailed", RunOutcome::Failed},
        {"3, while evicted", 3, "Error", "Evicted", "0001", false, "MigrationFailed", RunOutcome::Failed},
        {"lost container", 137, "ContainerStatusUnknown", "", "0001", false, "Disrupted", RunOutcome::Failed},
        {"StartError", 128, "StartError", "", nullptr, false, "CommandNotFound", RunOutcome::NeverStarted},
        {"pod gone, no reading", std::nullopt, "", "", nullptr, false, nullptr, RunOutcome::Failed},
        {"pod gone, reached", std::nullopt, "", "", "0002", false, "VerifiedAfterFailure", RunOutcome::Succeeded},
        {"pod gone, not reached", std::nullopt, "", "", "0001", false, "EvidenceLost", RunOutcome::Failed},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.what);
        const auto end = ClassifyRow(row);
        ASSERT_EQ(end.has_value(), row.reason != nullptr);
        if (!end) continue;
        EXPECT_EQ(end->reason, row.reason);
        EXPECT_EQ(end->outcome, row.outcome);
        EXPECT_EQ(end->attempted, row.outcome != RunOutcome::NeverStarted);
        EXPECT_FALSE(end->message.empty());
    }
}

TEST(Classify, WithoutAVersionExitZeroAndACleanTableAreTheProof) {
    const Row rows[] = {
        {"0, clean", 0, "Completed", "", "cafe", false, "MigrationSucceeded", RunOutcome::Succeeded},
        {"0, no version at all", 0, "Completed", "", "-", false, "MigrationSucceeded", RunOutcome::Succeeded},
        {"0, dirty", 0, "Completed", "", "cafe", true, "VerificationFailed", RunOutcome::Failed},
        {"1", 1, "Error", "", "cafe", false, "MigrationFailed", RunOutcome::Failed},
        {"pod gone", std::nullopt, "", "", "cafe", false, "EvidenceLost", RunOutcome::Failed},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.what);
        const auto end = ClassifyRow(row, "");
        ASSERT_TRUE(end);
        EXPECT_EQ(end->reason, row.reason);
        EXPECT_EQ(end->outcome, row.outcome);
    }
}

TEST(Classify, ACompleteJobExitedWithZeroThoughItsPodIsGone) {
    const api::RunRecord run{.key = "key", .image = "orders:2", .job_name = "orders-x-1"};
    observed::JobFacts job;
    job.state = observed::JobFacts::State::Complete;
    const auto end = Classify({.run = run,
                               .scheme = version::Tool::Alembic,
                               .job = &job,
                               .after = version::Reading{.initialised = true, .versions = {"0002"}}});
    ASSERT_TRUE(end);
    EXPECT_EQ(end->reason, api::reasons::kMigrationSucceeded);
}

TEST(Classify, ALaunchThatNeverBeganIsSupersededWhereNobodyAsksForItAnyMore) {
    const api::RunRecord run{.key = "key", .image = "orders:2", .version = "0002", .job_name = "orders-x-1"};
    observed::PodFacts pod;
    pod.terminal = true;
    pod.migration.state = ContainerFacts::State::Waiting;
    pod.migration.message = "pull access denied";
    api::Migration migration;
    migration.run_key = "key";
    Evidence evidence{.run = run, .scheme = version::Tool::Alembic, .pod = &pod, .migration = &migration};
    EXPECT_EQ(Classify(evidence)->reason, api::reasons::kNeverStarted);
    EXPECT_THAT(Classify(evidence)->message, HasSubstr("pull access denied"));
    migration.run_key = "another";
    EXPECT_EQ(Classify(evidence)->reason, api::reasons::kSuperseded);
    evidence.migration = nullptr;
    EXPECT_EQ(Classify(evidence)->reason, api::reasons::kSuperseded) << "deleted: creating it again runs it";
    EXPECT_EQ(Classify(evidence)->outcome, RunOutcome::NeverStarted);
}

TEST(Classify, ThePastDeadlineIsNamedWhereItWasTheCause) {
    api::Migration migration;
    migration.run_key = "key";
    migration.spec.active_deadline = seconds{10};
    const api::RunRecord run{.key = "key", .version = "0002", .job_name = "orders-x-1"};
    observed::PodFacts pod;
    pod.terminal = true;
    pod.deleting = true;
    pod.migration.state = ContainerFacts::State::Terminated;
    pod.migration.exit_code = 143;
    pod.migration.start_time = kStart;
    pod.migration.end_time = kStart + seconds{10};
    const version::Reading after{.initialised = true, .versions = {"0001"}};
    const Evidence evidence{
        .run = run, .scheme = version::Tool::Alembic, .pod = &pod, .migration = &migration, .after = after};
    EXPECT_EQ(Classify(evidence)->reason, api::reasons::kDeadlineExceeded);
    EXPECT_THAT(Classify(evidence)->message, HasSubstr("10s"));
    pod.migration.end_time = kStart + seconds{9};
    EXPECT_EQ(Classify(evidence)->reason, api::reasons::kMigrationFailed);
    pod.migration.end_time = kStart + seconds{30};
    pod.deleting = false;
    EXPECT_EQ(Classify(evidence)->reason, api::reasons::kMigrationFailed) << "it ended by itself";
}

/// A failed run to 0002 whose agent saw these lock waits, with this output of the tool.
std::optional<EndedRun> ClassifyLocks(int exit_code, const api::AgentReport::Locks& locks, const char* output,
                                      const char* after = "0001") {
    const api::RunRecord run{.key = "key", .version = "0002", .job_name = "orders-x-1"};
    observed::PodFacts pod;
    pod.terminal = true;
    pod.migration.state = ContainerFacts::State::Terminated;
    pod.migration.exit_code = exit_code;
    pod.migration.start_time = kStart;
    pod.log_tail = output;
    pod.report = api::AgentReport{};
    pod.report->locks = locks;
    return Classify({.run = run,
                     .scheme = version::Tool::Alembic,
                     .pod = &pod,
                     .after = version::Reading{.initialised = true, .versions = {after}}});
}

const api::AgentReport::Locks kWaited{.longest_wait = seconds{12},
                                      .longest_blocking = seconds{6},
                                      .blockers = {{4712, "billing", "idle in transaction", seconds{90}}}};

TEST(Classify, ARunWhoseStatementTheAgentCancelledIsALockTimeoutAndSaysWhoWasInTheWay) {
    auto locks = kWaited;
    locks.cancels = 1;
    const auto end = ClassifyLocks(1, locks, "canceling statement due to user request");
    ASSERT_TRUE(end);
    EXPECT_EQ(end->reason, api::reasons::kLockTimeout);
    EXPECT_EQ(end->outcome, RunOutcome::Failed);
    EXPECT_THAT(end->message,
                testing::AllOf(HasSubstr("12s"), HasSubstr("server process 4712 (\"billing\", idle"),
                               HasSubstr("up to 6s"), HasSubstr("spec.lockWatch"), HasSubstr("tidegate.io/retry")));
    EXPECT_LT(end->message.size(), 1024U) << "the record's message is cut there";
    EXPECT_EQ(ClassifyLocks(1, locks, "", "0002")->reason, api::reasons::kVerifiedAfterFailure);
    EXPECT_EQ(ClassifyLocks(0, locks, "", "0002")->reason, api::reasons::kMigrationSucceeded)
        << "the tool tried again by itself";
    EXPECT_EQ(ClassifyLocks(127, locks, "")->reason, api::reasons::kCommandNotFound);
}

TEST(Classify, ALockTimeoutOfTheToolSaysWhoWasInTheWayAndAnotherFailureDoesNot) {
    const auto timeout = ClassifyLocks(1, kWaited, "canceling statement due to lock timeout");
    EXPECT_EQ(timeout->reason, api::reasons::kMigrationFailed);
    EXPECT_THAT(timeout->message, testing::AllOf(HasSubstr("4712"), Not(HasSubstr("cancelled"))));
    EXPECT_THAT(ClassifyLocks(1, kWaited, "syntax error")->message, Not(HasSubstr("4712")));
}

TEST(Classify, MessagesNameTheVersionTheDatabaseAndTheNextStep) {
    EXPECT_THAT(ClassifyRow({"", 3, "Error", "", "0001", false, "", RunOutcome::Failed})->message,
                testing::AllOf(HasSubstr("0002"), HasSubstr("exit code 3"), HasSubstr("version 0001"),
                               HasSubstr("tidegate.io/retry")));
    EXPECT_THAT(ClassifyRow({"", 137, "OOMKilled", "", "0001", false, "", RunOutcome::Failed})->message,
                HasSubstr("out of memory"));
    EXPECT_THAT(ClassifyRow({"", 0, "Completed", "", "-", false, "", RunOutcome::Failed})->message,
                testing::AllOf(HasSubstr("no version"), HasSubstr("Check that the command")));
}

TEST(Classify, ACommandThatIsNotInTheImageIsToBeCorrected) {
    for (const char* version : {"0002", ""}) {
        for (const auto& [code, cause] : {std::pair(126, "exit code 126 (command not executable)"),
                                          std::pair(127, "exit code 127 (command not found)")}) {
            EXPECT_THAT(ClassifyRow({"", code, "Error", "", "0001", false, "", RunOutcome::Failed}, version)->message,
                        testing::AllOf(HasSubstr(cause), HasSubstr("Correct spec.command or spec.image"),
                                       HasSubstr("tidegate.io/retry")));
        }
        EXPECT_THAT(ClassifyRow({"", 1, "Error", "", "0001", false, "", RunOutcome::Failed}, version)->message,
                    Not(HasSubstr("spec.command")));
    }
}

TEST(Classify, LostEvidenceSaysWhatIsMissingWhereTheDatabaseIsAndTheNextStep) {
    for (const char* version : {"0002", ""}) {
        EXPECT_THAT(ClassifyRow({"", std::nullopt, "", "", "0001", false, "", RunOutcome::Failed}, version)->message,
                    testing::AllOf(
                        HasSubstr(*version == '\0' ? "The migration failed" : "The migration to version 0002 failed"),
                        HasSubstr("its pod is gone and how it ended is not known"), HasSubstr("at version 0001."),
                        HasSubstr("tidegate.io/retry=<a new value>")));
    }
}

}  // namespace
}  // namespace engine
