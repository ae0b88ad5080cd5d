#include "explorer/settle.hpp"

#include <algorithm>
#include <optional>

#include "api/conditions.hpp"
#include "api/reasons.hpp"
#include "api/requirement.hpp"
#include "explorer/kubernetes.hpp"
#include "explorer/model.hpp"

namespace explorer {
namespace {

/// Far above what the longest continuation needs: three attempts with a probe each take about a hundred.
constexpr int kMostSteps = 400;
/// Minutes between probes, pauses between attempts, deadlines: more leaps than that are a clock that never stops.
constexpr int kMostLeaps = 24;

/// Keeps the first state it is given.
class First final : public Sink {
public:
    explicit First(bool wants_text) : wants_text_(wants_text) {}

    void Take(const Action&, State&& next, const std::string& text, const Violations& violations) override {
        if (state) return;
        state = std::move(next);
        said = text;
        broken = violations;
    }
    bool WantsText() const override { return wants_text_; }

    std::optional<State> state;
    std::string said;
    Violations broken;

private:
    bool wants_text_;
};

Scenario WithoutFaults(const Scenario& scenario) {
    Scenario calm = scenario;
    calm.deeds = 0;
    calm.is_interleaved = false;
    return calm;
}

/// A foreign Job or one that cannot end keeps everybody waiting, which is said.
bool IsBlocked(const State& state) {
    for (const auto& job : state.jobs.Truth().items) {
        if (!job->is_ours && job->is_labelled && !job->Ended()) return true;
    }
    for (const auto& pod : state.pods.Truth().items) {
        if (!pod->terminal) return true;
    }
    return false;
}

bool Says(const std::vector<api::Condition>& conditions, std::string_view type) {
    const auto* condition = api::FindCondition(conditions, type);
    return condition != nullptr && condition->status == api::ConditionStatus::True;
}

/// The Deployment, which is open, needs what the choice takes away.
bool IsInUse(const State& state, const Choice& choice) {
    for (const auto& deployment : state.deployments.Truth().items) {
        for (const auto& requirement : api::ParseRequirements(deployment->requires_text).requirements) {
            if (!deployment->held && IsInTheWay(choice, LevelOf(requirement.version))) return true;
        }
    }
    return false;
}

/// Held by the floor or the ceiling, or by what the database does not have.
bool MayRestHeld(const Scenario& scenario, const State& state, const Deployment& deployment, const Instance& real) {
    for (const auto& requirement : api::ParseRequirements(deployment.requires_text).requirements) {
        const int level = LevelOf(requirement.version);
        if (real.proven < level || real.is_dirty) return true;
        for (const auto& choice : scenario.choices) {
            const auto& status = state.TheDatabase()->status;
            const bool is_bound = status.floor || status.ceiling;
            if (is_bound && IsInTheWay(choice, level)) return true;
        }
    }
    return false;
}

void JudgeMigration(const Scenario& scenario, const State& state, const Migration& migration, const Instance& real,
                    Violations& broken) {
    const auto& choice = scenario.choices[static_cast<std::size_t>(migration.choice)];
    const int wanted = LevelOf(migration.spec.version);
    const bool is_there = choice.phase == api::Phase::Down ? real.level <= wanted : real.level >= wanted;
    const auto& conditions = migration.status.conditions;
    const auto& name = migration.key.name;
    const auto fail = [&](const std::string& words) { broken.push_back({"I7", "Migration " + name + words}); };
    const auto* ready = api::FindCondition(conditions, api::kReady);
    if (ready == nullptr || ready->observed_generation != migration.generation) {
        return fail(" rests without a condition of its present spec");
    }
    if (Says(conditions, api::kReady)) {
        if (!is_there) fail(" rests Ready and its version is not there");
        return;
    }
    if (ready->status == api::ConditionStatus::Unknown) {
        if (!migration.spec.suspend && !IsBlocked(state) && !IsInUse(state, choice))
            fail(" waits for ever (" + ready->reason + ")");
        return;
    }
    const auto& facts = state.keys[static_cast<std::size_t>(migration.choice)];
    if (!facts.was_disturbed) fail(" rests failed (" + ready->reason + ") and nothing was ever wrong");
    // A Contract that failed says so although its version may be there: what it was to take away may not be gone.
    const bool may_rest = choice.phase != api::Phase::Expand;
    if (is_there && !real.is_dirty && migration.spec.run.empty() && !may_rest) {
        fail(" rests failed (" + ready->reason + ") and its version is reached, clean");
    }
}

}  // namespace

void JudgeRest(const Scenario& scenario, const State& state, Violations& broken) {
    const auto* database = state.TheDatabase();
    if (database == nullptr) return;
    const auto& real = state.instances[static_cast<std::size_t>(database->instance)];
    for (const auto& migration : state.migrations.Truth().items)
        JudgeMigration(scenario, state, *migration, real, broken);
    for (const auto& deployment : state.deployments.Truth().items) {
        if (deployment->held && !MayRestHeld(scenario, state, *deployment, real) && !IsBlocked(state)) {
            broken.push_back({"I7", "Deployment " + deployment->key.name + " rests held and its version is reached"});
        }
    }
}

Settled Settle(const Scenario& scenario, State state, const SettleOptions& options) {
    const Scenario calm = WithoutFaults(scenario);
    Settled settled{.state = std::move(state), .broken = {}, .path = {}};
    auto& now = settled.state;
    now.purse = {.faults = 0, .delays = 0, .failures = 0, .leaps = kMostLeaps, .ticks = 0};
    now.refuses_jobs = false;
    now.request.reset();
    // The operator's own pass first, the clock last: RunDatabaseWorker leaps only when it rests.
    for (; settled.steps < kMostSteps; ++settled.steps) {
        First first(options.wants_path);
        Emitter out(calm, now, first);
        Deliver(out);
        if (!first.state) RunGateWorkers(out);
        if (!first.state) CollectGarbage(out);
        if (!first.state) ControlJobs(out);
        if (!first.state) {
            First operators(options.wants_path);
            Emitter other(calm, now, operators);
            RunDatabaseWorker(other);
            const bool leaps = operators.state && operators.state->purse.leaps < now.purse.leaps;
            if (leaps) RunPods(out);
            if (!first.state && operators.state) {
                first.state = std::move(operators.state);
                first.said = operators.said;
                first.broken = operators.broken;
            }
        }
        if (!first.state) RunPods(out);
        if (!first.state) break;
        if (options.wants_path) settled.path.push_back(first.said);
        if (!first.broken.empty()) {
            settled.broken = first.broken;
            settled.state = std::move(*first.state);
            return settled;
        }
        now = std::move(*first.state);
    }
    // A version that nobody brings is looked for once a minute, for ever: that is promised.
    const bool is_watching = now.migrations.Truth().items.empty() && !now.deployments.Truth().items.empty();
    // So are old pods, as long as there are some.
    const bool is_looking = std::any_of(
        now.migrations.Truth().items.begin(), now.migrations.Truth().items.end(), [&](const auto& migration) {
            return IsInUse(now, scenario.choices[static_cast<std::size_t>(migration->choice)]);
        });
    if ((settled.steps == kMostSteps || now.purse.leaps == 0) && !is_watching && !is_looking) {
        settled.broken.push_back({"I7", "no rest after " + std::to_string(settled.steps) + " steps and " +
                                            std::to_string(kMostLeaps - now.purse.leaps) + " leaps of the clock"});
        return settled;
    }
    JudgeRest(scenario, now, settled.broken);
    return settled;
}

}  // namespace explorer
