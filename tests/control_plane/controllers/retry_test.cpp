#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control_plane/controllers/operator_fixture.hpp"
#include "support/audit_log.hpp"

namespace test {
namespace {

using testing::HasSubstr;

/// A Database at 0001, and a Migration to 0002 that may be attempted three times with pauses of a second.
class Retry : public OperatorFixture {
protected:
    void SetUp() override {
        OperatorFixture::SetUp();
        MakeDatabase({"0001"});
    }

    support::AuditLog audit_;

    Json Broken() const {
        return MigrationBuilder("orders")
            .Version("0002")
            .Image("orders:broken")
            .Spec("attempts", {{"max", 3}, {"backoffSeconds", 1}, {"retryExitCodes", {75}}})
            .Build();
    }

    /// Runs the newest launch to a failure that may be tried again. Returns its Job.
    std::string Fail(std::set<std::string>& seen, int exit_code = 75) const {
        std::string job;
        EXPECT_TRUE(Eventually(
            [&] {
                job = RunningJob();
                return !seen.contains(job);
            },
            "a new launch"));
        seen.insert(job);
        FinishMigration(job, {.exit_code = exit_code, .before = {"0001"}, .after = {"0001"}, .tail = "try me again\n"});
        return job;
    }
};

TEST_F(Retry, ThreeAttemptsMakeThreePodsWhateverHappensInBetween) {
    kubectl_.MustApply(Broken());
    std::set<std::string> jobs;
    Fail(jobs);
    EXPECT_TRUE(MigrationSays("RetryScheduled"));
    EXPECT_THAT(MessageOf(Migration()), HasSubstr("1 of 3"));
    operator_->Kill();
    StartOperator();
    Fail(jobs);
    EXPECT_TRUE(Eventually([&] { return Database()["status"]["runs"][0]["attempts"] == 2; }, "recorded"));

    // Created anew: another UID, so another Job's name, but the same run.
    kubectl_.Must({"delete", "tgm/orders"});
    kubectl_.MustApply(Broken());
    Fail(jobs);
    EXPECT_TRUE(IsStalled("MigrationFailed"));

    // There and back.
    auto other = Broken();
    other["spec"]["image"] = "orders:other";
    other["spec"]["suspend"] = true;
    kubectl_.MustApply(other);
    EXPECT_TRUE(MigrationSays("Suspended"));
    kubectl_.MustApply(Broken());
    kubectl_.MergePatch("tgm/orders", {{"spec", {{"suspend", nullptr}}}});
    EXPECT_TRUE(IsStalled("MigrationFailed"));
    EXPECT_EQ(operator_->Stop(), 0);
    StartOperator();
    EXPECT_TRUE(IsStalled("MigrationFailed"));
    EXPECT_TRUE(IsQuiet(std::chrono::seconds{3})) << "longer than any pause";
    EXPECT_EQ(Database()["status"]["runs"][0]["attempts"], 3);
    EXPECT_EQ(jobs.size(), 3U);

    // A Job makes one pod, whose name the audit log does not know; so pods are counted beside the Jobs.
    const auto created = [&](const std::string& resource) {
        return audit_.Count([&](const auto& entry) {
            return entry.ns == Ns() && entry.verb == "create" && entry.resource == resource &&
                   entry.subresource.empty() && entry.Done();
        });
    };
    const auto probes = Database()["status"]["probe"]["launch"].get<std::size_t>();
    EXPECT_EQ(created("jobs"), 3 + probes);
    EXPECT_EQ(created("pods"), 3 + probes);
}

TEST_F(Retry, AnAnnotationGrantsOneLaunchOnceAlsoWhenCreatedAnew) {
    auto migration = MigrationBuilder("orders").Version("0002").Image("orders:broken").Build();
    kubectl_.MustApply(migration);
    std::set<std::string> jobs;
    Fail(jobs, 1);
    ASSERT_TRUE(IsStalled("MigrationFailed"));
    EXPECT_THAT(MessageOf(Migration()), HasSubstr("tidegate.io/retry"));

    kubectl_.Must({"annotate", "tgm/orders", "tidegate.io/retry=mended-by-hand"});
    Fail(jobs, 1);
    ASSERT_TRUE(IsStalled("MigrationFailed"));
    EXPECT_TRUE(IsQuiet());
    EXPECT_EQ(MigrationJobs().size(), 2U);
    EXPECT_EQ(Database()["status"]["runs"][0]["retryTokens"], Json({"mended-by-hand"}));

    kubectl_.Must({"delete", "tgm/orders"});
    migration["metadata"]["annotations"]["tidegate.io/retry"] = "mended-by-hand";
    kubectl_.MustApply(migration);
    EXPECT_TRUE(IsStalled("MigrationFailed"));
    EXPECT_TRUE(IsQuiet());
    EXPECT_TRUE(
        Eventually([&] { return MigrationJobs().empty(); }, "the Jobs went with the Migration that owned them"));

    kubectl_.Must({"annotate", "--overwrite", "tgm/orders", "tidegate.io/retry=once-more"});
    const auto job = RunningJob();
    FinishMigration(job, {.before = {"0001"}, .after = {"0002"}});
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
}

TEST_F(Retry, KeepsTheLogTailsOfTheNewestThreeFailures) {
    std::set<std::string> jobs;
    for (int i = 1; i <= 5; ++i) {
        kubectl_.MustApply(
            MigrationBuilder("orders").Version("0002").Image("orders:broken-" + std::to_string(i)).Build());
        Fail(jobs, 1);
        ASSERT_TRUE(Eventually([&] { return Migration()["status"]["history"].size() == static_cast<std::size_t>(i); },
                               "recorded"));
        ASSERT_TRUE(IsStalled("MigrationFailed"));
    }
    const auto history = Migration()["status"]["history"];
    for (std::size_t i = 0; i < history.size(); ++i)
        EXPECT_EQ(history[i].contains("logTail"), i < 3) << i;
}

}  // namespace
}  // namespace test
