#include "control_plane/gate/gate_fixture.hpp"

#include <nlohmann/json.hpp>

namespace gate {
namespace {

using Json = nlohmann::json;
using support::DeploymentBuilder;
using support::Eventually;

std::string StateOf(const Json& deployment) {
    const bool paused = deployment["spec"].value("paused", false);
    const std::string mark =
        deployment["spec"]["template"]["metadata"].value("annotations", Json::object()).value("tidegate.io/hold", "");
    const std::string label = deployment["metadata"].value("labels", Json::object()).value("tidegate.io/gate", "");
    if (paused && mark == "true" && label == "held") return kHeld;
    if (paused && mark == "mid-rollout" && label == "held") return kHeldMidRollout;
    if (!paused && mark.empty() && label == "open") return kOpen;
    if (!paused && mark.empty() && label.empty()) return kUntouched;
    if (paused && mark.empty() && label.empty()) return kPausedByItsUser;
    return std::string("paused: ") + (paused ? "true" : "false") + ", mark: '" + mark + "', label: '" + label + "'";
}

}  // namespace

std::string GateFixture::State(const std::string& deployment) const {
    return StateOf(kubectl_.GetJson("deployment/" + deployment));
}

std::string GateFixture::Apply(const DeploymentBuilder& deployment) const {
    return StateOf(Json::parse(kubectl_.Must({"apply", "--output=json", "--filename=-"}, deployment.Build().dump())));
}

bool GateFixture::Opens(const std::string& requirement) const {
    const auto probe = DeploymentBuilder("ledger-probe").Requires(requirement).Build();
    return StateOf(Json::parse(
               kubectl_.Must({"create", "--dry-run=server", "--output=json", "--filename=-"}, probe.dump()))) == kOpen;
}

void GateFixture::Satisfy(const std::vector<std::string>& requirements) {
    auto satisfied = requirements;
    // An entry of its own for each write: when it opens, this write has arrived.
    const std::string mark = "ledger-probe@" + std::to_string(++ledgers_);
    satisfied.push_back(mark);
    kubectl_.MustApply(support::LedgerOf(satisfied));
    ASSERT_TRUE(Eventually([&] { return Opens(mark); }, "the policies see the Ledger"));
}

void GateFixture::RemoveLedger() {
    kubectl_.Must({"delete", "ledger", "tidegate"});
    const std::string mark = "ledger-probe@" + std::to_string(ledgers_);
    ASSERT_TRUE(Eventually([&] { return !Opens(mark); }, "the policies miss the Ledger"));
}

testing::AssertionResult GateFixture::RollsOut(const std::string& deployment, int replicas) const {
    const auto done = [&](const Json& object) {
        const Json& status = object["status"];
        return status.value("observedGeneration", 0) == object["metadata"]["generation"] &&
               status.value("updatedReplicas", 0) == replicas && status.value("replicas", 0) == replicas &&
               status.value("availableReplicas", 0) == replicas;
    };
    return Eventually(
        [&] {
            for (const auto& pod : node_.Pods("app=" + deployment)) {
                const std::string name = pod["metadata"]["name"];
                if (pod["metadata"].contains("deletionTimestamp")) {
                    node_.FinishDeleted(name);
                } else if (pod["status"].value("phase", "") != "Running") {
                    node_.Start(name);
                }
            }
            return done(kubectl_.GetJson("deployment/" + deployment));
        },
        deployment + " rolls out", support::kPatience,
        [&] { return kubectl_.GetJson("deployment/" + deployment)["status"].dump(2); });
}

void GateFixture::InSeveralOrdersOfPolicies(const std::function<void(const std::string& mark)>& round) {
    constexpr int kRounds = 8;
    const std::string name = namespace_.Name() + "-order";
    const auto policy = [&](const char* kind, const Json& spec) {
        return Json{{"apiVersion", "admissionregistration.k8s.io/v1"},
                    {"kind", kind},
                    {"metadata", {{"name", name}}},
                    {"spec", spec}};
    };
    const Json only_here{{"matchLabels", {{"kubernetes.io/metadata.name", namespace_.Name()}}}};
    kubectl_.MustApply(policy("MutatingAdmissionPolicyBinding",
                              {{"policyName", name}, {"matchResources", {{"namespaceSelector", only_here}}}}));
    const Json rules = {
        {{"apiGroups", {""}}, {"apiVersions", {"v1"}}, {"operations", {"CREATE"}}, {"resources", {"configmaps"}}}};
    for (int number = 1; number <= kRounds; ++number) {
        const std::string mark = "round-" + std::to_string(number);
        const std::string object = "Object{metadata: Object.metadata{labels: {'round': '" + mark + "'}}}";
        kubectl_.MustApply(
            policy("MutatingAdmissionPolicy",
                   {{"reinvocationPolicy", "Never"},
                    {"matchConstraints", {{"resourceRules", rules}}},
                    {"mutations",
                     {{{"patchType", "ApplyConfiguration"}, {"applyConfiguration", {{"expression", object}}}}}}}));
        ASSERT_TRUE(Eventually(
            [&] {
                return kubectl_.Must({"create", "configmap", "probe", "--dry-run=server", "--output=json"})
                           .find(mark) != std::string::npos;
            },
            "the policies are read again"));
        round(mark);
    }
    kubectl_.Must({"delete", "mutatingadmissionpolicy,mutatingadmissionpolicybinding", name});
}

}  // namespace gate
