#include <nlohmann/json.hpp>

#include "control_plane/gate/gate_fixture.hpp"

namespace gate {
namespace {

using support::DeploymentBuilder;
using support::Eventually;
using Json = nlohmann::json;

class DeploymentOpen : public GateFixture {};

TEST_F(DeploymentOpen, OpensASatisfiedCreationWithinTheRequest) {
    Satisfy({"orders@1"});
    EXPECT_EQ(Apply(DeploymentBuilder("b").Requires("orders@1")), kOpen);
    const auto diff =
        kubectl_.Run({"diff", "--filename=-"}, DeploymentBuilder("b").Requires("orders@1").Build().dump());
    EXPECT_EQ(diff.exit_code, 0) << diff.output << diff.error;
}

TEST_F(DeploymentOpen, OpensAHeldDeploymentWhoseChangedApplyIsSatisfiedByNow) {
    ASSERT_EQ(Apply(DeploymentBuilder("a").Requires("orders@1")), kHeld);
    Satisfy({"orders@1"});
    EXPECT_EQ(Apply(DeploymentBuilder("a").Requires("orders@1").Revision(2)), kOpen);
    EXPECT_TRUE(RollsOut("a"));
}

TEST_F(DeploymentOpen, OpensARollbackToASatisfiedTemplate) {
    Satisfy({"orders@1"});
    ASSERT_EQ(Apply(DeploymentBuilder("a").Requires("orders@1").Revision(1)), kOpen);
    ASSERT_TRUE(RollsOut("a"));
    ASSERT_EQ(Apply(DeploymentBuilder("a").Requires("orders@2").Revision(2)), kHeld);
    EXPECT_EQ(Apply(DeploymentBuilder("a").Requires("orders@1").Revision(1)), kOpen);
    EXPECT_TRUE(RollsOut("a"));
    EXPECT_EQ(kubectl_.List({"replicasets"}).size(), 1U) << "the old ReplicaSet is the new one: no pod was replaced";
}

TEST_F(DeploymentOpen, OpensWhenEveryRequirementHoldsHoweverItIsSpaced) {
    Satisfy({"orders@1", "users@7", "a.b-c@20260101_x%2Cy"});
    EXPECT_EQ(Apply(DeploymentBuilder("a").Requires("  orders@1 ,users@7,, a.b-c@20260101_x%2Cy ")), kOpen);
}

TEST_F(DeploymentOpen, KnowsTheImageForm) {
    Satisfy({"orders@image=registry.example.com/orders:2"});
    EXPECT_EQ(Apply(DeploymentBuilder("e").Requires("orders@image").Image("registry.example.com/orders:2")), kOpen);
    EXPECT_EQ(Apply(DeploymentBuilder("f").Requires("orders@image").Image("registry.example.com/orders:3")), kHeld)
        << "another image's migrations have not run";

    DeploymentBuilder with_init = DeploymentBuilder("g").Requires("orders@image");
    with_init.Object()["spec"]["template"]["spec"]["initContainers"] = {
        {{"name", "init"}, {"image", "registry.example.com/orders:2"}}};
    EXPECT_EQ(Apply(with_init), kOpen) << "an init container is part of what the template uses";
}

TEST_F(DeploymentOpen, ReleasesARollbackAlsoWhenAnotherPolicyWroteTheObjectInBetween) {
    Satisfy({"orders@1"});
    ASSERT_EQ(Apply(DeploymentBuilder("a").Requires("orders@2")), kHeld);
    ASSERT_TRUE(kubectl_.Annotate("deployment/a", "tidegate.io/waiting-for=orders@2: nothing brings it").Ok());
    ASSERT_EQ(Apply(DeploymentBuilder("a").Requires("orders@1")), kOpen);
    EXPECT_FALSE(kubectl_.GetJson("deployment/a")["metadata"]["annotations"].contains("tidegate.io/waiting-for"))
        << "what it waited for is over";
}

TEST_F(DeploymentOpen, HoldsAgainWhenTheLedgerIsGone) {
    Satisfy({"orders@9"});
    ASSERT_EQ(Apply(DeploymentBuilder("a").Requires("orders@9")), kOpen);
    RemoveLedger();
    EXPECT_EQ(Apply(DeploymentBuilder("g").Requires("orders@9")), kHeld);
    EXPECT_EQ(State("a"), kOpen) << "what is open stays open";
}

TEST_F(DeploymentOpen, StaysOpenWhenTheSameIsAppliedAgain) {
    Satisfy({"orders@1"});
    Apply(DeploymentBuilder("a").Requires("orders@1"));
    RemoveLedger();
    EXPECT_EQ(Apply(DeploymentBuilder("a").Requires("orders@1")), kOpen);
    kubectl_.Must({"scale", "deployment/a", "--replicas=5"});
    kubectl_.Must({"annotate", "deployment/a", "note=x"});
    EXPECT_EQ(State("a"), kOpen);
}

TEST_F(DeploymentOpen, ReadsALedgerOfGreatestSize) {
    std::vector<std::string> many;
    for (int i = 0; many.size() < 3999; ++i)
        many.push_back("orders@2026" + std::to_string(i));
    Satisfy(many);
    std::string requirements;
    for (std::size_t i = 3980; i < many.size(); ++i)
        requirements += (requirements.empty() ? "" : ", ") + many[i];
    EXPECT_EQ(Apply(DeploymentBuilder("a").Requires(requirements)), kOpen)
        << "a rule over its cost budget would be an error, and an error leaves the hold";
}

TEST_F(DeploymentOpen, DoesNotDependOnTheOrderOfPolicies) {
    Satisfy({"orders@1"});
    InSeveralOrdersOfPolicies([&](const std::string& mark) {
        EXPECT_EQ(Apply(DeploymentBuilder("created-" + mark).Requires("orders@1").Replicas(0)), kOpen);
        EXPECT_EQ(Apply(DeploymentBuilder("held-" + mark).Requires("orders@2").Replicas(0)), kHeld);
        EXPECT_EQ(Apply(DeploymentBuilder("held-" + mark).Requires("orders@1").Replicas(0)), kOpen);
    });
}

}  // namespace
}  // namespace gate
