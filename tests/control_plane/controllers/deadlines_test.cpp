#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control_plane/controllers/operator_fixture.hpp"

namespace test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Deadlines : public OperatorFixture {
protected:
    void SetUp() override {
        OperatorFixture::SetUp();
        MakeDatabase({"0001"});
    }

    std::string Apply(const std::string& deadline, int seconds) {
        kubectl_.MustApply(MigrationBuilder("orders").Version("0002").Spec(deadline, seconds).Build());
        return PodOf(RunningJob());
    }

    testing::AssertionResult IsEnded(const std::string& pod) const {
        return Eventually([&] { return Get(kube::kPods, pod)["metadata"].contains("deletionTimestamp"); },
                          "pod " + pod + " is deleted");
    }
};

TEST_F(Deadlines, ALaunchThatNeverBeginsIsEndedAndCostsNoAttempt) {
    const auto pod = Apply("startDeadlineSeconds", 2);
    node_.NeverStart(pod, "migrate", "ErrImagePull", "manifest unknown");
    ASSERT_TRUE(IsEnded(pod));
    EXPECT_TRUE(Eventually([&] { return HasEvent("Migration", "orders", "LaunchEnded"); }, "event"));
    node_.FinishDeleted(pod);
    EXPECT_TRUE(IsStalled("NeverStarted"));
    EXPECT_THAT(MessageOf(Migration()), AllOf(HasSubstr("manifest unknown"), HasSubstr("change")));
    EXPECT_TRUE(IsQuiet());
    EXPECT_EQ(Database()["status"]["runs"][0]["outcome"], "NeverStarted");
    EXPECT_EQ(Database()["status"]["runs"][0]["attempts"], 0);
    EXPECT_EQ(MigrationJobs().size(), 1U);
}

TEST_F(Deadlines, APodThatNoNodeTakesIsEnded) {
    const auto pod = Apply("startDeadlineSeconds", 3);
    node_.Unschedulable(pod, "0/3 nodes are available: 3 Insufficient memory.");
    EXPECT_TRUE(MigrationSays("Unschedulable"));
    EXPECT_THAT(MessageOf(Migration()), AllOf(HasSubstr(pod), HasSubstr("Insufficient memory")));
    ASSERT_TRUE(IsEnded(pod));
    // What the pod garbage collector does with a pod that no kubelet will ever end.
    PatchPodStatus(pod, {{"phase", "Failed"}});
    EXPECT_TRUE(IsStalled("NeverStarted"));
}

TEST_F(Deadlines, AMigrationThatBeganAfterAllIsJudgedByTheDatabase) {
    const auto pod = Apply("startDeadlineSeconds", 2);
    node_.NeverStart(pod, "migrate", "ErrImagePull", "manifest unknown");
    ASSERT_TRUE(IsEnded(pod));
    // The image arrived in the same moment.
    node_.FinishDeleted(pod,
                        {{"tidegate-agent", {0, ReportOf({"0001"}, {"0002"}), {}, {}}}, {"migrate", {0, {}, {}, {}}}});
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
}

/// The kubelet's event of a failed startup probe of the agent, as it writes it.
Json UnhealthyEvent(const Json& pod, const std::string& ready_said) {
    const auto now = core::FormatTime(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
    const auto& meta = pod["metadata"];
    return {{"apiVersion", "v1"},
            {"kind", "Event"},
            {"metadata", {{"name", meta["name"].get<std::string>() + ".18a3f0"}, {"namespace", meta["namespace"]}}},
            {"involvedObject",
             {{"kind", "Pod"},
              {"apiVersion", "v1"},
              {"namespace", meta["namespace"]},
              {"name", meta["name"]},
              {"uid", meta["uid"]},
              {"resourceVersion", meta["resourceVersion"]},
              {"fieldPath", "spec.initContainers{tidegate-agent}"}}},
            {"reason", "Unhealthy"},
            {"message", "Startup probe failed: " + ready_said + "\n"},
            {"source", {{"component", "kubelet"}, {"host", "node-1"}}},
            {"reportingComponent", "kubelet"},
            {"reportingInstance", "node-1"},
            {"type", "Warning"},
            {"count", 1},
            {"firstTimestamp", now},
            {"lastTimestamp", now}};
}

TEST_F(Deadlines, TheFenceHasNoneAndItsHolderIsNamed) {
    const auto pod = Apply("startDeadlineSeconds", 4);
    node_.StartSidecarsOnly(pod);
    // The run that is in the way is one that this operator sees: for want of a second one, this very Job.
    const auto job = RunningJob();
    const auto uid = Get(kube::kJobs, job)["metadata"]["uid"].get<std::string>();
    const auto said =
        "waiting for the fence: advisory lock (1296648018, 1) is held by server process 4711 (\"tidegate/" + uid +
        "\", client 10.0.0.7), connected since 2026-11-22T19:47:00Z; it goes on by itself";
    ASSERT_TRUE(client_.Create(kube::kCoreEvents, UnhealthyEvent(Get(kube::kPods, pod), said)).Done());
    EXPECT_TRUE(MigrationSays("MigrationRunning"));
    // The agent ends by itself when it cannot connect; one that runs for long waits for the fence.
    auto agent = Get(kube::kPods, pod)["status"]["initContainerStatuses"];
    agent.back()["state"]["running"]["startedAt"] = "2026-11-22T00:00:00Z";
    agent.back()["lastState"] = {{"terminated",
                                  {{"exitCode", 1},
                                   {"message", ReportOfError("Unreachable", "no answer")},
                                   {"startedAt", "2026-11-21T23:00:00Z"},
                                   {"finishedAt", "2026-11-21T23:00:01Z"}}}};
    PatchPodStatus(pod, {{"initContainerStatuses", agent}});
    EXPECT_TRUE(MigrationSays("WaitingForFence"));
    EXPECT_EQ(Migration()["status"]["run"]["waitingFor"][0], "WaitingForFence");
    EXPECT_THAT(MessageOf(Migration()),
                AllOf(HasSubstr("It is Job " + job + " of Migration orders in namespace " + Ns() + "."),
                      HasSubstr("The agent of pod " + pod + " says: " + said + ".")));
    // Past the deadline.
    EXPECT_TRUE(IsQuiet(std::chrono::seconds{5}));
    EXPECT_FALSE(Get(kube::kPods, pod)["metadata"].contains("deletionTimestamp"));
}

TEST_F(Deadlines, AMigrationThatRunsTooLongIsEndedAndJudgedByTheDatabase) {
    const auto pod = Apply("activeDeadlineSeconds", 2);
    node_.Start(pod);
    ASSERT_TRUE(IsEnded(pod));
    EXPECT_EQ(Get(kube::kJobs, RunningJob())["metadata"].contains("deletionTimestamp"), false);
    node_.FinishDeleted(
        pod, {{"tidegate-agent", {0, ReportOf({"0001"}, {"0001"}), {}, {}}}, {"migrate", {137, {}, {}, {}}}});
    EXPECT_TRUE(IsStalled("DeadlineExceeded"));
    EXPECT_THAT(MessageOf(Migration()), AllOf(HasSubstr("spec.activeDeadlineSeconds"), HasSubstr("2s")));
    EXPECT_TRUE(Eventually([&] { return Database()["status"]["runs"][0]["attempts"] == 1; }, "one attempt"));
}

TEST_F(Deadlines, WhatEndedInTimeIsNotCalledTooLong) {
    const auto pod = Apply("activeDeadlineSeconds", 2);
    node_.Start(pod);
    ASSERT_TRUE(IsEnded(pod));
    node_.FinishDeleted(pod,
                        {{"tidegate-agent", {0, ReportOf({"0001"}, {"0002"}), {}, {}}}, {"migrate", {0, {}, {}, {}}}});
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
}

TEST_F(Deadlines, AJobThatMayHaveNoPodIsSuspendedAndMakesRoom) {
    const auto quota = [](const std::string& pods) -> Json {
        return {{"apiVersion", "v1"},
                {"kind", "ResourceQuota"},
                {"metadata", {{"name", "no-pods"}}},
                {"spec", {{"hard", {{"pods", pods}}}}}};
    };
    kubectl_.MustApply(quota("0"));
    ASSERT_TRUE(Eventually([&] { return kubectl_.GetJson("resourcequota/no-pods")["status"].contains("used"); },
                           "the quota is in effect"));
    kubectl_.MustApply(MigrationBuilder("orders").Version("0002").Spec("startDeadlineSeconds", 22).Build());
    const auto job = RunningJob();
    ASSERT_TRUE(
        Eventually([&] { return HasEvent("Migration", "orders", "LaunchEnded"); }, "event", std::chrono::seconds{40}));
    EXPECT_TRUE(IsStalled("NeverStarted"));
    EXPECT_THAT(MessageOf(Migration()), AllOf(HasSubstr("quota"), HasSubstr("tidegate.io/retry")));
    EXPECT_TRUE(Eventually([&] { return !Exists(kube::kJobs, job); }, "the Job is gone"));
    EXPECT_EQ(Database()["status"]["runs"][0]["attempts"], 0);
    EXPECT_TRUE(IsQuiet());
    kubectl_.Must({"delete", "resourcequota/no-pods"});
    kubectl_.Must({"annotate", "migrations.tidegate.io/orders", "tidegate.io/retry=1"});
    FinishMigration(RunningJob(), {.before = {"0001"}, .after = {"0002"}});
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
}

}  // namespace
}  // namespace test
