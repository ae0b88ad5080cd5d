#include "explorer/model.hpp"

#include <stdexcept>

#include "api/names.hpp"
#include "api/requirement.hpp"
#include "explorer/describe.hpp"
#include "explorer/kubernetes.hpp"
#include "explorer/operator.hpp"
#include "explorer/settle.hpp"

namespace explorer {
namespace {

using What = Action::What;
using Plan = DatabaseWorker::Plan;

void EmitRest(Emitter& out, State next, const Plan& plan) {
    const State& from = out.From();
    DatabaseWorker(out.TheScenario(), next, out.Broken()).EndPass();
    const auto look = plan.decision.look_again;
    const bool has_learned = from.memory.pass != nullptr || next.memory.evidence.size() != from.memory.evidence.size();
    if (look && from.purse.leaps > 0) {
        State later = next;
        later.now = *look - later.skew;
        // The API server has ended it.
        if (later.request && later.now - later.request->judged > kLongestRequest) later.request.reset();
        --later.purse.leaps;
        out.Emit({.what = What::Leap}, std::move(later), [&] {
            return "time passes: " + core::FormatDuration(*look - next.OperatorNow()) +
                   ", until the operator looks again";
        });
    }
    if (has_learned) {
        out.Emit({.what = What::DatabasePass}, std::move(next),
                 [] { return "the operator's pass ends: nothing to do"; });
    }
}

}  // namespace

void RunDatabaseWorker(Emitter& out) {
    const State& from = out.From();
    const Scenario& scenario = out.TheScenario();
    State next = from;
    DatabaseWorker worker(scenario, next, out.Broken());
    Plan plan = worker.MakePlan();
    while (!scenario.is_interleaved && plan.what == Plan::What::Performs && !DatabaseWorker::Writes(plan)) {
        worker.Perform(plan, Reply::Received);
        if (!out.Broken().empty()) break;
        plan = worker.MakePlan();
    }
    if (plan.what == Plan::What::Waits) {
        if (from.memory.database.doubts.empty()) return;
        return out.Emit({.what = What::DatabasePass}, std::move(next),
                        [] { return "the operator has read live what was in doubt, and waits for its stores"; });
    }
    if (plan.what == Plan::What::Rests) return EmitRest(out, std::move(next), plan);
    const auto text = [&](const char* reply) { return "the operator " + Describe(plan, next) + reply; };
    const auto perform = [&](Reply reply, std::uint8_t how, const char* words) {
        State after = next;
        if (!DatabaseWorker(scenario, after, out.Broken()).Perform(plan, reply)) {
            out.Broken().clear();
            return;
        }
        if (reply != Reply::Received) --after.purse.faults;
        out.Emit({.what = What::DatabasePass, .how = how}, std::move(after), [&] { return text(words); });
    };
    perform(Reply::Received, 0, "");
    if (!DatabaseWorker::Writes(plan) || !scenario.May(Deed::LoseReply) || from.purse.faults <= 0) return;
    perform(Reply::LostAfterCommit, 1, "; it is committed, the reply is lost");
    perform(Reply::LostBeforeCommit, 2, "; it is not committed, the reply is lost");
}

void RunGateWorkers(Emitter& out) {
    const State& from = out.From();
    const Scenario& scenario = out.TheScenario();
    if (scenario.gated_level == 0) return;
    for (const What what : {What::LedgerPass, What::WorkloadPass}) {
        State next = from;
        GateWorker worker(scenario, next, out.Broken());
        const auto decision = what == What::LedgerPass ? worker.DecideLedger() : worker.DecideWorkload();
        if (!decision) continue;
        const auto perform = [&](Reply reply, std::uint8_t how, const char* words) {
            State after = next;
            GateWorker(scenario, after, out.Broken()).Perform(*decision, reply);
            if (reply != Reply::Received) --after.purse.faults;
            out.Emit({.what = what, .how = how}, std::move(after),
                     [&] { return "the operator " + Describe(*decision) + words; });
        };
        perform(Reply::Received, 0, "");
        if (!scenario.May(Deed::LoseReply) || from.purse.faults <= 0) continue;
        perform(Reply::LostAfterCommit, 1, "; it is committed, the reply is lost");
        perform(Reply::LostBeforeCommit, 2, "; it is not committed, the reply is lost");
    }
}

void Expand(const Scenario& scenario, const State& from, Sink& sink) {
    Emitter out(scenario, from, sink);
    RunDatabaseWorker(out);
    // Between passes the world is free; within one only where the scenario says so.
    RunGateWorkers(out);
    Deliver(out);
    CollectGarbage(out);
    ControlJobs(out);
    RunPods(out);
    Interfere(out);
}

Migration NewMigration(const Scenario& scenario, State& state, std::size_t slot, int choice) {
    const auto& wanted = scenario.choices[static_cast<std::size_t>(choice)];
    Migration migration;
    migration.key = {scenario.ns, scenario.MigrationName(slot)};
    migration.uid = {migration.key.name + "/" + std::to_string(++state.migration_births[slot])};
    migration.generation = 1;
    migration.created = state.now;
    migration.run_key = wanted.key;
    migration.choice = choice;
    migration.spec.database = scenario.DatabaseName();
    migration.spec.version = VersionName(wanted.level);
    migration.spec.image = wanted.image;
    migration.spec.run = wanted.run;
    migration.spec.phase = wanted.phase;
    if (wanted.minimum_level > 0) migration.spec.minimum_version = VersionName(wanted.minimum_level);
    migration.spec.attempts = scenario.attempts;
    return migration;
}

Database NewDatabase(const Scenario& scenario, State& state, int instance) {
    Database database;
    database.key = {scenario.ns, scenario.DatabaseName()};
    database.uid = {"database/" + std::to_string(++state.database_births)};
    database.generation = 1;
    database.instance = instance;
    database.spec.secret_name = "secret-" + std::to_string(instance);
    return database;
}

State InitialState(const Scenario& scenario) {
    State state;
    state.now = *core::ParseTime("2026-11-22T12:00:00Z");
    state.instances[0].level = state.instances[0].proven = scenario.start_level;
    Database database = NewDatabase(scenario, state, 0);
    database.revision = {state.databases.NextRevision()};
    state.databases.Put(Freeze(std::move(database)));
    state = Settle(scenario, std::move(state), {}).state;
    if (state.TheDatabase() == nullptr || !state.TheDatabase()->status.verified_time) {
        throw std::logic_error("the first probe of scenario " + scenario.name + " gave no reading");
    }
    state.now += std::chrono::minutes{5};
    for (std::size_t slot = 0; slot < scenario.migrations.size(); ++slot) {
        Migration migration = NewMigration(scenario, state, slot, scenario.migrations[slot]);
        migration.revision = {state.migrations.NextRevision()};
        state.migrations.Put(Freeze(std::move(migration)));
    }
    if (scenario.gated_level > 0) {
        Deployment deployment;
        deployment.key = {scenario.ns, scenario.DatabaseName()};
        deployment.uid = {"deployment/1"};
        deployment.revision = {state.deployments.NextRevision()};
        deployment.held = true;
        deployment.requires_text = api::RequirementText(scenario.DatabaseName(), VersionName(scenario.gated_level));
        deployment.images = {"app:1"};
        state.deployments.Put(Freeze(std::move(deployment)));
    }
    state.Restart({});
    state.Trim(0);
    state.purse = scenario.purse;
    return state;
}

}  // namespace explorer
