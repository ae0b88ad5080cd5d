#include "control_plane/replay/replayer.hpp"

#include <algorithm>
#include <optional>

#include <nlohmann/json.hpp>

#include "api/names.hpp"
#include "control_plane/replay/lines.hpp"
#include "control_plane/replay/players.hpp"
#include "core/json_access.hpp"
#include "explorer/kubernetes.hpp"
#include "support/eventually.hpp"

namespace replay {
namespace {

using explorer::Kind;
using explorer::State;
using What = explorer::Action::What;

/// The Job controller needs a second or two, on a machine that has nothing to give much longer; who passes never waits.
constexpr std::chrono::seconds kPatience{90};
/// A store that was up to date misses this share of the changes.
constexpr double kShareHeldBack = 0.2;

/// Relative frequencies: progress often, mischief now and then. 0: not played here.
int WeightOf(const explorer::Action& action) {
    switch (action.what) {
        case What::DatabasePass:
            return action.how == 0 ? 40 : 3;
        case What::LedgerPass:
        case What::WorkloadPass:
            return action.how == 0 ? 15 : 2;
        case What::DeliverAll:
            return 20;
        case What::DeliverNext:
            return 5;
        case What::PodStep:
            return 30;
        case What::PodEnd:
            return 12;
        case What::CreateMigration:
        case What::CreateDatabase:
            return 40;
        case What::Leap:
            return 6;
        case What::Crash:
            return 4;
        case What::EditSpec:
        case What::Retry:
        case What::Suspend:
        case What::DeleteMigration:
        case What::DeleteJob:
        case What::DeletePod:
        case What::EvictPod:
        case What::PlantJob:
        case What::LoseRecord:
        case What::DeleteDatabase:
        case What::SwitchDatabase:
            return 2;
        default:
            return 0;
    }
}

}  // namespace

Replayer::Replayer(explorer::Scenario scenario, std::uint64_t seed)
    : scenario_(std::move(scenario)), ns_(scenario_.ns), cluster_(RealCluster::Get()), operator_(ns_), random_(seed) {
    state_.now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    state_.instances[0].level = state_.instances[0].proven = scenario_.start_level;
    state_.purse = scenario_.purse;
}

Replayer::Result Replayer::Walk(int steps) {
    std::string difference;
    if (scenario_.gated_level > 0) {
        explorer::Deployment deployment;
        deployment.key = {ns_, scenario_.DatabaseName()};
        deployment.revision = {state_.deployments.NextRevision()};
        deployment.held = true;
        deployment.requires_text = scenario_.DatabaseName() + "@" + explorer::VersionName(scenario_.gated_level);
        const auto made = cluster_.Administrator().Create(
            kube::kDeployments, DeploymentObject(ns_, deployment.key.name, deployment.requires_text));
        if (!made.Done()) throw std::runtime_error(made.message);
        deployment.uid = made.uid;
        state_.deployments.Put(explorer::Freeze(std::move(deployment)));
        state_.Show(Kind::Deployments, 0);
    }
    const auto agrees = [&] {
        return support::Eventually(
            [&] { return WritesAreSeen() && Agree(state_, difference) && DeploymentIsSettled(); }, "both agree",
            kPatience);
    };
    while (result_.steps < steps && result_.disagreement.empty() && result_.broken.empty()) {
        if (!agrees()) {
            result_.disagreement = difference;
            break;
        }
        TakeOver(state_);
        FillStores(state_);
        if (!DoRandomStep()) break;
        ++result_.steps;
    }
    if (result_.disagreement.empty() && result_.broken.empty() && !agrees()) result_.disagreement = difference;
    CleanUp();
    return std::move(result_);
}

std::vector<Replayer::Step> Replayer::PossibleSteps() const {
    class Collector final : public explorer::Sink {
    public:
        void Take(const Action& action, State&& next, const std::string& text,
                  const explorer::Violations& broken) override {
            if (WeightOf(action) > 0) steps.push_back({action, std::move(next), text, broken});
        }
        bool WantsText() const override { return true; }

        std::vector<Step> steps;
    };
    Collector collector;
    explorer::Expand(scenario_, state_, collector);
    return std::move(collector.steps);
}

bool Replayer::DoRandomStep() {
    auto steps = PossibleSteps();
    if (steps.empty()) return false;
    std::vector<int> weights;
    for (const auto& step : steps)
        weights.push_back(WeightOf(step.action));
    std::discrete_distribution<std::size_t> choose(weights.begin(), weights.end());
    Step& step = steps[choose(random_)];
    result_.path.push_back(step.text);
    result_.broken = step.broken;
    const State before = state_;
    State after = std::move(step.next);
    operator_.SetClock(before.OperatorNow());
    Do(step.action, before, after);
    if (step.action.what == What::DatabasePass) FinishPass(after);
    LetControllersAct(after);
    DeliverSome(before, after);
    // What lay between was never shown to the real store.
    after.memory.ended_pods.clear();
    if (step.action.what != What::Crash) {
        after.memory.ended_pods = before.memory.ended_pods;
        for (const auto& pod : before.pods.Seen().items) {
            const bool is_shown = explorer::History<explorer::Pod>::Find(after.pods.Seen(), pod->key.name) != nullptr;
            if (pod->terminal && !is_shown) after.memory.ended_pods.push_back(pod);
        }
    }
    state_ = std::move(after);
    return true;
}

namespace {

/// Keeps the first of the states that follow.
class First final : public explorer::Sink {
public:
    void Take(const explorer::Action&, State&& next, const std::string&, const explorer::Violations&) override {
        if (!state) state = std::move(next);
    }
    std::optional<State> state;
};

}  // namespace

/// The real pass goes on at once when it has only learned something (that a Job's name is taken).
void Replayer::FinishPass(State& state) {
    while (state.memory.pass) {
        First first;
        explorer::Emitter out(scenario_, state, first);
        explorer::RunDatabaseWorker(out);
        if (!first.state) return;
        state = std::move(*first.state);
    }
}

void Replayer::LetControllersAct(State& state) {
    constexpr int kMostActs = 50;
    for (int acts = 0; acts < kMostActs; ++acts) {
        First first;
        explorer::Emitter out(scenario_, state, first);
        explorer::CollectGarbage(out);
        if (!first.state) explorer::ControlJobs(out);
        if (!first.state) return;
        state = std::move(*first.state);
    }
}

/// Every write of the operator has come back to the onlooker.
bool Replayer::WritesAreSeen() const {
    const auto& now = cluster_.Now();
    return operator_.Written(kube::kDatabases) <= now.databases.Seen(ns_) &&
           operator_.Written(kube::kMigrations) <= now.migrations.Seen(ns_) &&
           operator_.Written(kube::kJobs) <= now.jobs.Seen(ns_) &&
           operator_.Written(kube::kLedgers) <= now.ledgers.Seen(ns_) &&
           operator_.Written(kube::kDeployments) <= now.deployments.Seen(ns_);
}

void Replayer::DeliverSome(const State& before, State& after) {
    std::bernoulli_distribution is_held(kShareHeldBack);
    for (std::size_t i = 0; i < explorer::kKinds; ++i) {
        const auto kind = static_cast<Kind>(i);
        const bool is_late = before.AgeOf(kind) == 0 && after.AgeOf(kind) > 0;
        if (is_late && !is_held(random_)) after.Show(kind, 0);
    }
}

/// The Deployment controller has written what it has to say: from then on its status is as it is.
bool Replayer::DeploymentIsSettled() {
    const core::ObjectKey key{ns_, scenario_.DatabaseName()};
    const auto shown = cluster_.Now().deployments.Find(key);
    if (!shown || shown->revision == settled_deployment_) return true;
    const auto live = cluster_.Administrator().Get(kube::kDeployments, key);
    if (!live) return false;
    const auto observed = core::NumberAt(*live, {"status", "observedGeneration"});
    if (observed != core::NumberAt(*live, {"metadata", "generation"})) return false;
    settled_deployment_ = core::Revision::Parse(core::TextAt(*live, {"metadata", "resourceVersion"}));
    return shown->revision == settled_deployment_;
}

bool Replayer::Agree(const State& state, std::string& difference) const {
    std::vector<std::string> model, real;
    const auto& now = cluster_.Now();
    const auto index = controllers::DatabaseIndexValue(ns_, scenario_.DatabaseName());
    for (const auto& database : state.databases.Truth().items)
        model.push_back(Line(*database));
    if (const auto database = now.databases.Find({ns_, scenario_.DatabaseName()})) real.push_back(Line(*database));
    for (const auto& migration : state.migrations.Truth().items)
        model.push_back(Line(*migration));
    for (const auto& migration : now.migrations.With(controllers::kByDatabase, index))
        real.push_back(Line(*migration));
    for (const auto& job : state.jobs.Truth().items) {
        if (job->is_labelled) model.push_back(Line(static_cast<const observed::JobFacts&>(*job)));
    }
    for (const auto& job : now.jobs.With(controllers::kByDatabase, index))
        real.push_back(Line(*job));
    for (const auto& pod : state.pods.Truth().items)
        model.push_back(Line(static_cast<const observed::PodFacts&>(*pod)));
    for (const auto& pod : now.pods.With(controllers::kByDatabase, index))
        real.push_back(Line(*pod));
    if (scenario_.gated_level > 0) {
        for (const auto& ledger : state.ledgers.Truth().items)
            model.push_back(Line(*ledger));
        if (const auto ledger = now.ledgers.Find({ns_, std::string(api::kLedgerName)})) real.push_back(Line(*ledger));
        for (const auto& deployment : state.deployments.Truth().items)
            model.push_back(Line(static_cast<const observed::WorkloadFacts&>(*deployment)));
        for (const auto& deployment : now.deployments.With(controllers::kByDatabase, index))
            real.push_back(Line(*deployment));
    }
    difference = Difference(std::move(model), std::move(real));
    return difference.empty();
}

void Replayer::CleanUp() {
    const auto& client = cluster_.Administrator();
    const auto& now = cluster_.Now();
    const auto index = controllers::DatabaseIndexValue(ns_, scenario_.DatabaseName());
    const auto remove = [&](const kube::Resource& resource, const auto& object) {
        if (object) client.Delete(resource, object->key, {.uid = object->uid, .revision = {}});
    };
    for (const auto& migration : now.migrations.With(controllers::kByDatabase, index))
        remove(kube::kMigrations, migration);
    remove(kube::kDatabases, now.databases.Find({ns_, scenario_.DatabaseName()}));
    remove(kube::kLedgers, now.ledgers.Find({ns_, std::string(api::kLedgerName)}));
    remove(kube::kDeployments, now.deployments.Find({ns_, scenario_.DatabaseName()}));
    for (const auto& pod : now.pods.With(controllers::kByDatabase, index))
        cluster_.Remove(pod->key, pod->uid);
    // The next path of this namespace begins without one.
    support::Eventually([&] { return !now.ledgers.Find({ns_, std::string(api::kLedgerName)}); }, "the Ledger is gone");
}

}  // namespace replay
