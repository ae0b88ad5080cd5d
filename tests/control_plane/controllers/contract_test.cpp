#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/names.hpp"
#include "control_plane/controllers/contract_fixture.hpp"
#include "support/audit_log.hpp"
#include "support/control_plane.hpp"

namespace test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Contract : public ContractFixture {
protected:
    /// The contract's migration runs and is proven.
    void FinishContract() {
        FinishMigration(RunningJob("contract"), {.before = {"0002"}, .after = {"0003"}});
        ASSERT_TRUE(IsReady("MigrationSucceeded", "contract"));
    }
};

TEST_F(Contract, TakesItsStepsInOrder) {
    Deploy("old", "orders@0001", 0);
    ASSERT_TRUE(Eventually([&] { return Satisfied() == std::vector<std::string>{"orders@0001"}; }, "the Ledger"));
    kubectl_.Must({"delete", "deployment", "old"});

    const support::AuditLog log;
    ApplyContract();
    const auto job = RunningJob("contract");
    EXPECT_THAT(Satisfied(), Not(Contains("orders@0001")));

    std::vector<std::string> requests;
    for (const auto& entry : log.Entries()) {
        const bool is_operator = entry.user == support::kOperatorUser && entry.user_agent.starts_with("tidegate/0") &&
                                 entry.ns == Ns() && entry.Done();
        if (!is_operator || entry.verb == "watch" || entry.group == "events.k8s.io") continue;
        if (entry.resource == "migrations") continue;  // what it shows meanwhile
        EXPECT_EQ(entry.uri.find("resourceVersion="), std::string::npos)
            << "only without one a quorum is asked: " << entry.uri;
        const auto line =
            entry.verb + " " + entry.resource + (entry.subresource.empty() ? "" : "/" + entry.subresource);
        // The lists of one kind are pages, or several looks.
        if (requests.empty() || requests.back() != line) requests.push_back(line);
    }
    EXPECT_THAT(requests, ElementsAre("patch databases/status",        // the floor
                                      "patch ledgers", "get ledgers",  // the Ledger, and the quorum read of it
                                      "patch databases/status",        // the wait begins
                                      "list deployments", "list statefulsets", "list daemonsets", "list cronjobs",
                                      "list jobs", "list replicasets", "list pods",  // nothing is left
                                      "list jobs", "patch databases/status", "create jobs"))
        << testing::PrintToString(requests);
    const auto waited = *core::ParseTime(Get(kube::kJobs, job)["metadata"]["creationTimestamp"].get<std::string>()) -
                        *core::ParseTime(Floor()["waitStartTime"].get<std::string>());
    EXPECT_GE(waited, std::chrono::seconds{2});
    EXPECT_EQ(Floor()["provisional"], true);
    FinishMigration(job, {.before = {"0002"}, .after = {"0003"}});
    EXPECT_TRUE(IsReady("MigrationSucceeded", "contract"));
    EXPECT_TRUE(Eventually([&] { return !Floor().contains("provisional"); }, "the floor stays"));
}

TEST_F(Contract, ATerminatingPodCountsAsDoesOneWithoutARequirement) {
    Deploy("web", "");
    ASSERT_TRUE(RollsOut("web"));
    std::vector<std::string> old;
    for (const auto& pod : List(kube::kPods, "app=web"))
        old.push_back(pod["metadata"]["name"]);
    Deploy("web", "orders@0002");
    ASSERT_TRUE(Eventually(
        [&] {
            for (const auto& pod : List(kube::kPods, "app=web")) {
                const std::string name = pod["metadata"]["name"];
                const bool is_new = std::find(old.begin(), old.end(), name) == old.end();
                if (is_new && pod["status"].value("phase", "") != "Running") node_.Start(name);
            }
            return Get(kube::kPods, old.front())["metadata"].contains("deletionTimestamp");
        },
        "the old pod terminates"));
    ApplyContract();
    EXPECT_TRUE(Waits("contract", "WaitingForOldPods", "Pod " + old.front() + " (without a requirement, terminating)"));
    EXPECT_THAT(Migration("contract")["status"]["run"]["waitingFor"], ElementsAre("WaitingForOldPods"));
    EXPECT_TRUE(MigrationJobs().empty());
    node_.FinishDeleted(old.front());
    FinishContract();
}

TEST_F(Contract, TemplatesAndReplicaSetsCount) {
    const Json pod{
        {"metadata", {{"labels", {{"app", "x"}}}, {"annotations", {{"tidegate.io/requires", "orders@0001"}}}}},
        {"spec", {{"containers", {{{"name", "x"}, {"image", "x"}}}}}}};
    const auto make = [&](const std::string& kind, const Json& more) {
        Json object{{"apiVersion", "apps/v1"},
                    {"kind", kind},
                    {"metadata", {{"name", "old"}}},
                    {"spec", {{"selector", {{"matchLabels", {{"app", "x"}}}}}, {"template", pod}}}};
        object["spec"].merge_patch(more);
        kubectl_.MustApply(object);
    };
    make("StatefulSet", {{"serviceName", "x"}, {"replicas", 0}});
    make("DaemonSet", Json::object());
    make("ReplicaSet", {{"replicas", 1}});
    kubectl_.MustApply(support::CronJobBuilder("old").Requires("orders@0001").Build());
    ApplyContract();
    for (const auto* kind : {"StatefulSet", "DaemonSet", "CronJob", "ReplicaSet"})
        EXPECT_TRUE(Waits("contract", "WaitingForOldPods", std::string(kind) + " old (orders@0001)"));
    for (const auto* kind : {"statefulset/old", "daemonset/old", "replicaset/old"})
        kubectl_.Must({"delete", kind});
    EXPECT_TRUE(Waits("contract", "WaitingForOldPods", "version 0002: CronJob old (orders@0001)."));
    kubectl_.MergePatch("cronjob/old", {{"spec", {{"suspend", true}}}});
    FinishContract();
}

TEST_F(Contract, AnAppThatGoesBackBelowTheFloorStaysHeldAndIsToldTheOldestSafeVersion) {
    Deploy("web", "orders@0002");
    ApplyContract();
    FinishContract();
    Deploy("web", "orders@0001");
    kubectl_.MustApply(support::JobBuilder("report").Requires("orders@0001").Build());
    EXPECT_TRUE(IsHeldWith("The oldest safe version is 0002", "web"));
    EXPECT_TRUE(Eventually(
        [&] {
            const auto job = Get(kube::kJobs, "report");
            const auto annotations = job["metadata"].value("annotations", Json::object());
            return job["spec"].value("suspend", false) &&
                   annotations.value(std::string(api::kWaitingForAnnotation), "")
                           .find("The oldest safe version is 0002") != std::string::npos;
        },
        "Job report is held, and told the same"));
    Deploy("web", "orders@0002");
    EXPECT_TRUE(IsOpen("web"));
    Deploy("web", "orders@0003");
    EXPECT_TRUE(IsOpen("web"));

    operator_->Kill();
    Deploy("late", "orders@0001");
    EXPECT_TRUE(IsHeld(Deployment("late"))) << "the Ledger has it no more";
    EXPECT_EQ(WaitingFor("late"), "") << "nobody is there to say why";
    EXPECT_EQ(Floor()["version"], "0002");
}

TEST_F(Contract, TheFloorGoesBackWhenTheMigrationNeverStarted) {
    Deploy("web", "orders@0002");
    ApplyContract({{"startDeadlineSeconds", 1}});
    const auto pod = PodOf(RunningJob("contract"));
    ASSERT_TRUE(Eventually([&] { return Get(kube::kPods, pod)["metadata"].contains("deletionTimestamp"); }, "ended"));
    Deploy("web", "orders@0001");
    EXPECT_TRUE(IsHeldWith("below the floor", "web"));
    // What the pod garbage collector does with a pod that no node took.
    PatchPodStatus(pod, {{"phase", "Failed"}});
    EXPECT_TRUE(IsStalled("NeverStarted", "contract"));
    EXPECT_TRUE(IsOpen("web"));
    EXPECT_TRUE(Floor().is_null());
}

TEST_F(Contract, TheFloorStaysWhenTheMigrationFailed) {
    ApplyContract();
    FinishMigration(RunningJob("contract"), {.exit_code = 1, .before = {"0002"}, .after = {"0002"}});
    EXPECT_TRUE(IsStalled("MigrationFailed", "contract"));
    kubectl_.Must({"delete", "migrations.tidegate.io", "contract"});
    Deploy("web", "orders@0001");
    EXPECT_TRUE(IsHeldWith("The oldest safe version is 0002", "web"));
    EXPECT_TRUE(IsQuiet());
    EXPECT_EQ(Floor()["version"], "0002");
}

TEST_F(Contract, ARolloutThatSkipsAStepIsToldWhichComesFirst) {
    Deploy("web", "orders@0001");
    ASSERT_TRUE(RollsOut("web"));
    Deploy("web", "orders@0003");
    ApplyContract();
    EXPECT_TRUE(IsStalled("RolloutSkipsStep", "contract"));
    EXPECT_THAT(MessageOf(Migration("contract")), AllOf(HasSubstr("Deployment web is held for orders@0003"),
                                                        HasSubstr("Roll out a version that needs 0002 first")));
    EXPECT_TRUE(MigrationJobs().empty());

    Deploy("web", "orders@0002");
    ASSERT_TRUE(IsOpen("web"));
    ASSERT_TRUE(RollsOut("web"));
    FinishContract();
    Deploy("web", "orders@0003");
    EXPECT_TRUE(IsOpen("web"));
}

class ContractRestarted : public ContractFixture {
protected:
    static constexpr int kWaitSeconds = 6;
    ContractRestarted() : ContractFixture(kWaitSeconds) {}
};

TEST_F(ContractRestarted, InTheMiddleOfTheWaitTheOperatorGoesOnWithIt) {
    ApplyContract();
    ASSERT_TRUE(MigrationSays("WaitingForRequests", "contract"));
    const std::string since = Floor()["waitStartTime"];
    operator_->Kill();
    StartOperator();
    const auto job = Get(kube::kJobs, RunningJob("contract"));
    EXPECT_EQ(Floor()["waitStartTime"], since);
    const auto waited =
        *core::ParseTime(job["metadata"]["creationTimestamp"].get<std::string>()) - *core::ParseTime(since);
    EXPECT_GE(waited, std::chrono::seconds{kWaitSeconds});
    EXPECT_LT(waited, std::chrono::seconds{2 * kWaitSeconds}) << "it did not begin anew";
}

class GoingDown : public ContractFixture {};

TEST_F(GoingDown, WaitsForWhatNeedsMoreAndIsProvenWhenNothingAboveIsLeft) {
    Deploy("web", "orders@0002");
    ASSERT_TRUE(RollsOut("web"));
    ApplyDown();
    EXPECT_TRUE(Waits("down", "WaitingForOldPods", "above version 0001: Deployment web (orders@0002)"));
    EXPECT_TRUE(MigrationJobs().empty());
    EXPECT_THAT(Satisfied(), Not(Contains("orders@0002")));

    Deploy("web", "orders@0001");
    ASSERT_TRUE(IsOpen("web")) << "what is inside opens";
    ASSERT_TRUE(RollsOut("web"));
    FinishMigration(RunningJob("down"), {.before = {"0002"}, .after = {"0001"}});
    EXPECT_TRUE(IsReady("MigrationSucceeded", "down"));
    EXPECT_THAT(MessageOf(Migration("down")), HasSubstr("Nothing above version 0001 is left"));
    Deploy("web", "orders@0002");
    EXPECT_TRUE(IsHeldWith("orders@0002", "web"));
    EXPECT_TRUE(IsQuiet());

    kubectl_.MustApply(MigrationBuilder("orders").Version("0002").Build());
    const auto up = RunningJob();
    EXPECT_EQ(Ceiling()["version"], "0001") << "not before it is proven";
    FinishMigration(up, {.before = {"0001"}, .after = {"0002"}});
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
    EXPECT_TRUE(IsOpen("web"));
    EXPECT_TRUE(Ceiling().is_null());
}

TEST_F(GoingDown, ThatLeavesAVersionBehindHasFailed) {
    ApplyDown();
    FinishMigration(RunningJob("down"), {.before = {"0002"}, .after = {"0002"}});
    EXPECT_TRUE(IsStalled("VerificationFailed", "down"));
    EXPECT_THAT(MessageOf(Migration("down")), HasSubstr("something above version 0001 is reached still"));
    Deploy("web", "orders@0002");
    EXPECT_TRUE(IsHeldWith("above the ceiling", "web"));
    EXPECT_THAT(WaitingFor("web"), HasSubstr("The newest safe version is 0001"));
}

}  // namespace
}  // namespace test
