#include "explorer/operator.hpp"

#include <algorithm>
#include <variant>

#include "api/names.hpp"
#include "engine/lookup.hpp"

namespace explorer {
namespace {

/// As in the controller: more steps in a pass are a decision that goes in circles.
constexpr int kMostSteps = 8;

template <class Object, class Facts>
void Share(const History<Object>& history, std::vector<engine::Shared<Facts>>& into) {
    into.insert(into.end(), history.Seen().items.begin(), history.Seen().items.end());
}

template <class Object>
std::uint64_t LiveRevision(const History<Object>& history, const std::string& name) {
    const auto object = history.Find(name);
    return object ? object->revision.value : 0;
}

std::uint64_t LiveRevision(const State& state, Kind kind, const std::string& name) {
    switch (kind) {
        case Kind::Databases:
            return LiveRevision(state.databases, name);
        case Kind::Migrations:
            return LiveRevision(state.migrations, name);
        case Kind::Jobs:
            return LiveRevision(state.jobs, name);
        case Kind::Ledgers:
            return LiveRevision(state.ledgers, name);
        case Kind::Deployments:
            return LiveRevision(state.deployments, name);
        case Kind::Pods:
            break;
    }
    return 0;
}

}  // namespace

bool MayDecide(const State& state, const Tracker& tracker) {
    if (!tracker.doubts.empty()) return false;
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
        if (tracker.writes[kind] > state.SeenRevision(static_cast<Kind>(kind))) return false;
    }
    return true;
}

void Resolve(const State& state, Tracker& tracker) {
    for (const auto& [kind, name] : tracker.doubts) {
        auto& expected = tracker.writes[static_cast<std::size_t>(kind)];
        expected = std::max(expected, LiveRevision(state, kind, name));
    }
    tracker.doubts.clear();
}

engine::World DatabaseWorker::BuildWorld(const Scenario& scenario, const State& state) {
    static const Pass kNothing;
    const Pass& pass = state.memory.pass ? *state.memory.pass : kNothing;
    engine::World world{.key = {scenario.ns, scenario.DatabaseName()}, .learned = pass.learned};
    if (!state.databases.Seen().items.empty()) world.database = state.databases.Seen().items.front();
    Share(state.migrations, world.migrations);
    if (pass.learned.jobs_are_live) {
        world.jobs.assign(pass.live_jobs.begin(), pass.live_jobs.end());
    } else {
        for (const auto& job : state.jobs.Seen().items) {
            if (job->is_labelled) world.jobs.push_back(job);
        }
    }
    const auto* run = world.database ? engine::ActiveRun(world.database->status) : nullptr;
    const auto& request = state.memory.request;
    if (run != nullptr && request && request->job == run->job_name && request->intended == run->start_time) {
        world.learned.job_request = request->how_far;
    }
    for (const auto& pod : state.pods.Seen().items) {
        if (!pass.live_pods.contains(pod->job)) world.pods.push_back(pod);
    }
    for (const auto& [job, pods] : pass.live_pods)
        world.pods.insert(world.pods.end(), pods.begin(), pods.end());
    Share(state.deployments, world.workloads);
    world.ledger =
        pass.learned.ledger_is_live ? pass.live_ledger : History<Ledger>::Find(state.ledgers.Seen(), api::kLedgerName);
    if (!world.learned.old_pods) world.learned.old_pods = state.memory.old_pods;
    return world;
}

DatabaseWorker::Plan DatabaseWorker::MakePlan() {
    auto& tracker = state_.memory.database;
    if (!state_.memory.pass) {
        Resolve(state_, tracker);
        if (!MayDecide(state_, tracker)) return {.what = Plan::What::Waits};
    } else if (state_.memory.pass->to_create) {
        return {.what = Plan::What::Posts};
    }
    Plan plan{.what = Plan::What::Performs,
              .decision = engine::Decide(BuildWorld(scenario_, state_), state_.OperatorNow())};
    if (!plan.decision.step) plan.what = Plan::What::Rests;
    return plan;
}

bool DatabaseWorker::Writes(const Plan& plan) {
    if (plan.what == Plan::What::Posts) return true;
    if (plan.what != Plan::What::Performs) return false;
    return !std::holds_alternative<engine::ListJobsLive>(*plan.decision.step) &&
           !std::holds_alternative<engine::ListPodsLive>(*plan.decision.step) &&
           !std::holds_alternative<engine::ListEventsLive>(*plan.decision.step) &&
           !std::holds_alternative<engine::ReadLedgerLive>(*plan.decision.step) &&
           !std::holds_alternative<engine::ListOldPodsLive>(*plan.decision.step);
}

bool DatabaseWorker::Perform(const Plan& plan, Reply reply) {
    switch (plan.what) {
        case Plan::What::Posts:
            return Post(state_.memory.pass->to_create, reply);
        case Plan::What::Performs:
            return std::visit([&](const auto& step) { return Do(step, reply); }, *plan.decision.step);
        case Plan::What::Rests:
            EndPass();
            return true;
        case Plan::What::Waits:
            break;
    }
    return true;
}

Pass DatabaseWorker::Learned() const {
    return state_.memory.pass ? *state_.memory.pass : Pass{};
}

void DatabaseWorker::PutBack(Pass pass) {
    ++pass.steps;
    if (pass.steps > kMostSteps) {
        broken_.push_back({"I7", "a pass takes more than " + std::to_string(kMostSteps) + " steps"});
    }
    state_.memory.pass = std::make_shared<const Pass>(std::move(pass));
}

bool DatabaseWorker::Wrote(Kind kind, const std::string& name, std::uint64_t revision, Reply reply) {
    auto& tracker = state_.memory.database;
    EndPass();
    if (reply == Reply::Received) {
        auto& expected = tracker.writes[static_cast<std::size_t>(kind)];
        expected = std::max(expected, revision);
    } else {
        tracker.doubts.emplace_back(kind, name);
    }
    return true;
}

bool DatabaseWorker::Do(const engine::WriteDatabaseStatus& write, Reply reply) {
    const auto before = state_.databases.Find(write.database.name);
    if (!before || before->revision != write.at) {
        EndPass();
        return reply == Reply::Received;
    }
    if (reply != Reply::LostBeforeCommit) {
        Oracle(scenario_, state_, broken_).DatabaseIsWritten(*before, write.status);
        if (before->status == write.status) broken_.push_back({"I7", "a write to the Database changes nothing"});
        Database after = *before;
        after.status = write.status;
        after.revision = {state_.databases.NextRevision()};
        state_.databases.Put(Freeze(std::move(after)));
    }
    if (write.is_intent && reply == Reply::Received) {
        const auto& run = *engine::ActiveRun(write.status);
        state_.memory.request = {run.job_name, run.start_time.value_or(core::Time{}), engine::JobRequest::NotSent};
    }
    return Wrote(Kind::Databases, write.database.name, state_.databases.Truth().revision, reply);
}

bool DatabaseWorker::Do(const engine::WriteMigrationStatus& write, Reply reply) {
    const auto before = state_.migrations.Find(write.migration.name);
    if (!before || before->revision != write.at) {
        EndPass();
        return reply == Reply::Received;
    }
    if (reply != Reply::LostBeforeCommit) {
        Oracle(scenario_, state_, broken_).MigrationIsWritten(*before, write.status);
        Migration after = *before;
        after.status = write.status;
        if (write.entry) {
            after.status.history_size =
                std::min(before->status.history_size + 1, std::max<std::size_t>(write.history_limit, 1));
            after.status.newest_key = write.entry->key;
            after.status.newest_launch = write.entry->launch;
        }
        if (before->status == after.status) broken_.push_back({"I7", "a write to a Migration changes nothing"});
        after.revision = {state_.migrations.NextRevision()};
        state_.migrations.Put(Freeze(std::move(after)));
    }
    return Wrote(Kind::Migrations, write.migration.name, state_.migrations.Truth().revision, reply);
}

bool DatabaseWorker::Do(const engine::DeletePod& end, Reply reply) {
    const auto pod = state_.pods.Find(end.pod.name);
    EndPass();
    const bool is_meant = pod && pod->uid == end.uid && (end.at == core::Revision{} || pod->revision == end.at);
    // A lost reply to a delete leaves no trace in the tracker: without the commit nothing happened at all.
    if (!is_meant || reply == Reply::LostBeforeCommit) return reply == Reply::Received;
    if (reply != Reply::Received) return false;
    Oracle(scenario_, state_, broken_).PodIsDeleted(*pod);
    Pod after = *pod;
    after.deleting = true;
    after.revision = {state_.pods.NextRevision()};
    state_.PutPod(Freeze(std::move(after)));
    return true;
}

bool DatabaseWorker::Do(const engine::SuspendJob& end, Reply reply) {
    const auto before = state_.jobs.Find(end.job.name);
    if (!before || before->revision != end.at) {
        EndPass();
        return reply == Reply::Received;
    }
    if (reply != Reply::LostBeforeCommit) {
        Oracle(scenario_, state_, broken_).JobIsSuspended(*before);
        Job after = *before;
        after.asked_to_suspend = true;
        after.revision = {state_.jobs.NextRevision()};
        state_.jobs.Put(Freeze(std::move(after)));
    }
    return Wrote(Kind::Jobs, end.job.name, state_.jobs.Truth().revision, reply);
}

bool DatabaseWorker::Do(const engine::DeleteJob& old, Reply reply) {
    const auto job = state_.jobs.Find(old.job.name);
    EndPass();
    const bool is_meant = job && job->uid == old.uid && (old.at == core::Revision{} || job->revision == old.at);
    if (!is_meant || reply != Reply::Received) return reply == Reply::Received;
    Oracle oracle(scenario_, state_, broken_);
    oracle.JobIsDeleted(*job);
    state_.jobs.Erase(old.job.name);
    return true;
}

bool DatabaseWorker::Do(const engine::ListJobsLive&, Reply) {
    Pass pass = Learned();
    pass.learned.jobs_are_live = true;
    pass.live_jobs.clear();
    for (const auto& job : state_.jobs.Truth().items) {
        if (job->is_labelled) pass.live_jobs.push_back(job);
    }
    PutBack(std::move(pass));
    return true;
}

bool DatabaseWorker::Do(const engine::ListPodsLive& list, Reply) {
    Pass pass = Learned();
    auto& memory = state_.memory;
    pass.learned.pods_are_live.insert(list.job);
    auto& pods = pass.live_pods[list.job];
    pods.clear();
    const auto facts = History<Job>::Find(state_.jobs.Seen(), list.job);
    const bool is_seen = facts && facts->is_labelled;
    // Of that very Job: a name may have been used before.
    const auto is_of_job = [&](const auto& pod) { return !is_seen || pod->job_uid == facts->uid; };
    const auto known = memory.evidence.find(list.job);
    if (known != memory.evidence.end() && std::all_of(known->second.begin(), known->second.end(), is_of_job)) {
        pods = known->second;
    } else {
        for (const auto& pod : state_.pods.Truth().items) {
            if (pod->job == list.job) pods.push_back(pod);
        }
        if (pods.empty()) {
            for (const auto& pod : memory.ended_pods) {
                if (pod->job == list.job && is_of_job(pod)) pods.push_back(pod);
            }
        }
        const bool is_final = is_seen && facts->Ended() && !pods.empty() &&
                              std::all_of(pods.begin(), pods.end(), [](const auto& pod) { return pod->terminal; });
        // What is kept first stays, as in EndedPods.
        if (is_final) memory.evidence.emplace(list.job, pods);
    }
    PutBack(std::move(pass));
    return true;
}

bool DatabaseWorker::Do(const engine::ListEventsLive& list, Reply) {
    // Known for this pass only, and always the same words: a text hangs on it and no state of its own.
    Pass pass = Learned();
    pass.learned.fence_holder = {.pod = list.uid, .asked = state_.OperatorNow(), .words = "somebody", .run = {}};
    PutBack(std::move(pass));
    return true;
}

bool DatabaseWorker::Do(const engine::ReadLedgerLive&, Reply) {
    Pass pass = Learned();
    pass.live_ledger = state_.ledgers.Find(api::kLedgerName);
    pass.learned.ledger_is_live = true;
    PutBack(std::move(pass));
    return true;
}

bool DatabaseWorker::Do(const engine::ListOldPodsLive& list, Reply) {
    const auto& databases = state_.databases.Seen().items;
    const auto migration = History<Migration>::Find(state_.migrations.Seen(), list.migration.name);
    if (databases.empty() || !migration) {
        EndPass();
        return true;
    }
    engine::OldPods pods{.key = migration->run_key, .asked = state_.OperatorNow(), .is_live = true};
    for (const auto& deployment : state_.deployments.Seen().items)
        pods.seen = std::max(pods.seen, deployment->revision.value);
    std::vector<observed::SchemaUser> users;
    for (const auto& deployment : state_.deployments.Truth().items) {
        users.push_back({.kind = observed::UserKind::Deployment,
                         .name = deployment->key.name,
                         .uid = deployment->uid,
                         .owner = {},
                         .requires_text = deployment->requires_text,
                         .images = {},
                         .runs = !deployment->held,
                         .paused = deployment->held});
    }
    pods.found = engine::FindOldPods(*databases.front(), *migration, users);
    Pass pass = Learned();
    pass.learned.old_pods = pods;
    pods.is_live = false;
    state_.memory.old_pods = std::move(pods);
    PutBack(std::move(pass));
    return true;
}

}  // namespace explorer
