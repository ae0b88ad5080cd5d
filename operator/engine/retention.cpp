#include <algorithm>

#include "engine/concerns.hpp"
#include "engine/lookup.hpp"

namespace engine {
namespace {

/// Its result stands in the record, so nothing is asked of it any more.
bool IsRecorded(const World& world, const observed::JobFacts& job) {
    const auto* run = api::FindRun(world.database->status, job.run_key);
    return run == nullptr || run->outcome != api::RunOutcome::Active || run->job_name != job.key.name;
}

/// All but the newest: one that was begun in the record may never be made, and the last reading's Job stays until then.
std::optional<Decision> DeleteOldProbe(const World& world) {
    const auto is_ours = [&](const auto& job) {
        return job->role == observed::JobFacts::Role::Probe && job->owner == world.database->uid;
    };
    for (const auto& job : world.jobs) {
        if (!is_ours(job) || job->deleting || job->key.name == world.database->status.probe.job_name) continue;
        const bool is_newest = std::none_of(world.jobs.begin(), world.jobs.end(), [&](const auto& other) {
            return is_ours(other) && other->launch > job->launch;
        });
        if (is_newest && job->Ended()) continue;
        return Decision{.step = DeleteJob{.job = job->key, .uid = job->uid}};
    }
    return std::nullopt;
}

bool HasLivePod(const World& world, const observed::JobFacts& job) {
    return std::any_of(world.pods.begin(), world.pods.end(),
                       [&](const auto& pod) { return pod->job_uid == job.uid && !pod->terminal; });
}

/// What is suspended for good would keep every other run waiting. One that somebody resumed meanwhile is left alone.
std::optional<Decision> DeleteSuspended(const World& world) {
    for (const auto& job : world.jobs) {
        if (job->role != observed::JobFacts::Role::Migrate || !job->AtRest() || job->Ended() || job->deleting ||
            HasLivePod(world, *job))
            continue;
        const auto* run = api::FindRun(world.database->status, job->run_key);
        const bool is_over = run != nullptr && run->migration_uid == job->owner &&
                             (run->job_name != job->key.name || run->outcome != api::RunOutcome::Active);
        if (is_over) return Decision{.step = DeleteJob{.job = job->key, .uid = job->uid, .at = job->revision}};
    }
    return std::nullopt;
}

}  // namespace

std::optional<Decision> DecideRetention(const World& world) {
    if (auto decision = DeleteOldProbe(world)) return decision;
    if (auto decision = DeleteSuspended(world)) return decision;
    for (const auto& migration : world.migrations) {
        std::vector<const observed::JobFacts*> ended;
        for (const auto& job : world.jobs) {
            const bool is_ours = job->role == observed::JobFacts::Role::Migrate && job->owner == migration->uid;
            if (is_ours && job->Ended() && !job->deleting && IsRecorded(world, *job)) ended.push_back(job.get());
        }
        if (ended.size() <= migration->spec.history_limit) continue;
        const auto* oldest = *std::min_element(ended.begin(), ended.end(), [](const auto* a, const auto* b) {
            return std::pair(a->created, a->key) < std::pair(b->created, b->key);
        });
        return Decision{.step = DeleteJob{.job = oldest->key, .uid = oldest->uid}};
    }
    return std::nullopt;
}

}  // namespace engine
