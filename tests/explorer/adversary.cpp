#include <algorithm>

#include "api/names.hpp"
#include "api/requirement.hpp"
#include "api/run_id.hpp"
#include "explorer/model.hpp"
#include "explorer/operator.hpp"
#include "explorer/oracle.hpp"

namespace explorer {
namespace {

using observed::JobFacts;
using What = Action::What;

std::uint8_t Byte(std::size_t value) {
    return static_cast<std::uint8_t>(value);
}

/// From this many deeds on one path can be paid; the copy has paid one.
State Paid(const State& from) {
    State next = from;
    --next.purse.faults;
    return next;
}

template <class Object>
void Put(History<Object>& history, Object object) {
    object.revision = {history.NextRevision()};
    history.Put(Freeze(std::move(object)));
}

void PutPod(State& next, Pod pod) {
    pod.revision = {next.pods.NextRevision()};
    next.PutPod(Freeze(std::move(pod)));
}

void EditMigrations(Emitter& out) {
    const State& from = out.From();
    const Scenario& scenario = out.TheScenario();
    const auto& migrations = from.migrations.Truth().items;
    for (std::size_t i = 0; i < migrations.size(); ++i) {
        const Migration& migration = *migrations[i];
        const auto& name = migration.key.name;
        for (std::size_t choice = 0; scenario.May(Deed::EditSpec) && choice < scenario.choices.size(); ++choice) {
            if (static_cast<int>(choice) == migration.choice) continue;
            State next = Paid(from);
            Migration after = NewMigration(scenario, next, 0, static_cast<int>(choice));
            after.key = migration.key;
            after.uid = migration.uid;
            after.created = migration.created;
            after.generation = migration.generation + 1;
            after.retry_token = migration.retry_token;
            after.spec.suspend = migration.spec.suspend;
            after.status = migration.status;
            Put(next.migrations, std::move(after));
            out.Emit({.what = What::EditSpec, .which = Byte(i), .how = Byte(choice)}, std::move(next),
                     [&] { return "a user edits Migration " + name + " to spec " + std::to_string(choice); });
        }
        if (scenario.May(Deed::Retry)) {
            State next = Paid(from);
            Migration after = migration;
            after.retry_token = "token-" + std::to_string(++next.tokens);
            Put(next.migrations, std::move(after));
            out.Emit({.what = What::Retry, .which = Byte(i)}, std::move(next),
                     [&] { return "a user annotates Migration " + name + " tidegate.io/retry=<new>"; });
        }
        if (scenario.May(Deed::Suspend)) {
            State next = Paid(from);
            Migration after = migration;
            after.spec.suspend = !after.spec.suspend;
            ++after.generation;
            Put(next.migrations, std::move(after));
            out.Emit({.what = What::Suspend, .which = Byte(i)}, std::move(next),
                     [&] { return "a user sets or removes spec.suspend of Migration " + name; });
        }
        if (scenario.May(Deed::DeleteMigration)) {
            State next = Paid(from);
            next.migrations.Erase(name);
            out.Emit({.what = What::DeleteMigration, .which = Byte(i)}, std::move(next),
                     [&] { return "a user deletes Migration " + name; });
        }
    }
}

/// What was deleted is created again: Git has it still. Not a deed of its own.
void Recreate(Emitter& out) {
    const State& from = out.From();
    const Scenario& scenario = out.TheScenario();
    for (std::size_t slot = 0; slot < scenario.migrations.size(); ++slot) {
        if (from.migrations.Find(scenario.MigrationName(slot))) continue;
        State next = from;
        Migration after = NewMigration(scenario, next, slot, scenario.migrations[slot]);
        // The annotation stands in Git, too.
        if (from.tokens > 0) after.retry_token = "token-" + std::to_string(from.tokens);
        Put(next.migrations, std::move(after));
        out.Emit({.what = What::CreateMigration, .which = Byte(slot)}, std::move(next),
                 [&] { return "a user creates Migration " + scenario.MigrationName(slot) + " anew"; });
    }
    if (from.TheDatabase() == nullptr) {
        State next = from;
        Put(next.databases, NewDatabase(scenario, next, 0));
        out.Emit({.what = What::CreateDatabase}, std::move(next), [] { return "a user creates the Database anew"; });
    }
}

void EditDatabase(Emitter& out) {
    const State& from = out.From();
    const Scenario& scenario = out.TheScenario();
    const auto* database = from.TheDatabase();
    if (database == nullptr) return;
    if (scenario.May(Deed::SwitchDatabase)) {
        State next = Paid(from);
        Database after = *database;
        after.instance = 1 - after.instance;
        after.spec.secret_name = "secret-" + std::to_string(after.instance);
        ++after.generation;
        Oracle(scenario, next, out.Broken()).DatabaseIsSwitched();
        Put(next.databases, std::move(after));
        out.Emit({.what = What::SwitchDatabase}, std::move(next),
                 [] { return "a user points the Database at another real database"; });
    }
    if (scenario.May(Deed::DeleteDatabase)) {
        State next = Paid(from);
        next.databases.Erase(database->key.name);
        Oracle(scenario, next, out.Broken()).RecordIsLost();
        out.Emit({.what = What::DeleteDatabase}, std::move(next), [] { return "a user deletes the Database"; });
    }
    if (scenario.May(Deed::LoseRecord) && !database->status.runs.empty()) {
        State next = Paid(from);
        Database after = *database;
        after.status = {};
        Put(next.databases, std::move(after));
        Oracle(scenario, next, out.Broken()).RecordIsLost();
        out.Emit({.what = What::LoseRecord}, std::move(next), [] { return "somebody empties the Database's status"; });
    }
}

void MeddleWithJobs(Emitter& out) {
    const State& from = out.From();
    const Scenario& scenario = out.TheScenario();
    const auto& jobs = from.jobs.Truth().items;
    for (std::size_t i = 0; scenario.May(Deed::DeleteJob) && i < jobs.size(); ++i) {
        const Job& job = *jobs[i];
        if (!job.is_ours || job.deleting) continue;
        static constexpr const char* kHow[] = {"in the background", "in the foreground", "and orphans its pod"};
        for (std::uint8_t how = 0; how < 3; ++how) {
            State next = Paid(from);
            if (how == 1) {
                Job after = job;
                after.deleting = true;
                Put(next.jobs, std::move(after));
            } else {
                Oracle(scenario, next, out.Broken()).JobIsGone(job);
                next.jobs.Erase(job.key.name);
            }
            for (const auto& pod : from.pods.Truth().items) {
                if (how != 2 || pod->job_uid != job.uid) continue;
                Pod orphan = *pod;
                orphan.is_orphan = true;
                PutPod(next, std::move(orphan));
            }
            out.Emit({.what = What::DeleteJob, .which = Byte(i), .how = how}, std::move(next),
                     [&] { return "somebody deletes Job " + job.key.name + " " + kHow[how]; });
        }
    }
    if (scenario.May(Deed::CopyProbe)) {
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            if (!jobs[i]->is_ours || from.jobs.Find("copy")) continue;
            State next = Paid(from);
            Job copy = *jobs[i];
            copy.key.name = "copy";
            copy.uid = {"copy"};
            copy.owner = {};
            copy.is_ours = false;
            copy.choice = -1;
            copy.created = from.now;
            Put(next.jobs, std::move(copy));
            out.Emit({.what = What::CopyProbe, .which = Byte(i)}, std::move(next), [&] {
                return "somebody copies Job " + jobs[i]->key.name + " with its labels as Job copy, without its owner";
            });
        }
    }
    if (!scenario.May(Deed::PlantJob)) return;
    for (const auto& migration : from.migrations.Truth().items) {
        const auto* database = from.TheDatabase();
        const auto* run = database != nullptr ? api::FindRun(database->status, migration->run_key) : nullptr;
        const bool is_open = run != nullptr && run->outcome == api::RunOutcome::Active;
        Job foreign;
        foreign.key = {scenario.ns, api::JobName({.migration = migration->key.name,
                                                  .migration_uid = migration->uid,
                                                  .key = migration->run_key,
                                                  .launch = run == nullptr ? 1 : run->launches + (is_open ? 0 : 1),
                                                  .database = scenario.DatabaseName()})};
        if (from.jobs.Find(foreign.key.name)) continue;
        foreign.uid = {"foreign/" + foreign.key.name};
        foreign.created = from.now;
        foreign.is_labelled = false;
        State next = Paid(from);
        if (migration->choice >= 0) next.keys[static_cast<std::size_t>(migration->choice)].was_disturbed = true;
        const auto name = foreign.key.name;
        Put(next.jobs, std::move(foreign));
        out.Emit({.what = What::PlantJob, .which = Byte(static_cast<std::size_t>(migration->choice))}, std::move(next),
                 [&] { return "somebody creates a Job of their own by the name " + name; });
    }
}

void MeddleWithPods(Emitter& out) {
    const State& from = out.From();
    const Scenario& scenario = out.TheScenario();
    const auto& pods = from.pods.Truth().items;
    for (std::size_t i = 0; i < pods.size(); ++i) {
        const Pod& pod = *pods[i];
        if (pod.deleting) continue;
        if (scenario.May(Deed::DeletePod)) {
            State next = Paid(from);
            const auto job = from.jobs.Find(pod.job);
            // The Job controller has counted it: nothing holds it back.
            const bool vanishes = pod.terminal && (!job || job->Ended());
            if (vanishes) {
                next.ErasePod(pod.key.name);
            } else {
                Pod after = pod;
                after.deleting = true;
                PutPod(next, std::move(after));
            }
            out.Emit({.what = What::DeletePod, .which = Byte(i)}, std::move(next),
                     [&] { return "somebody deletes pod " + pod.key.name; });
        }
        if (scenario.May(Deed::EvictPod) && !pod.terminal) {
            State next = Paid(from);
            Pod after = pod;
            after.deleting = true;
            after.disruption = "EvictionByEvictionAPI";
            PutPod(next, std::move(after));
            out.Emit({.what = What::EvictPod, .which = Byte(i)}, std::move(next),
                     [&] { return "pod " + pod.key.name + " is evicted"; });
        }
    }
}

void CrashOperator(Emitter& out) {
    const State& from = out.From();
    const auto crash = [&](std::uint8_t how, const std::array<std::size_t, kKinds>& ages, auto text) {
        State next = Paid(from);
        next.Restart(ages);
        out.Emit({.what = What::Crash, .how = how}, std::move(next), text);
    };
    crash(0, {}, [] { return "the operator crashes and starts anew"; });
    if (!out.TheScenario().May(Deed::StaleList)) return;
    const std::array<std::size_t, kKinds> kept{from.databases.Kept(), from.migrations.Kept(), from.jobs.Kept(),
                                               from.pods.Kept(),      from.ledgers.Kept(),    from.deployments.Kept()};
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
        for (std::size_t age = 1; age < kept[kind]; ++age) {
            std::array<std::size_t, kKinds> ages{};
            ages[kind] = age;
            crash(Byte(1 + kind * 2 + age), ages, [&] {
                return "the operator crashes; anew, its list of " + std::string(Name(static_cast<Kind>(kind))) +
                       " is " + std::to_string(age) + " old";
            });
        }
    }
    std::array<std::size_t, kKinds> oldest{};
    for (std::size_t kind = 0; kind < kKinds; ++kind)
        oldest[kind] = kept[kind] - 1;
    crash(100, oldest, [] { return "the operator crashes; anew, all its lists are old"; });
}

/// Users apply the Deployment. The policies judge by the Ledger as it is then; what they decided takes effect later.
void RollOut(Emitter& out) {
    const State& from = out.From();
    const Scenario& scenario = out.TheScenario();
    for (const int level : scenario.rollout_levels) {
        State next = Paid(from);
        const auto text = api::RequirementText(scenario.DatabaseName(), VersionName(level));
        const auto ledger = from.ledgers.Find(api::kLedgerName);
        const bool opens = ledger && std::binary_search(ledger->satisfied.begin(), ledger->satisfied.end(), text);
        next.request = {.judged = from.now, .level = level, .opens = opens};
        out.Emit({.what = What::RollOut, .how = Byte(static_cast<std::size_t>(level))}, std::move(next), [&] {
            return "a user applies the Deployment with " + text + ": the policies " + (opens ? "open" : "hold") + " it";
        });
    }
}

void Land(Emitter& out) {
    const State& from = out.From();
    if (!from.request || from.now - from.request->judged > kLongestRequest) return;
    const auto before = from.deployments.Truth().items.front();
    State next = from;
    Deployment after = *before;
    after.requires_text = api::RequirementText(out.TheScenario().DatabaseName(), VersionName(from.request->level));
    after.held = !from.request->opens;
    after.waiting_for.clear();
    next.request.reset();
    if (!after.held) Oracle(out.TheScenario(), next, out.Broken()).WorkloadOpens(after);
    Put(next.deployments, std::move(after));
    out.Emit({.what = What::Land}, std::move(next), [] { return "that request is done"; });
}

}  // namespace

void Interfere(Emitter& out) {
    const State& from = out.From();
    const Scenario& scenario = out.TheScenario();
    Recreate(out);
    Land(out);
    if (from.refuses_jobs) {
        State next = from;
        next.refuses_jobs = false;
        out.Emit({.what = What::RefuseJobs, .how = 1}, std::move(next), [] { return "the quota admits Jobs again"; });
    }
    if (from.purse.ticks > 0) {
        State next = from;
        --next.purse.ticks;
        next.now += std::chrono::seconds{1};
        out.Emit({.what = What::Tick}, std::move(next), [] { return "a second passes"; });
    }
    if (from.purse.faults <= 0) return;
    EditMigrations(out);
    EditDatabase(out);
    if (scenario.May(Deed::RollOut) && !from.request) RollOut(out);
    MeddleWithJobs(out);
    MeddleWithPods(out);
    if (scenario.May(Deed::Crash)) CrashOperator(out);
    if (scenario.May(Deed::RefuseJobs) && !from.refuses_jobs) {
        State next = Paid(from);
        next.refuses_jobs = true;
        for (auto& key : next.keys)
            key.was_disturbed = true;
        out.Emit({.what = What::RefuseJobs}, std::move(next), [] { return "a quota refuses new Jobs"; });
    }
    if (scenario.May(Deed::Stall)) {
        State next = Paid(from);
        next.now += std::chrono::seconds{61};
        out.Emit({.what = What::Stall}, std::move(next), [] { return "a minute passes"; });
    }
}

}  // namespace explorer
