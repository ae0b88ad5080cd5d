#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "control_plane/gate/gate_fixture.hpp"

namespace gate {
namespace {

using support::CronJobBuilder;
using support::DeploymentBuilder;
using support::JobBuilder;
using testing::HasSubstr;
using Json = nlohmann::json;

class Requirements : public GateFixture {
protected:
    support::CommandResult CreateObject(const Json& object, const std::string& ns = {}) const {
        return (ns.empty() ? kubectl_ : kubectl_.In(ns))
            .Run({"create", "--dry-run=server", "--filename=-"}, object.dump());
    }

    support::CommandResult Create(const std::string& requirements, const std::string& ns = {}) const {
        return CreateObject(DeploymentBuilder("a").Requires(requirements).Build(), ns);
    }

    static std::vector<Json> OfEachKind(const std::string& requirements) {
        return {DeploymentBuilder("a").Requires(requirements).Build(), JobBuilder("a").Requires(requirements).Build(),
                CronJobBuilder("a").Requires(requirements).Build()};
    }
};

TEST_F(Requirements, AreRefusedWithTheRightSyntaxWhenMalformed) {
    for (const char* malformed : {"orders", "orders@", "@1", "@", "Orders@1", "orders_db@1", "orders@1 2",
                                  "orders@image=x", "-orders@1", "orders@1%2c2", "orders 1", "orders:1"}) {
        for (const auto& object : OfEachKind(malformed)) {
            const auto refused = CreateObject(object);
            EXPECT_FALSE(refused.Ok()) << object["kind"] << " " << malformed;
            EXPECT_THAT(refused.error, HasSubstr("contains \"" + std::string(malformed) + "\"")) << malformed;
            EXPECT_THAT(refused.error, HasSubstr("write DATABASE@VERSION or DATABASE@image")) << malformed;
        }
    }
}

TEST_F(Requirements, AreRefusedWhenOneOfSeveralIsMalformed) {
    for (const auto& object : OfEachKind("orders@1, users, things@, @b,")) {
        const auto refused = CreateObject(object);
        EXPECT_FALSE(refused.Ok()) << object["kind"];
        EXPECT_THAT(refused.error, HasSubstr("contains \"users\", \"things@\", \"@b\":")) << object["kind"];
    }
}

TEST_F(Requirements, AreRefusedWhenThereIsNone) {
    for (const char* none : {" ", ",", " , ,"}) {
        for (const auto& object : OfEachKind(none)) {
            const auto refused = CreateObject(object);
            EXPECT_FALSE(refused.Ok()) << object["kind"] << " '" << none << "'";
            EXPECT_THAT(refused.error, HasSubstr("names no requirement: remove it, or write")) << "'" << none << "'";
        }
    }
}

TEST_F(Requirements, AreTakenWhenWellFormed) {
    for (const char* good : {"orders@1", "a.b-c@0007_add", "orders@image", "orders@v@1", "orders@1%2C2", "o@x, p@image",
                             " orders@1 ,", "orders@a=b", "orders@image2", "orders@\u00e9"}) {
        const auto created = Create(good);
        EXPECT_TRUE(created.Ok()) << good << ": " << created.error;
    }
    for (const auto& object : OfEachKind(" orders@1 ,, users@image")) {
        const auto created = CreateObject(object);
        EXPECT_TRUE(created.Ok()) << object["kind"] << ": " << created.error;
    }
}

TEST_F(Requirements, OfACronJobAreJudgedWhenItsTemplateChanges) {
    kubectl_.MustApply(CronJobBuilder("c").Requires("orders@1").Build());
    EXPECT_FALSE(kubectl_.Apply(CronJobBuilder("c").Requires("orders").Build()).Ok());
    EXPECT_TRUE(kubectl_.Apply(CronJobBuilder("c").Requires("orders@2").Spec("suspend", true).Build()).Ok());
}

TEST_F(Requirements, OfAnObjectThatIsAlreadyThereStandInNobodysWay) {
    // Written where the gate is not, as if before the policy was installed; then the policy reaches it.
    const support::Namespace elsewhere;
    const support::Kubectl kubectl = kubectl_.In(elsewhere.Name());
    const std::string name = "deployments-requirements.tidegate.io";
    Json binding = kubectl.GetJson("validatingadmissionpolicybinding/" + name);
    binding["spec"]["matchResources"]["namespaceSelector"]["matchExpressions"].push_back(
        {{"key", "kubernetes.io/metadata.name"}, {"operator", "NotIn"}, {"values", {elsewhere.Name()}}});
    const auto restore = [&](const Json& selector) {
        kubectl.Must(
            {"patch", "validatingadmissionpolicybinding", name, "--type=json",
             "--patch=" +
                 Json{{{"op", "replace"}, {"path", "/spec/matchResources/namespaceSelector"}, {"value", selector}}}
                     .dump()});
    };
    Json original = binding["spec"]["matchResources"]["namespaceSelector"];
    original["matchExpressions"].erase(original["matchExpressions"].size() - 1);
    restore(binding["spec"]["matchResources"]["namespaceSelector"]);
    EXPECT_TRUE(
        support::Eventually([&] { return Create("nonsense", elsewhere.Name()).Ok(); }, "the policy is out of the way"));
    kubectl.Must({"create", "--filename=-"}, DeploymentBuilder("old").Requires("nonsense").Build().dump());
    restore(original);
    ASSERT_TRUE(support::Eventually([&] { return !Create("nonsense", elsewhere.Name()).Ok(); }, "the policy is back"));

    EXPECT_TRUE(kubectl.Run({"label", "deployment/old", "team=shop"}).Ok());
    EXPECT_TRUE(kubectl.Run({"scale", "deployment/old", "--replicas=1"}).Ok());
    EXPECT_TRUE(kubectl.Run({"set", "image", "deployment/old", "app=app:2"}).Ok());
    const auto worse = kubectl.Apply(DeploymentBuilder("old").Requires("other-nonsense").Build());
    EXPECT_FALSE(worse.Ok());
    const auto repaired = kubectl.Apply(DeploymentBuilder("old").Requires("orders@1").Build());
    EXPECT_TRUE(repaired.Ok()) << repaired.error;
}

}  // namespace
}  // namespace gate
