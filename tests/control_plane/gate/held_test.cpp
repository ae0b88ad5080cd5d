#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "control_plane/gate/gate_fixture.hpp"

namespace gate {
namespace {

using support::DeploymentBuilder;
using support::Eventually;
using testing::HasSubstr;
using Json = nlohmann::json;

/// What happens to a Deployment while it is held; each begins with two pods of revision 1.
class HeldDeployment : public GateFixture {
protected:
    void SetUp() override {
        Satisfy({"orders@1"});
        Apply(DeploymentBuilder("a").Requires("orders@1"));
        ASSERT_TRUE(RollsOut("a"));
    }

    void Hold() { ASSERT_EQ(Apply(NewRelease()), kHeld); }
    static DeploymentBuilder NewRelease() { return DeploymentBuilder("a").Requires("orders@2").Revision(2); }

    Json Status() const { return kubectl_.GetJson("deployment/a")["status"]; }

    /// Replicas that its ReplicaSets want, those that want none left out, the greatest first.
    std::vector<int> Wanted() const {
        std::vector<int> wanted;
        for (const auto& replica_set : kubectl_.List({"replicasets"})) {
            const int replicas = replica_set["spec"].value("replicas", 0);
            if (replicas > 0) wanted.push_back(replicas);
        }
        std::sort(wanted.rbegin(), wanted.rend());
        return wanted;
    }
};

TEST_F(HeldDeployment, GetsALostPodBackWithTheOldTemplate) {
    Hold();
    const std::string lost = node_.Pods("app=a").front()["metadata"]["name"];
    kubectl_.Must({"delete", "pod", lost, "--grace-period=0", "--force"});
    ASSERT_TRUE(Eventually(
        [&] {
            const auto pods = node_.Pods("app=a");
            return pods.size() == 2 && std::none_of(pods.begin(), pods.end(),
                                                    [&](const Json& pod) { return pod["metadata"]["name"] == lost; });
        },
        "the ReplicaSet makes another one"));
    for (const auto& pod : node_.Pods("app=a"))
        EXPECT_EQ(pod["metadata"]["annotations"]["tidegate.io/requires"], "orders@1");
    EXPECT_EQ(State("a"), kHeld);
}

TEST_F(HeldDeployment, IsScaledByAnAutoscaler) {
    Hold();
    const std::string scale = "/apis/apps/v1/namespaces/" + kubectl_.Ns() + "/deployments/a/scale";
    Json wanted = Json::parse(kubectl_.Must({"get", "--raw", scale}));
    wanted["spec"]["replicas"] = 4;
    const auto scaled = kubectl_.As("system:serviceaccount:kube-system:horizontal-pod-autoscaler")
                            .Run({"replace", "--raw", scale, "--filename=-"}, wanted.dump());
    ASSERT_TRUE(scaled.Ok()) << scaled.error;
    ASSERT_TRUE(Eventually([&] { return Wanted() == std::vector{4}; }, "the old ReplicaSet is scaled"));
    EXPECT_EQ(State("a"), kHeld);
}

TEST_F(HeldDeployment, IsNothingThatKubectlRolloutOpens) {
    Hold();
    for (const char* verb : {"restart", "undo", "pause"}) {
        const auto refused = kubectl_.Run({"rollout", verb, "deployment/a"});
        EXPECT_FALSE(refused.Ok()) << verb;
        EXPECT_THAT(refused.error, testing::AnyOf(HasSubstr("paused"), HasSubstr("no rollout history"))) << verb;
    }
    EXPECT_TRUE(kubectl_.Run({"rollout", "resume", "deployment/a"}).Ok()) << "it says resumed, and is held";
    EXPECT_EQ(State("a"), kHeld);
    const auto waited = kubectl_.Run({"rollout", "status", "deployment/a", "--timeout=2s"});
    EXPECT_FALSE(waited.Ok()) << waited.output;
    EXPECT_THAT(waited.output, HasSubstr("new replicas have been updated"));
}

TEST_F(HeldDeployment, IsHeldAgainWhenItIsDeletedAndCreated) {
    Hold();
    kubectl_.Must({"delete", "deployment/a"});
    EXPECT_EQ(Apply(NewRelease()), kHeld);
    kubectl_.Must({"replace", "--force", "--filename=-"}, NewRelease().Build().dump());
    EXPECT_EQ(State("a"), kHeld);
}

TEST_F(HeldDeployment, IsNotOpenedByAnApplyThatSetsPaused) {
    Hold();
    for (const bool paused : {false, true}) {
        auto manifest = NewRelease();
        manifest.Object()["spec"]["paused"] = paused;
        EXPECT_EQ(Apply(manifest), kHeld) << paused;
    }
    Satisfy({"orders@1", "orders@2"});
    auto paused = NewRelease().Revision(3);
    paused.Object()["spec"]["paused"] = true;
    EXPECT_EQ(Apply(paused), kOpen) << "nothing tells his pause from ours while it is held";
    EXPECT_EQ(Apply(paused.Revision(4)).substr(0, 12), "paused: true") << "from then on it is his";
}

TEST_F(HeldDeployment, IsStableUnderServerSideApplyOfTwoManagers) {
    const Json manifest = DeploymentBuilder("two").Requires("orders@2").Build();
    for (const char* manager : {"one", "two", "one"}) {
        const auto applied = kubectl_.Apply(manifest, {"--server-side", std::string("--field-manager=") + manager});
        ASSERT_TRUE(applied.Ok()) << applied.error;
        EXPECT_EQ(State("two"), kHeld);
    }
    EXPECT_EQ(kubectl_.GetJson("deployment/two")["metadata"]["generation"], 1);
    Json resumes = manifest;
    resumes["spec"]["paused"] = false;
    kubectl_.Apply(resumes, {"--server-side", "--field-manager=two", "--force-conflicts"});
    EXPECT_EQ(State("two"), kHeld);
}

TEST_F(HeldDeployment, InTheMiddleOfARolloutKeepsPodsOfBothTemplatesAndSaysSo) {
    ASSERT_EQ(Apply(DeploymentBuilder("a").Requires("orders@1").Revision(2)), kOpen);
    ASSERT_TRUE(
        Eventually([&] { return Status().value("updatedReplicas", 0) == 1 && Status().value("replicas", 0) == 3; },
                   "one of three pods is new"));
    const auto before = Wanted();
    ASSERT_EQ(before.size(), 2U);
    ASSERT_EQ(Apply(DeploymentBuilder("a").Requires("orders@2").Revision(3)), kHeldMidRollout);
    ASSERT_TRUE(Eventually(
        [&] {
            return Status().value("observedGeneration", 0) ==
                   kubectl_.GetJson("deployment/a")["metadata"]["generation"];
        },
        "the controller has seen the hold"));
    EXPECT_EQ(Wanted(), before) << "pods of both templates go on serving";
    EXPECT_EQ(Apply(DeploymentBuilder("a").Requires("orders@3").Revision(4)), kHeldMidRollout) << "still so";
    EXPECT_EQ(Apply(DeploymentBuilder("a").Requires("orders@1").Revision(1)), kOpen) << "the way back";
    EXPECT_TRUE(RollsOut("a"));
    EXPECT_EQ(Apply(DeploymentBuilder("a").Requires("orders@2").Revision(5)), kHeld);
}

}  // namespace
}  // namespace gate
