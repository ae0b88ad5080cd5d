#include <algorithm>

#include "api/run_id.hpp"
#include "engine/image_source.hpp"
#include "explorer/operator.hpp"

namespace explorer {
namespace {

using observed::JobFacts;

/// A UID that no other object has had: the name may have been used before.
core::Uid FreshUid(State& state, const std::string& name) {
    const bool is_new = !Contains(state.used_names, name);
    Insert(state.used_names, name);
    return {name + "/" + std::to_string(is_new ? 1 : ++state.reused_names + 1)};
}

/// Of the live Migration, and the live Deployment where its image stands there.
std::string KeyNow(const Migration& migration, const State& state) {
    if (!migration.spec.image_from) return migration.run_key;
    const auto& deployments = state.deployments.Truth().items;
    return engine::WithImage(migration, {deployments.begin(), deployments.end()}).run_key;
}

}  // namespace

void CommitJob(const Scenario& scenario, State& state, const std::shared_ptr<const Job>& job, Violations& broken) {
    Oracle(scenario, state, broken).JobIsCreated(*job);
    Job made = *job;
    made.uid = FreshUid(state, job->key.name);
    made.created = state.now;
    made.revision = {state.jobs.NextRevision()};
    Insert(state.created_jobs, job->key.name);
    state.jobs.Put(Freeze(std::move(made)));
}

bool DatabaseWorker::Do(const engine::CreateMigrationJob& create, Reply reply) {
    const auto& seen = state_.databases.Seen().items;
    const auto live = state_.migrations.Find(create.migration.name);
    const bool asks_for_it = !seen.empty() && live && live->uid == create.run.migration_uid &&
                             KeyNow(*live, state_) == create.run.key && !live->deleting;
    if (!asks_for_it) {
        EndPass();
        return reply == Reply::Received;
    }
    Job job;
    job.key = {scenario_.ns, api::JobName(create.run)};
    job.role = JobFacts::Role::Migrate;
    job.database = create.database.name;
    job.migration = create.migration.name;
    job.owner = live->uid;
    job.run_key = create.run.key;
    job.launch = create.run.launch;
    job.database_generation = seen.front()->generation;
    job.choice = Oracle(scenario_, state_, broken_).ChoiceOf(create.run.key);
    job.instance = seen.front()->instance;
    job.is_ours = true;
    auto frozen = Freeze(std::move(job));
    if (!scenario_.is_interleaved) return Post(std::move(frozen), reply);
    if (reply != Reply::Received) return false;
    Pass pass = Learned();
    pass.to_create = std::move(frozen);
    PutBack(std::move(pass));
    return true;
}

bool DatabaseWorker::Do(const engine::CreateProbeJob& create, Reply reply) {
    const auto& seen = state_.databases.Seen().items;
    if (seen.empty()) {
        EndPass();
        return reply == Reply::Received;
    }
    const auto& database = *seen.front();
    Job job;
    job.key = {scenario_.ns, api::ProbeJobName(database.key.name, database.uid, create.launch)};
    job.role = JobFacts::Role::Probe;
    job.database = database.key.name;
    job.owner = database.uid;
    job.launch = create.launch;
    job.database_generation = database.generation;
    job.instance = database.instance;
    job.is_ours = true;
    return Post(Freeze(std::move(job)), reply);
}

void DatabaseWorker::Remember(engine::JobRequest how_far) {
    if (state_.memory.request) state_.memory.request->how_far = how_far;
}

bool DatabaseWorker::Post(std::shared_ptr<const Job> job, Reply reply) {
    const bool is_migration = job->role == JobFacts::Role::Migrate;
    if (is_migration) Remember(engine::JobRequest::Unknown);
    const std::string& name = job->key.name;
    const auto there = state_.jobs.Find(name);
    if (reply == Reply::LostBeforeCommit) return Wrote(Kind::Jobs, name, 0, reply);
    if (state_.refuses_jobs && !there) {
        if (reply != Reply::Received) return false;
        if (is_migration) Remember(engine::JobRequest::NotSent);
        Pass pass = Learned();
        pass.to_create = nullptr;
        pass.learned.refused_jobs.emplace(name, "exceeded quota");
        PutBack(std::move(pass));
        return true;
    }
    if (!there) {
        CommitJob(scenario_, state_, job, broken_);
        if (is_migration && reply == Reply::Received) Remember(engine::JobRequest::Done);
        return Wrote(Kind::Jobs, name, state_.jobs.Truth().revision, reply);
    }
    if (reply != Reply::Received) return false;
    const bool is_ours = there->owner == job->owner && there->run_key == job->run_key && there->launch == job->launch &&
                         there->role == job->role && there->database == job->database;
    if (is_ours && is_migration) Remember(engine::JobRequest::Done);
    if (is_ours) return Wrote(Kind::Jobs, name, there->revision.value, reply);
    Pass pass = Learned();
    pass.to_create = nullptr;
    pass.learned.foreign_jobs.insert(name);
    PutBack(std::move(pass));
    return true;
}

}  // namespace explorer
