#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control_plane/controllers/operator_fixture.hpp"
#include "control_plane/controllers/operator_writes.hpp"

namespace test {
namespace {

/// The operator is killed (SIGKILL) and started again: nothing is lost, nothing is run twice.
class Killed : public OperatorFixture {
protected:
    Json OnlyRun() const {
        const auto runs = Database().at("status").value("runs", Json::array());
        EXPECT_LE(runs.size(), 1U);
        return runs.at(0);
    }

    void ExpectOneRun() const {
        EXPECT_EQ(MigrationJobs().size(), 1U);
        EXPECT_EQ(List(kube::kPods, "tidegate.io/role=migrate").size(), 1U);
        EXPECT_EQ(Migration()["status"]["history"].size(), 1U);
        EXPECT_EQ(OnlyRun()["launches"], 1);
        EXPECT_EQ(OnlyRun()["outcome"], "Succeeded");
    }
};

TEST_F(Killed, BetweenIntentAndJob) {
    MakeDatabase({});
    // The intent can be written, the Job cannot be created.
    kubectl_.MustApply({{"apiVersion", "v1"},
                        {"kind", "ResourceQuota"},
                        {"metadata", {{"name", "no-jobs"}}},
                        {"spec", {{"hard", {{"count/jobs.batch", "1"}}}}}});
    ASSERT_TRUE(Eventually(
        [&] { return kubectl_.GetJson("resourcequota/no-jobs")["status"]["used"]["count/jobs.batch"] == "1"; },
        "the quota is in effect"));
    kubectl_.MustApply(MigrationBuilder("orders").Version("0001").Build());
    ASSERT_TRUE(Eventually([&] { return OnlyRun()["outcome"] == "Active"; }, "intent"));
    operator_->Kill();
    EXPECT_TRUE(MigrationJobs().empty());
    const std::string meant = OnlyRun()["jobName"];
    kubectl_.Must({"delete", "resourcequota/no-jobs"});
    StartOperator();
    // Whether the Job was there before nobody can say: the database is asked, then it is created.
    AnswerProbe({});
    EXPECT_EQ(RunningJob(), meant);
    FinishMigration(meant, {.after = {"0001"}});
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
    ExpectOneRun();
}

TEST_F(Killed, WhileItRuns) {
    MakeDatabase({});
    kubectl_.MustApply(MigrationBuilder("orders").Version("0001").Build());
    kubectl_.MustApply(DeploymentBuilder("orders").Requires("orders@0001").Build());
    const auto job = RunningJob();
    node_.Start(PodOf(job));
    operator_->Kill();
    FinishMigration(job, {.after = {"0001"}});
    StartOperator();
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
    EXPECT_TRUE(IsOpen());
    ExpectOneRun();
}

TEST_F(Killed, WithTheJobsEndUnderItsEyes) {
    MakeDatabase({});
    kubectl_.MustApply(MigrationBuilder("orders").Version("0001").Build());
    const auto job = RunningJob();
    ASSERT_EQ(kill(operator_->Pid(), SIGSTOP), 0);
    FinishMigration(job, {.after = {"0001"}});
    ASSERT_TRUE(Eventually([&] { return Get(kube::kJobs, job)["status"].value("succeeded", 0) == 1; }, "complete"));
    operator_->Kill();
    StartOperator();
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
    ExpectOneRun();
}

TEST_F(Killed, DuringTheProbe) {
    kubectl_.MustApply(DatabaseBuilder("orders").Build());
    const auto pod = ProbePod();
    operator_->Kill();
    node_.Finish(pod, {{"tidegate-agent", {0, ReportOf({}, {"0001"}), {}, {}}}});
    StartOperator();
    EXPECT_TRUE(DatabaseSays("VersionKnown"));
    EXPECT_EQ(Database()["status"]["version"], "0001");
    EXPECT_EQ(List(kube::kJobs, "tidegate.io/role=probe").size(), 1U);
}

/// After its n-th write of a migration of seven.
class KilledAfterWrite : public Killed, public testing::WithParamInterface<std::size_t> {};

INSTANTIATE_TEST_SUITE_P(N, KilledAfterWrite, testing::Range<std::size_t>(1, 8));

TEST_P(KilledAfterWrite, EndsAsIfNothingHadHappened) {
    MakeDatabase({});
    ASSERT_TRUE(IsQuiet(std::chrono::milliseconds{300}));
    const OperatorWrites writes(Ns());
    bool killed = false;
    const auto kill_at_its_write = [&] {
        if (killed || writes.Lines().size() < GetParam()) return;
        operator_->Kill();
        killed = true;
        const bool job_is_there = !MigrationJobs().empty();
        StartOperator();
        if (!job_is_there) AnswerProbe({});
    };
    kubectl_.MustApply({{"apiVersion", "v1"},
                        {"kind", "List"},
                        {"items",
                         {MigrationBuilder("orders").Version("0001").Build(),
                          DeploymentBuilder("orders").Requires("orders@0001").Build()}}});
    ASSERT_TRUE(Eventually(
        [&] {
            kill_at_its_write();
            return Migration()["status"].contains("run") && Migration()["status"]["run"].value("active", false);
        },
        "runs"));
    FinishMigration(RunningJob(), {.after = {"0001"}});
    ASSERT_TRUE(Eventually(
        [&] {
            kill_at_its_write();
            return killed && !IsHeld(Deployment());
        },
        "open"));
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
    ExpectOneRun();
}

}  // namespace
}  // namespace test
