#include "engine/lookup.hpp"

#include <algorithm>
#include <utility>

#include "api/requirement.hpp"

namespace engine {

namespace {

int Weight(observed::Started started) {
    switch (started) {
        case observed::Started::Yes:
            return 2;
        case observed::Started::Unknown:
            return 1;
        case observed::Started::No:
            break;
    }
    return 0;
}

/// Of two pods of one Job: the one in which the migration began, else the newer one.
bool SaysMore(const observed::PodFacts& a, const observed::PodFacts& b) {
    return std::pair(Weight(observed::MigrationStarted(a)), a.created) >
           std::pair(Weight(observed::MigrationStarted(b)), b.created);
}

}  // namespace

const api::Database* FindDatabase(const std::vector<Shared<api::Database>>& databases, std::string_view name) {
    for (const auto& database : databases) {
        if (database->key.name == name) return database.get();
    }
    return nullptr;
}

const api::Migration* FindMigration(const World& world, std::string_view name) {
    for (const auto& migration : world.migrations) {
        if (migration->key.name == name) return migration.get();
    }
    return nullptr;
}

const api::Migration* FindMigrationOf(const World& world, const api::RunRecord& run) {
    const auto* migration = FindMigration(world, run.migration);
    return migration != nullptr && migration->uid == run.migration_uid ? migration : nullptr;
}

const observed::JobFacts* FindJob(const World& world, std::string_view name) {
    for (const auto& job : world.jobs) {
        if (job->key.name == name) return job.get();
    }
    return nullptr;
}

const observed::JobFacts* FindJobOf(const World& world, const api::RunRecord& run) {
    const auto* job = FindJob(world, run.job_name);
    const bool is_ours =
        job != nullptr && job->owner == run.migration_uid && job->run_key == run.key && job->launch == run.launches;
    return is_ours ? job : nullptr;
}

bool JobWasThere(const World& world, const api::RunRecord& run) {
    if (FindJobOf(world, run) != nullptr || FindPodOf(world, run) != nullptr) return true;
    if (world.learned.job_request == JobRequest::Done) return true;
    const auto* migration = FindMigrationOf(world, run);
    if (migration == nullptr) return true;
    const auto& shown = migration->status;
    const bool is_judged = shown.newest_key == run.key && shown.newest_launch == run.launches;
    return is_judged || (shown.run && shown.run->job_name == run.job_name);
}

const observed::JobFacts* UnfinishedMigrationJob(const World& world) {
    for (const auto& job : world.jobs) {
        if (job->role == observed::JobFacts::Role::Migrate && !job->Ended()) return job.get();
    }
    return nullptr;
}

bool MigrationPodRuns(const World& world) {
    return std::any_of(world.pods.begin(), world.pods.end(),
                       [](const auto& pod) { return pod->migrates && !pod->terminal; });
}

bool MigrationMayRun(const World& world) {
    return MigrationPodRuns(world) || std::any_of(world.jobs.begin(), world.jobs.end(), [](const auto& job) {
               return job->role == observed::JobFacts::Role::Migrate && !job->AtRest();
           });
}

int NewestLaunch(const World& world, const api::Migration& migration) {
    int newest = 0;
    for (const auto& job : world.jobs) {
        if (job->owner == migration.uid && job->run_key == migration.run_key) newest = std::max(newest, job->launch);
    }
    return newest;
}

const observed::PodFacts* FindPod(const World& world, std::string_view job) {
    const auto* owner = FindJob(world, job);
    const observed::PodFacts* found = nullptr;
    for (const auto& pod : world.pods) {
        if (pod->job != job || (owner != nullptr && pod->job_uid != owner->uid)) continue;
        if (found == nullptr || SaysMore(*pod, *found)) found = pod.get();
    }
    return found;
}

const observed::PodFacts* FindPodOf(const World& world, const api::RunRecord& run) {
    const auto* pod = FindPod(world, run.job_name);
    const bool is_of_launch = pod != nullptr && (FindJob(world, run.job_name) != nullptr || !run.start_time ||
                                                 pod->created >= *run.start_time);
    return is_of_launch ? pod : nullptr;
}

bool HadSeveralPods(const World& world, const api::RunRecord& run) {
    const auto* job = FindJobOf(world, run);
    if (job != nullptr && job->ended_pods > 1) return true;
    return std::count_if(world.pods.begin(), world.pods.end(), [&](const auto& pod) {
               return pod->job == run.job_name && (job == nullptr || pod->job_uid == job->uid);
           }) > 1;
}

const api::RunRecord* ActiveRun(const api::DatabaseStatus& status) {
    for (const auto& run : status.runs) {
        if (run.outcome == api::RunOutcome::Active) return &run;
    }
    return nullptr;
}

api::RunRecord* ActiveRun(api::DatabaseStatus& status) {
    return const_cast<api::RunRecord*>(ActiveRun(static_cast<const api::DatabaseStatus&>(status)));
}

Named NamedBy(const World& world) {
    Named all;
    auto& named = all.requirements;
    for (const auto& migration : world.migrations) {
        if (migration->spec.version.empty()) continue;
        if (!migration->spec.includes.empty())
            all.contents.push_back({migration->spec.version, migration->spec.includes});
        named.push_back(api::RequirementText(world.key.name, migration->spec.version));
    }
    for (const auto& workload : world.workloads) {
        for (const auto& requirement : api::ParseRequirements(workload->requires_text).requirements) {
            if (requirement.database == world.key.name && !requirement.image) named.push_back(requirement.text);
        }
    }
    std::sort(named.begin(), named.end());
    named.erase(std::unique(named.begin(), named.end()), named.end());
    return all;
}

}  // namespace engine
