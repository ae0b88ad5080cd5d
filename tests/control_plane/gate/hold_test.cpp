#include <gmock/gmock.h>

#include "control_plane/gate/gate_fixture.hpp"

namespace gate {
namespace {

using support::DeploymentBuilder;
using support::Eventually;
using Json = nlohmann::json;

class DeploymentHold : public GateFixture {};

TEST_F(DeploymentHold, LeavesADeploymentThatRequiresNothingUntouched) {
    EXPECT_EQ(Apply(DeploymentBuilder("plain")), kUntouched);
    kubectl_.Must({"scale", "deployment/plain", "--replicas=3"});
    kubectl_.Must({"rollout", "pause", "deployment/plain"});
    EXPECT_EQ(State("plain"), kPausedByItsUser);
    kubectl_.Must({"rollout", "resume", "deployment/plain"});
    kubectl_.Must({"rollout", "restart", "deployment/plain"});
    EXPECT_EQ(State("plain"), kUntouched);
}

TEST_F(DeploymentHold, HoldsACreationWithoutLedger) {
    EXPECT_EQ(Apply(DeploymentBuilder("a").Requires("orders@1")), kHeld);
    ASSERT_TRUE(Eventually(
        [&] { return kubectl_.GetJson("deployment/a")["status"].value("observedGeneration", 0) == 1; }, "observed"));
    EXPECT_TRUE(kubectl_.List({"replicasets"}).empty()) << "a Deployment that is created held has no pods";
    EXPECT_THAT(kubectl_.GetJson("deployment/a")["status"].dump(), testing::Not(testing::HasSubstr("deadline")));
}

TEST_F(DeploymentHold, StaysOnAnUnchangedApply) {
    Apply(DeploymentBuilder("a").Requires("orders@1"));
    Satisfy({"orders@1"});
    EXPECT_EQ(Apply(DeploymentBuilder("a").Requires("orders@1")), kHeld) << "nothing changed: the operator releases it";
}

TEST_F(DeploymentHold, HoldsARolloutWithANewRequirement) {
    Satisfy({"orders@1"});
    ASSERT_EQ(Apply(DeploymentBuilder("a").Requires("orders@1")), kOpen);
    EXPECT_EQ(Apply(DeploymentBuilder("a").Requires("orders@2").Revision(2)), kHeld);
}

TEST_F(DeploymentHold, HoldsWhenOneOfTwoRequirementsIsUnknown) {
    Satisfy({"orders@1"});
    EXPECT_EQ(Apply(DeploymentBuilder("a").Requires("orders@1, users@7")), kHeld);
}

TEST_F(DeploymentHold, IsPutBackWhenItsUserResumes) {
    Apply(DeploymentBuilder("a").Requires("orders@2"));
    kubectl_.Must({"rollout", "resume", "deployment/a"});
    EXPECT_EQ(State("a"), kHeld);
}

TEST_F(DeploymentHold, IsPutBackWhenItsUserRemovesTheLabel) {
    Apply(DeploymentBuilder("a").Requires("orders@2"));
    kubectl_.Must({"label", "deployment/a", "tidegate.io/gate-"});
    EXPECT_EQ(State("a"), kHeld);
}

TEST_F(DeploymentHold, IsPutBackWhenItsUserRemovesTheMark) {
    Apply(DeploymentBuilder("a").Requires("orders@2"));
    kubectl_.MergePatch(
        "deployment/a",
        Json::parse(R"({"spec": {"template": {"metadata": {"annotations": {"tidegate.io/hold": null}}}}})"));
    EXPECT_EQ(State("a"), kHeld);
    kubectl_.MergePatch("deployment/a", Json::parse(R"({"spec": {"paused": false,
                                        "template": {"metadata": {"annotations": {"tidegate.io/hold": null}}}}})"));
    EXPECT_EQ(State("a"), kHeld);
}

TEST_F(DeploymentHold, IsPutBackByReplace) {
    Apply(DeploymentBuilder("a").Requires("orders@9"));
    kubectl_.Must({"replace", "--filename=-"}, DeploymentBuilder("a").Requires("orders@9").Build().dump());
    EXPECT_EQ(State("a"), kHeld);
}

TEST_F(DeploymentHold, IsNotDisturbedByAnAnnotation) {
    Apply(DeploymentBuilder("a").Requires("orders@2"));
    const Json before = kubectl_.GetJson("deployment/a")["spec"];
    kubectl_.Must({"annotate", "deployment/a", "note=x"});
    EXPECT_EQ(State("a"), kHeld);
    EXPECT_EQ(kubectl_.GetJson("deployment/a")["spec"], before);
}

TEST_F(DeploymentHold, StartsNoPodOfTheHeldTemplateWhenScaledToZeroAndBack) {
    Satisfy({"orders@1"});
    Apply(DeploymentBuilder("a").Requires("orders@1"));
    ASSERT_TRUE(RollsOut("a"));
    ASSERT_EQ(Apply(DeploymentBuilder("a").Requires("orders@2").Revision(2)), kHeld);

    const auto old_replicas = [&] { return kubectl_.List({"replicasets"}).at(0)["status"].value("replicas", 0); };
    kubectl_.Must({"scale", "deployment/a", "--replicas=0"});
    ASSERT_TRUE(Eventually([&] { return old_replicas() == 0; }, "scaling to zero works while held"));
    kubectl_.Must({"scale", "deployment/a", "--replicas=2"});
    ASSERT_TRUE(Eventually([&] { return old_replicas() == 2; }, "scaling up works while held, with the old pods"));

    EXPECT_EQ(kubectl_.List({"replicasets"}).size(), 1U);
    for (const auto& pod : node_.Pods("app=a")) {
        EXPECT_EQ(pod["metadata"]["annotations"]["tidegate.io/requires"], "orders@1");
    }
    EXPECT_EQ(State("a"), kHeld);
}

TEST_F(DeploymentHold, IsStableUnderServerSideApply) {
    const Json manifest = DeploymentBuilder("c").Requires("orders@9").Build();
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(kubectl_.Apply(manifest, {"--server-side"}).Ok());
        EXPECT_EQ(State("c"), kHeld);
    }
    EXPECT_EQ(kubectl_.GetJson("deployment/c")["metadata"]["generation"], 1);
    const auto diff = kubectl_.Run({"diff", "--server-side", "--filename=-"}, manifest.dump());
    EXPECT_EQ(diff.exit_code, 0) << diff.output << diff.error;
}

TEST_F(DeploymentHold, IsNoDriftUnderServerSideApplyOfAManifestThatSaysNotPaused) {
    Json manifest = DeploymentBuilder("c").Requires("orders@9").Build();
    manifest["spec"]["paused"] = false;
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(kubectl_.Apply(manifest, {"--server-side"}).Ok());
        EXPECT_EQ(State("c"), kHeld);
    }
    EXPECT_EQ(kubectl_.GetJson("deployment/c")["metadata"]["generation"], 1);
    const auto diff = kubectl_.Run({"diff", "--server-side", "--filename=-"}, manifest.dump());
    EXPECT_EQ(diff.exit_code, 0) << diff.output << diff.error;
}

TEST_F(DeploymentHold, LeavesADeploymentThatItsUserPausedAlone) {
    DeploymentBuilder paused = DeploymentBuilder("d").Requires("orders@9");
    paused.Object()["spec"]["paused"] = true;
    EXPECT_EQ(Apply(paused), kPausedByItsUser);
    paused.Revision(2);
    EXPECT_EQ(Apply(paused), kPausedByItsUser);

    kubectl_.Must({"rollout", "resume", "deployment/d"});
    EXPECT_EQ(State("d"), kHeld) << "judged when resumed";
}

TEST_F(DeploymentHold, CannotBeOpenedByResumeAndUndo) {
    Satisfy({"orders@1"});
    Apply(DeploymentBuilder("b").Requires("orders@1"));
    ASSERT_TRUE(RollsOut("b"));
    Apply(DeploymentBuilder("b").Requires("orders@1").Revision(2));
    ASSERT_TRUE(RollsOut("b"));
    ASSERT_EQ(Apply(DeploymentBuilder("b").Requires("orders@5").Revision(3)), kHeld);

    kubectl_.MergePatch("deployment/b", {{"spec", {{"paused", false}}}});
    EXPECT_EQ(State("b"), kHeld);
    const auto undo = kubectl_.Run({"rollout", "undo", "deployment/b"});
    EXPECT_FALSE(undo.Ok()) << "kubectl refuses paused Deployments";
    EXPECT_EQ(State("b"), kHeld);
}

TEST_F(DeploymentHold, IsKeptByACopyOfAHeldObject) {
    Apply(DeploymentBuilder("a").Requires("orders@9"));
    Json copy = kubectl_.GetJson("deployment/a");
    copy["metadata"] = {{"name", "copy"}};
    copy.erase("status");
    kubectl_.MustApply(copy);
    EXPECT_EQ(State("copy"), kHeld) << "with the label, by which the operator finds it";
}

TEST_F(DeploymentHold, HoldsNothingInAnExcludedNamespace) {
    const auto created = kubectl_.In("kube-system")
                             .Run({"create", "--dry-run=server", "--output=json", "--filename=-"},
                                  DeploymentBuilder("probe").Requires("orders@9").Build().dump());
    ASSERT_TRUE(created.Ok()) << created.error;
    EXPECT_FALSE(Json::parse(created.output)["spec"].contains("paused"));
}

}  // namespace
}  // namespace gate
