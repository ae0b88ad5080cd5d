#include <algorithm>

#include "api/reasons.hpp"
#include "engine/cause.hpp"
#include "engine/concerns.hpp"
#include "engine/explain.hpp"
#include "engine/image_source.hpp"
#include "engine/lookup.hpp"

namespace engine {
namespace {

/// `migration` nullptr: it is gone, and the event is the Database's.
Decision EndLaunch(const World& world, const api::Migration* migration, const observed::PodFacts& pod,
                   const std::string& why) {
    return {.step = DeletePod{.pod = pod.key, .uid = pod.uid, .at = pod.revision},
            .notes = {{.kind = migration != nullptr ? Note::On::Migration : Note::On::Database,
                       .object = migration != nullptr ? migration->key : world.key,
                       .uid = migration != nullptr ? migration->uid : world.database->uid,
                       .warning = true,
                       .reason = std::string(api::reasons::kLaunchEnded),
                       .text = "Pod " + pod.key.name + " is ended: " + why + ". Database " + world.key.name +
                               " is asked whether anything happened."}}};
}

/// The record says that this launch is over, or never was: a create that arrived late, after a crash or a change of
/// leaders, and found its name free again.
bool IsStray(const World& world, const observed::JobFacts& job) {
    const auto* run = api::FindRun(world.database->status, job.run_key);
    if (run == nullptr || run->migration_uid != job.owner || job.launch > run->launches) return false;
    return run->outcome != api::RunOutcome::Active || job.launch < run->launches;
}

/// A stray must not begin. One whose migration container runs is left to its end: what runs goes on.
std::optional<Decision> EndStray(const World& world) {
    for (const auto& job : world.jobs) {
        const bool is_open = job->role == observed::JobFacts::Role::Migrate && !job->AtRest();
        if (!is_open || job->asked_to_suspend || job->deleting || !IsStray(world, *job)) continue;
        const std::string& name = job->key.name;
        if (!world.learned.pods_are_live.contains(name)) return Decision{.step = ListPodsLive{name}};
        const auto* pod = FindPod(world, name);
        const auto state = pod != nullptr ? pod->migration.state : observed::ContainerFacts::State::Unknown;
        using State = observed::ContainerFacts::State;
        if (state == State::Running || state == State::Terminated) continue;
        return Decision{.step = SuspendJob{.job = job->key, .at = job->revision},
                        .notes = {{.kind = Note::On::Database,
                                   .object = world.key,
                                   .uid = world.database->uid,
                                   .warning = true,
                                   .reason = std::string(api::reasons::kLaunchEnded),
                                   .text = "Job " + name +
                                           " is suspended before it began: the record says that this launch is over. "
                                           "Its creation arrived late; nothing has to be done."}}};
    }
    return std::nullopt;
}

/// What ends a launch that has no pod, in words; nullopt: nothing yet.
std::optional<std::string> WhyNotWait(const api::RunRecord& run, const api::Migration* migration, core::Time now) {
    if (migration == nullptr) return "its Migration was deleted before it had a pod";
    if (migration->run_key != run.key) return WhatChanged(*migration) + " changed before it had a pod";
    if (now < *run.start_time + migration->spec.start_deadline) return std::nullopt;
    return "it had no pod within spec.startDeadlineSeconds (" + core::FormatDuration(migration->spec.start_deadline) +
           ")";
}

/// A pod may come hours later, when a quota is freed: the Job is suspended, and then has none for good.
std::optional<Decision> EndWithoutPod(const World& world, const api::RunRecord& run, const api::Migration* migration,
                                      core::Time now) {
    const auto* job = FindJobOf(world, run);
    if (job == nullptr || job->AtRest() || job->asked_to_suspend || job->deleting || !PodIsOverdue(*job, now))
        return std::nullopt;
    const auto why = WhyNotWait(run, migration, now);
    if (!why) return std::nullopt;
    if (!world.learned.pods_are_live.contains(run.job_name)) return Decision{.step = ListPodsLive{run.job_name}};
    return Decision{.step = SuspendJob{.job = job->key, .at = job->revision},
                    .notes = {{.kind = migration != nullptr ? Note::On::Migration : Note::On::Database,
                               .object = migration != nullptr ? migration->key : world.key,
                               .uid = migration != nullptr ? migration->uid : world.database->uid,
                               .warning = true,
                               .reason = std::string(api::reasons::kLaunchEnded),
                               .text = "Job " + job->key.name + " is suspended for good: " + *why +
                                       ". A quota or an admission rule refuses the pod; the Job's events say which."}}};
}

}  // namespace

core::Time StartDue(const api::RunRecord& run, const api::Migration& migration, const observed::PodFacts& pod) {
    // Waiting for the fence does not count, and the migration's image is pulled only after it.
    const core::Time since = std::max(*run.start_time, pod.initialized_time.value_or(*run.start_time));
    return since + migration.spec.start_deadline;
}

std::optional<Decision> DecideProgress(const World& world, core::Time now) {
    if (auto stray = EndStray(world)) return stray;
    const auto* run = ActiveRun(world.database->status);
    if (run == nullptr || !run->start_time) return std::nullopt;
    const auto* pod = FindPodOf(world, *run);
    const auto* migration = FindMigrationOf(world, *run);
    if (pod == nullptr) return EndWithoutPod(world, *run, migration, now);
    // A launch is ended by its pod: its final state says whether the migration had begun after all.
    if (pod->terminal || pod->deleting) return std::nullopt;
    if (pod->migration.state == observed::ContainerFacts::State::Terminated) return std::nullopt;

    const bool running = pod->migration.state == observed::ContainerFacts::State::Running;
    if (migration == nullptr) {
        // What runs goes on; what has not begun would keep the next Migration waiting, perhaps for ever.
        if (running) return std::nullopt;
        return EndLaunch(world, migration, *pod, "its Migration was deleted before its migration had begun");
    }
    if (running) {
        const auto& began = pod->migration.start_time;
        if (!began || now - *began < migration->spec.active_deadline) return std::nullopt;
        return EndLaunch(world, migration, *pod,
                         "it ran longer than spec.activeDeadlineSeconds (" +
                             core::FormatDuration(migration->spec.active_deadline) + ")");
    }
    if (migration->run_key != run->key) {
        return EndLaunch(world, migration, *pod, WhatChanged(*migration) + " changed before its migration had begun");
    }
    const auto* job = FindJobOf(world, *run);
    const auto cause = FindCause(job, pod, now);
    if (cause && cause->is_fence) return std::nullopt;
    if (now < StartDue(*run, *migration, *pod)) return std::nullopt;
    if (MayYetWaitForFence(*pod, now)) return std::nullopt;
    return EndLaunch(world, migration, *pod,
                     "its migration did not begin within spec.startDeadlineSeconds (" +
                         core::FormatDuration(migration->spec.start_deadline) + ")" +
                         (cause ? "; " + Quote(cause->message) : ""));
}

}  // namespace engine
