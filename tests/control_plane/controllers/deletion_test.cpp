#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control_plane/controllers/operator_fixture.hpp"
#include "control_plane/controllers/operator_writes.hpp"

namespace test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// A migration from 0001 to 0002 that runs.
class Deletion : public OperatorFixture {
protected:
    void SetUp() override {
        OperatorFixture::SetUp();
        MakeDatabase({"0001"});
        kubectl_.MustApply(Asking());
        job_ = RunningJob();
        pod_ = PodOf(job_);
        node_.Start(pod_);
        ASSERT_TRUE(Eventually([&] { return Database()["status"]["active"] == true; }, "active"));
    }

    static Json Asking() { return MigrationBuilder("orders").Version("0002").Build(); }

    testing::AssertionResult IsRefused(const std::string& what) const {
        const auto result = kubectl_.Run({"delete", what, "--wait=false"});
        if (!result.Ok() && result.error.find("a migration is running") != std::string::npos &&
            result.error.find("tidegate.io/abort") != std::string::npos)
            return testing::AssertionSuccess();
        return testing::AssertionFailure() << what << ": " << result.output << result.error;
    }

    void Abort(const std::string& what, const std::string& how = "background") const {
        ASSERT_TRUE(kubectl_.Annotate(what, "tidegate.io/abort=a test").Ok());
        kubectl_.Must({"delete", what, "--wait=false", "--cascade=" + how});
    }

    /// Times of objects are whole seconds: only a probe of a later second than the run's is surely later.
    void LetASecondPass() const {
        const auto start = core::ParseTime(Database()["status"]["runs"][0]["startTime"].get<std::string>());
        ASSERT_TRUE(Eventually([&] { return std::chrono::system_clock::now() >= *start + std::chrono::seconds{1}; },
                               "a second"));
    }

    testing::AssertionResult PodIsDeleted() const {
        return Eventually([&] { return Get(kube::kPods, pod_)["metadata"].contains("deletionTimestamp"); },
                          "the pod is being deleted");
    }

    /// The kubelet ends the pod; the agent had its time to report.
    void EndPod(const Versions& after, bool silent = false) const {
        ASSERT_TRUE(PodIsDeleted());
        node_.FinishDeleted(pod_, {{"tidegate-agent", {0, silent ? "" : ReportOf({"0001"}, after), {}, {}}},
                                   {"migrate", {137, {}, {}, {}}}});
    }

    testing::AssertionResult IsRecordedAs(const std::string& outcome, const std::string& reason) const {
        return Eventually(
            [&] {
                const auto run = Database()["status"]["runs"][0];
                return run["outcome"] == outcome && run["reason"] == reason;
            },
            "recorded as " + outcome + ", " + reason, support::kPatience, [this] { return Picture(); });
    }

    /// A run that was lost: which, where the database is now, and what runs it again.
    static auto NamesTheRetryFrom(const std::string& cause) {
        return AllOf(HasSubstr("The migration to version 0002 failed: " + cause),
                     HasSubstr("The database is at version 0001."), HasSubstr("tidegate.io/retry=<a new value>"));
    }

    std::string job_, pod_;
};

TEST_F(Deletion, IsRefusedWhileItRuns) {
    for (const auto& what : {std::string("tgm/orders"), std::string("tgd/orders"), "job/" + job_})
        EXPECT_TRUE(IsRefused(what));
    FinishMigration(job_, {.before = {"0001"}, .after = {"0002"}});
    ASSERT_TRUE(IsReady("MigrationSucceeded"));
    ASSERT_TRUE(Eventually([&] { return Database()["status"]["active"] == false; }, "not active"));
    for (const auto& what : {"job/" + job_, std::string("tgm/orders"), std::string("tgd/orders")})
        EXPECT_TRUE(kubectl_.Run({"delete", what, "--wait=false"}).Ok()) << what;
}

TEST_F(Deletion, OfTheMigrationIsJudgedByThePod) {
    Abort("tgm/orders");
    EndPod({"0002"});
    EXPECT_TRUE(IsRecordedAs("Succeeded", "VerifiedAfterFailure"));
    kubectl_.MustApply(Asking());
    EXPECT_TRUE(IsReady("VerifiedAfterFailure"));
    EXPECT_THAT(MessageOf(Migration()),
                HasSubstr("Version 0002 was reached by Job " + job_ + " although exit code 137"));
    EXPECT_TRUE(IsQuiet());
    EXPECT_TRUE(MigrationJobs().empty()) << "nothing is run again";
}

TEST_F(Deletion, InTheForegroundToo) {
    Abort("tgm/orders", "foreground");
    EndPod({"0001"});
    EXPECT_TRUE(IsRecordedAs("Failed", "MigrationFailed"));
    EXPECT_TRUE(Eventually([&] { return !Exists(kube::kMigrations, "orders"); }, "gone"));
    kubectl_.MustApply(Asking());
    EXPECT_TRUE(IsStalled("MigrationFailed"));
    EXPECT_THAT(MessageOf(Migration()), NamesTheRetryFrom("exit code 137"));
    EXPECT_TRUE(IsQuiet());
    EXPECT_TRUE(MigrationJobs().empty());
}

TEST_F(Deletion, WithoutAnyTraceIsJudgedByAProbe) {
    LetASecondPass();
    Abort("tgm/orders");
    EndPod({}, true);
    ASSERT_TRUE(Eventually([&] { return !Exists(kube::kJobs, job_); }, "gone"));
    // It comes back, as Git brings it back, before the database has answered.
    kubectl_.MustApply(Asking());
    EXPECT_TRUE(MigrationSays("Verifying"));
    ProbePod();
    EXPECT_TRUE(IsQuiet());
    EXPECT_EQ(Database()["status"]["runs"][0]["outcome"], "Active") << "nobody knows yet how it ended";
    EXPECT_TRUE(MigrationJobs().empty());
    AnswerProbe({"0001"});
    EXPECT_TRUE(IsRecordedAs("Failed", "MigrationFailed"));
    EXPECT_TRUE(IsStalled("MigrationFailed"));
    EXPECT_THAT(MessageOf(Migration()), NamesTheRetryFrom("exit code 137"));
    EXPECT_TRUE(IsQuiet());
    EXPECT_TRUE(MigrationJobs().empty()) << "it may have changed something: not run again blindly";
}

TEST_F(Deletion, WhileTheOperatorIsDownIsJudgedByAProbe) {
    LetASecondPass();
    operator_->Kill();
    Abort("tgm/orders");
    EndPod({"0002"});
    ASSERT_TRUE(Eventually([&] { return !Exists(kube::kJobs, job_) && !Exists(kube::kPods, pod_); }, "gone"));
    StartOperator();
    ProbePod();
    EXPECT_TRUE(IsQuiet());
    EXPECT_EQ(Database()["status"]["runs"][0]["outcome"], "Active");
    AnswerProbe({"0002"});
    EXPECT_TRUE(IsRecordedAs("Succeeded", "VerifiedAfterFailure"));
    kubectl_.MustApply(Asking());
    EXPECT_TRUE(IsReady("VerifiedAfterFailure"));
    EXPECT_THAT(MessageOf(Migration()), HasSubstr("Version 0002 was reached by Job " + job_ +
                                                  " although its pod is gone and how it ended is not known"));
    EXPECT_TRUE(MigrationJobs().empty());
}

TEST_F(Deletion, OfTheJobIsJudgedByThePod) {
    Abort("job/" + job_);
    EndPod({"0001"});
    EXPECT_TRUE(IsStalled("MigrationFailed"));
    EXPECT_THAT(MessageOf(Migration()), NamesTheRetryFrom("exit code 137"));
    EXPECT_TRUE(IsQuiet());
    EXPECT_TRUE(MigrationJobs().empty());
}

TEST_F(Deletion, OfTheJobWhileTheOperatorIsDownIsJudgedByAProbe) {
    LetASecondPass();
    operator_->Kill();
    Abort("job/" + job_);
    EndPod({"0001"});
    ASSERT_TRUE(Eventually([&] { return !Exists(kube::kJobs, job_) && !Exists(kube::kPods, pod_); }, "gone"));
    StartOperator();
    EXPECT_TRUE(MigrationSays("Verifying"));
    EXPECT_THAT(MessageOf(Migration()), HasSubstr("Job " + job_ + " is gone; the database is asked"));
    AnswerProbe({"0001"});
    EXPECT_TRUE(IsStalled("EvidenceLost"));
    EXPECT_THAT(MessageOf(Migration()), NamesTheRetryFrom("its pod is gone and how it ended is not known."));
    EXPECT_TRUE(MigrationJobs().empty());
}

TEST_F(Deletion, OfThePodIsJudgedByWhatItLeft) {
    kubectl_.Must({"delete", "pod/" + pod_, "--wait=false"});
    EndPod({"0001"});
    EXPECT_TRUE(IsStalled("MigrationFailed"));
    EXPECT_THAT(MessageOf(Migration()), NamesTheRetryFrom("exit code 137"));
    EXPECT_EQ(List(kube::kPods, "tidegate.io/role=migrate").size(), 0U);
    EXPECT_EQ(MigrationJobs().size(), 1U);
}

TEST_F(Deletion, OfTheDatabaseKeepsTheRunAndReadsItAgain) {
    Abort("tgd/orders");
    ASSERT_TRUE(Eventually([&] { return !Exists(kube::kDatabases, "orders"); }, "gone"));
    EXPECT_TRUE(MigrationSays("DatabaseNotFound"));
    EXPECT_THAT(MessageOf(Migration()), AllOf(HasSubstr("no Database orders"), HasSubstr("Create it")));
    kubectl_.MustApply(DatabaseBuilder("orders").Build());
    EXPECT_TRUE(IsQuiet());
    EXPECT_TRUE(List(kube::kJobs, "tidegate.io/role=probe").empty()) << "not while a migration is running";
    FinishMigration(job_, {.before = {"0001"}, .after = {"0002"}});
    AnswerProbe({"0002"});
    EXPECT_TRUE(IsReady("AlreadyReached"));
    EXPECT_EQ(MigrationJobs().size(), 1U);
}

}  // namespace
}  // namespace test
