#include <gmock/gmock.h>

#include "api/names.hpp"
#include "control_plane/controllers/operator_fixture.hpp"
#include "support/audit_log.hpp"

namespace test {
namespace {

using support::CronJobBuilder;
using support::JobBuilder;
using testing::HasSubstr;

/// Deployments' counterpart is in main_path_test.cpp.
class GatedJobs : public OperatorFixture {
protected:
    static bool IsHeldJob(const Json& job) {
        return job["spec"].value("suspend", false) &&
               job["metadata"].value("labels", Json::object()).value("tidegate.io/gate", "") == "held";
    }

    std::string JobWaitsFor(const std::string& job) const {
        return Get(kube::kJobs, job)["metadata"]
            .value("annotations", Json::object())
            .value(std::string(api::kWaitingForAnnotation), "");
    }

    testing::AssertionResult IsHeldJobWith(const std::string& words, const std::string& job) const {
        return Eventually(
            [&] { return IsHeldJob(Get(kube::kJobs, job)) && JobWaitsFor(job).find(words) != std::string::npos; },
            "Job " + job + " is held, with the words: " + words, support::kPatience,
            [&] { return "it waits for: " + JobWaitsFor(job); });
    }

    testing::AssertionResult IsOpenJob(const std::string& job) const {
        return Eventually([&] { return !Get(kube::kJobs, job)["spec"].value("suspend", false); },
                          "Job " + job + " is open");
    }

    /// The Jobs of a CronJob, oldest first.
    std::vector<std::string> JobsOf(const std::string& cron_job) const {
        std::vector<std::string> names;
        for (const auto& job : List(kube::kJobs)) {
            const auto owners = job["metadata"].value("ownerReferences", Json::array());
            if (!owners.empty() && owners[0]["name"] == cron_job) names.push_back(job["metadata"]["name"]);
        }
        std::sort(names.begin(), names.end());
        return names;
    }

    static std::string HourlyAt(core::Time time) {
        const auto minute = std::chrono::floor<std::chrono::minutes>(time).time_since_epoch().count() % 60;
        return std::to_string(minute) + " * * * *";
    }

    /// The real CronJob controller makes the Job that was due at `due`, which is over.
    testing::AssertionResult Fires(const std::string& cron_job, core::Time due) {
        kubectl_.MergePatch("cronjob/" + cron_job, {{"spec", {{"schedule", HourlyAt(due)}}}});
        kubectl_.MergePatch("cronjob/" + cron_job,
                            {{"status", {{"lastScheduleTime", core::FormatTime(due - std::chrono::minutes{1})}}}},
                            "status");
        // A change of anything but the schedule has the controller look at once.
        kubectl_.Annotate("cronjob/" + cron_job, "fired=" + core::FormatTime(due));
        const auto minutes = std::chrono::floor<std::chrono::minutes>(due).time_since_epoch().count();
        const std::string name = cron_job + "-" + std::to_string(minutes);
        return Eventually(
            [&] {
                for (const auto& event : EventsOf("CronJob", cron_job)) {
                    if (event["message"].get<std::string>().find(name) != std::string::npos) return true;
                }
                return false;
            },
            "CronJob " + cron_job + " makes Job " + name);
    }

    static core::Time MinutesAgo(int minutes) {
        return std::chrono::floor<std::chrono::minutes>(std::chrono::system_clock::now()) -
               std::chrono::minutes{minutes};
    }
};

TEST_F(GatedJobs, AreHeldAndSayWhyAndAreReleasedWhenTheVersionIsProven) {
    MakeDatabase({"0001"});
    kubectl_.MustApply(JobBuilder("report").Requires("orders@0002").Build());
    // A Deployment of the same name: the two are told apart.
    kubectl_.MustApply(DeploymentBuilder("report").Requires("orders@0001").Build());
    ASSERT_TRUE(IsHeldJobWith("orders@0002: Database orders is at version 0001", "report"));
    ASSERT_TRUE(IsOpen("report"));
    Migrate("0002", {"0001"});
    ASSERT_TRUE(IsOpenJob("report"));
    EXPECT_EQ(JobWaitsFor("report"), "");
    EXPECT_TRUE(Eventually([&] { return HasEvent("Job", "report", "RolloutReleased"); }, "an event"));
    EXPECT_FALSE(PodOf("report").empty()) << "the Job controller makes its pod";
}

TEST_F(GatedJobs, SayThatTheDatabaseIsUnknown) {
    kubectl_.MustApply(JobBuilder("report").Requires("nowhere@1").Build());
    kubectl_.MustApply(DeploymentBuilder("web").Requires("nowhere@1").Build());
    EXPECT_TRUE(IsHeldJobWith("there is no Database nowhere", "report"));
    EXPECT_TRUE(IsHeldWith("there is no Database nowhere", "web"));
}

TEST_F(GatedJobs, SayThatTheVersionCannotBeDecided) {
    MakeDatabase({"a1b2c3"});
    kubectl_.MustApply(JobBuilder("report").Requires("orders@d4e5f6").Build());
    kubectl_.MustApply(DeploymentBuilder("web").Requires("orders@d4e5f6").Build());
    EXPECT_TRUE(IsHeldJobWith("does not tell whether this version is reached", "report"));
    EXPECT_TRUE(IsHeldWith("does not tell whether this version is reached", "web"));
}

TEST_F(GatedJobs, NeverTouchOurOwn) {
    MakeDatabase({"0001"});
    kubectl_.MustApply(MigrationBuilder("orders").Version("0002").Build());
    const auto job = Get(kube::kJobs, RunningJob());
    EXPECT_FALSE(job["spec"].value("suspend", false));
    EXPECT_FALSE(job["metadata"]["labels"].contains("tidegate.io/gate"));
}

TEST_F(GatedJobs, OfOneCronJobOnlyTheNewestIsKeptAndReleased) {
    MakeDatabase({"0001"});
    kubectl_.MustApply(CronJobBuilder("hourly").Requires("orders@0002").Build());
    ASSERT_TRUE(Fires("hourly", MinutesAgo(3)));
    ASSERT_EQ(JobsOf("hourly").size(), 1U);
    const auto older = JobsOf("hourly").front();
    ASSERT_TRUE(IsHeldJobWith("orders@0002", older));
    ASSERT_TRUE(Fires("hourly", MinutesAgo(2)));
    ASSERT_TRUE(Eventually([&] { return !Exists(kube::kJobs, older); }, "the older one is deleted"));
    ASSERT_EQ(JobsOf("hourly").size(), 1U);
    const auto newest = JobsOf("hourly").front();
    ASSERT_TRUE(IsHeldJobWith("orders@0002", newest));
    ASSERT_TRUE(Eventually([&] { return HasEvent("CronJob", "hourly", "HeldJobSuperseded"); }, "an event says why"));

    // What somebody asks for by hand is neither older nor newer.
    kubectl_.Must({"create", "job", "by-hand", "--from=cronjob/hourly"});
    ASSERT_TRUE(IsHeldJobWith("orders@0002", "by-hand"));
    Migrate("0002", {"0001"});
    EXPECT_TRUE(IsOpenJob(newest));
    EXPECT_TRUE(IsOpenJob("by-hand"));
}

TEST_F(GatedJobs, WithForbidNoSecondOneIsMadeWhileOneIsHeld) {
    MakeDatabase({"0001"});
    kubectl_.MustApply(CronJobBuilder("hourly").Requires("orders@0002").Spec("concurrencyPolicy", "Forbid").Build());
    ASSERT_TRUE(Fires("hourly", MinutesAgo(3)));
    const auto first = JobsOf("hourly");
    kubectl_.MergePatch("cronjob/hourly", {{"spec", {{"schedule", HourlyAt(MinutesAgo(2))}}}});
    kubectl_.Annotate("cronjob/hourly", "look=again");
    ASSERT_TRUE(Eventually([&] { return HasEvent("CronJob", "hourly", "JobAlreadyActive"); }, "it is forbidden"));
    EXPECT_EQ(JobsOf("hourly"), first);
    Migrate("0002", {"0001"});
    EXPECT_TRUE(IsOpenJob(first.front()));
}

TEST_F(GatedJobs, WithReplaceTheCronJobControllerReplacesTheHeldOne) {
    MakeDatabase({"0001"});
    kubectl_.MustApply(CronJobBuilder("hourly").Requires("orders@0002").Spec("concurrencyPolicy", "Replace").Build());
    ASSERT_TRUE(Fires("hourly", MinutesAgo(3)));
    const auto first = JobsOf("hourly").front();
    ASSERT_TRUE(Fires("hourly", MinutesAgo(2)));
    ASSERT_TRUE(Eventually([&] { return JobsOf("hourly").size() == 1 && JobsOf("hourly").front() != first; },
                           "the newer one took its place"));
    EXPECT_TRUE(IsHeldJobWith("orders@0002", JobsOf("hourly").front()));
    EXPECT_FALSE(HasEvent("CronJob", "hourly", "HeldJobSuperseded")) << "not by us";
}

TEST_F(GatedJobs, AReleaseByHandIsRecordedOnceAlsoAfterARestart) {
    kubectl_.Must({"create", "rolebinding", "jane", "--clusterrole=admin", "--user=jane"});
    const auto jane = kubectl_.As("jane");
    kubectl_.MustApply(DeploymentBuilder("web").Requires("orders@9").Build());
    kubectl_.MustApply(JobBuilder("report").Requires("orders@9").Build());
    ASSERT_TRUE(IsHeldWith("orders@9", "web"));
    jane.Must({"annotate", "deployment/web", "tidegate.io/release=orders@9", "tidegate.io/release-reason=hotfix"});
    jane.Must({"annotate", "job/report", "tidegate.io/release=orders@9"});
    jane.MustApply(CronJobBuilder("hourly").Requires("orders@9").Release("orders@9").Build());
    ASSERT_TRUE(Fires("hourly", MinutesAgo(2)));
    ASSERT_TRUE(IsOpen("web"));
    ASSERT_TRUE(IsOpenJob("report"));
    ASSERT_EQ(JobsOf("hourly").size(), 1U);
    const auto hourly = Get(kube::kJobs, JobsOf("hourly").front());
    EXPECT_FALSE(hourly["spec"].value("suspend", false));
    EXPECT_EQ(hourly["metadata"]["annotations"].value(std::string(api::kReleaseByAnnotation), ""), "jane")
        << "not the controller that copied it";
    const auto recorded = [&] {
        return Eventually([&] { return Get(kube::kLedgers, "tidegate").value("released", Json::array()).size() == 3; },
                          "the Ledger lists them");
    };
    ASSERT_TRUE(recorded());
    const auto message = [&](const char* kind, const char* name) {
        for (const auto& event : EventsOf(kind, name)) {
            if (event["reason"] == "ReleasedByHand") return event["message"].get<std::string>();
        }
        return std::string();
    };
    ASSERT_TRUE(Eventually(
        [&] {
            return !message("Deployment", "web").empty() && !message("Job", "report").empty() &&
                   !message("CronJob", "hourly").empty();
        },
        "events"));
    EXPECT_THAT(message("Deployment", "web"), HasSubstr("asked by jane; reason: hotfix"));
    EXPECT_THAT(message("Job", "report"), HasSubstr("asked by jane; no reason was given"));
    EXPECT_THAT(message("CronJob", "hourly"), HasSubstr("asked by jane; no reason was given"));
    EXPECT_EQ(operator_->Metric("tidegate_gate_breakglass_total", "kind=\"Deployment\""), 1);
    EXPECT_EQ(operator_->Metric("tidegate_gate_breakglass_total", "kind=\"Job\""), 1);
    EXPECT_EQ(operator_->Metric("tidegate_gate_breakglass_total", "kind=\"CronJob\""), 1);

    operator_->Kill();
    support::AuditLog log;
    StartOperator();
    kubectl_.MustApply(DeploymentBuilder("later").Requires("nowhere@1").Build());
    ASSERT_TRUE(IsHeldWith("there is no Database", "later")) << "the operator works";
    ASSERT_TRUE(IsQuiet());
    EXPECT_EQ(operator_->Metric("tidegate_gate_breakglass_total"), 0) << "a restart records nothing again";
    EXPECT_EQ(
        log.Count([&](const auto& entry) { return entry.ns == Ns() && entry.resource == "ledgers" && entry.Write(); }),
        0U);

    kubectl_.MustApply(DeploymentBuilder("web").Requires("orders@10").Build());
    kubectl_.Must(
        {"annotate", "--overwrite", "deployment/web", "tidegate.io/release=orders@10", "tidegate.io/release-by=alice"});
    ASSERT_TRUE(Eventually([&] { return operator_->Metric("tidegate_gate_breakglass_total") == 1; },
                           "another value is recorded"));
}

}  // namespace
}  // namespace test
