#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "control_plane/gate/gate_fixture.hpp"
#include "gate/deployment_gate.hpp"

namespace gate {
namespace {

using support::DeploymentBuilder;
using Json = nlohmann::json;

class DeploymentRelease : public GateFixture {
protected:
    /// Once the Deployment controller has seen it: what it notes makes a revision more.
    core::Revision RevisionOf(const std::string& deployment) const {
        EXPECT_TRUE(support::Eventually(
            [&] {
                const auto object = kubectl_.GetJson("deployment/" + deployment);
                return object["status"].value("observedGeneration", 0) == object["metadata"]["generation"];
            },
            deployment + " is seen by its controller"));
        return core::Revision::Parse(
            kubectl_.GetJson("deployment/" + deployment)["metadata"]["resourceVersion"].get<std::string>());
    }

    support::CommandResult PatchAsOperator(const std::string& deployment, const Json& patch,
                                           const char* type = "json") {
        return kubectl_.AsOperator().Run(
            {"patch", "deployment/" + deployment, std::string("--type=") + type, "--patch=" + patch.dump()});
    }
};

TEST_F(DeploymentRelease, OpensWhenTheOperatorPatches) {
    const auto manifest = DeploymentBuilder("c").Requires("orders@9");
    ASSERT_EQ(Apply(manifest), kHeld);
    const auto released = PatchAsOperator("c", ReleasePatch(RevisionOf("c"), false));
    ASSERT_TRUE(released.Ok()) << released.error;
    EXPECT_EQ(State("c"), kOpen);
    EXPECT_TRUE(RollsOut("c"));
    EXPECT_EQ(Apply(manifest), kOpen) << "repeated apply after the release";
    ASSERT_TRUE(kubectl_.Apply(manifest.Build(), {"--server-side", "--force-conflicts"}).Ok());
    EXPECT_EQ(State("c"), kOpen);
}

TEST_F(DeploymentRelease, LeavesNoConflictForServerSideApply) {
    const Json manifest = DeploymentBuilder("c").Requires("orders@9").Build();
    ASSERT_TRUE(kubectl_.Apply(manifest, {"--server-side"}).Ok());
    ASSERT_EQ(State("c"), kHeld);
    ASSERT_TRUE(
        PatchAsOperator("c", WaitingForPatch("orders@9: migration orders is running", RevisionOf("c")), "merge").Ok());
    ASSERT_TRUE(PatchAsOperator("c", ReleasePatch(RevisionOf("c"), true)).Ok());
    ASSERT_EQ(State("c"), kOpen);
    const auto again = kubectl_.Apply(manifest, {"--server-side"});
    EXPECT_TRUE(again.Ok()) << again.error;
    EXPECT_EQ(State("c"), kOpen);
}

TEST_F(DeploymentRelease, WaitingForLineIsWrittenByTheOperatorAndGoesWithTheRelease) {
    Apply(DeploymentBuilder("c").Requires("orders@9"));
    const auto written =
        PatchAsOperator("c", WaitingForPatch("orders@9: migration orders is running", RevisionOf("c")), "merge");
    ASSERT_TRUE(written.Ok()) << written.error;
    const Json held = kubectl_.GetJson("deployment/c");
    EXPECT_EQ(held["metadata"]["annotations"]["tidegate.io/waiting-for"], "orders@9: migration orders is running");
    EXPECT_EQ(State("c"), kHeld);

    ASSERT_TRUE(PatchAsOperator("c", ReleasePatch(RevisionOf("c"), true)).Ok());
    EXPECT_EQ(State("c"), kOpen);
    EXPECT_FALSE(kubectl_.GetJson("deployment/c")["metadata"]["annotations"].contains("tidegate.io/waiting-for"));
}

TEST_F(DeploymentRelease, FailsWhenTheObjectChangedMeanwhile) {
    Apply(DeploymentBuilder("c").Requires("orders@9"));
    const core::Revision at = RevisionOf("c");
    Apply(DeploymentBuilder("c").Requires("orders@10"));
    EXPECT_FALSE(PatchAsOperator("c", ReleasePatch(at, false)).Ok());
    EXPECT_FALSE(PatchAsOperator("c", WaitingForPatch("orders@9", at), "merge").Ok());
    EXPECT_EQ(State("c"), kHeld);
}

TEST_F(DeploymentRelease, ByTheOperatorFailsOnADeploymentThatItsUserPaused) {
    DeploymentBuilder paused = DeploymentBuilder("d").Requires("orders@9");
    paused.Object()["spec"]["paused"] = true;
    ASSERT_EQ(Apply(paused), kPausedByItsUser);
    EXPECT_FALSE(PatchAsOperator("d", ReleasePatch(RevisionOf("d"), false)).Ok());
    EXPECT_EQ(State("d"), kPausedByItsUser);
}

TEST_F(DeploymentRelease, ByHandOpensACreationForExactlyThisRequirement) {
    EXPECT_EQ(Apply(DeploymentBuilder("a").Requires("orders@3").Annotation("tidegate.io/release", "orders@3")), kOpen)
        << "with the label, by which the operator finds it to record the release";
}

TEST_F(DeploymentRelease, ByHandOpensAHeldRolloutForExactlyThisRequirement) {
    ASSERT_EQ(Apply(DeploymentBuilder("a").Requires("orders@2")), kHeld);
    EXPECT_EQ(
        Apply(DeploymentBuilder("a").Requires("orders@3").Revision(2).Annotation("tidegate.io/release", "orders@3")),
        kOpen);
    EXPECT_EQ(
        Apply(DeploymentBuilder("a").Requires("orders@4").Revision(3).Annotation("tidegate.io/release", "orders@3")),
        kHeld)
        << "void as soon as the requirement differs";
}

TEST_F(DeploymentRelease, ByHandWorksWithoutLedgerAndOperator) {
    ASSERT_EQ(Apply(DeploymentBuilder("g").Requires("orders@9")), kHeld);
    ASSERT_TRUE(kubectl_.Annotate("deployment/g", "tidegate.io/release=orders@8").Ok());
    EXPECT_EQ(State("g"), kHeld) << "for another requirement";
    ASSERT_TRUE(kubectl_.Annotate("deployment/g", "tidegate.io/release=orders@9").Ok());
    EXPECT_EQ(State("g"), kOpen);
}

TEST_F(DeploymentRelease, ByHandLeavesADeploymentThatItsUserPausedPaused) {
    DeploymentBuilder paused =
        DeploymentBuilder("a").Requires("orders@3").Annotation("tidegate.io/release", "orders@3");
    paused.Object()["spec"]["paused"] = true;
    Apply(paused);
    EXPECT_TRUE(kubectl_.GetJson("deployment/a")["spec"].value("paused", false));
    kubectl_.Must({"rollout", "resume", "deployment/a"});
    EXPECT_EQ(State("a"), kOpen);
}

TEST_F(DeploymentRelease, OpensWhatRequiresNothingAnyMore) {
    ASSERT_EQ(Apply(DeploymentBuilder("h").Requires("orders@9")), kHeld);
    EXPECT_EQ(Apply(DeploymentBuilder("h")), kOpen) << "without Ledger and operator";

    DeploymentBuilder other_annotations("i");
    other_annotations.Object()["spec"]["template"]["metadata"]["annotations"] = {{"team", "shop"}};
    ASSERT_EQ(Apply(DeploymentBuilder("i").Requires("orders@9")), kHeld);
    EXPECT_EQ(Apply(other_annotations), kOpen) << "the mark stays in the template that kubectl sends";

    ASSERT_EQ(Apply(DeploymentBuilder("j").Requires("orders@9")), kHeld);
    kubectl_.Must({"replace", "--filename=-"}, DeploymentBuilder("j").Build().dump());
    EXPECT_FALSE(kubectl_.GetJson("deployment/j")["spec"].value("paused", false));

    Satisfy({"orders@1"});
    ASSERT_EQ(Apply(DeploymentBuilder("k").Requires("orders@9")), kHeld);
    EXPECT_EQ(Apply(DeploymentBuilder("k").Revision(2)), kOpen) << "with a Ledger, together with another change";
}

}  // namespace
}  // namespace gate
