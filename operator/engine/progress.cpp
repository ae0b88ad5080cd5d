#include "api/reasons.hpp"
#include "engine/cause.hpp"
#include "engine/concerns.hpp"
#include "engine/lookup.hpp"

namespace engine {
namespace {

Decision EndLaunch(const World& world, const api::Migration& migration, const observed::PodFacts& pod,
                   std::string why) {
    return {.step = DeletePod{.pod = pod.key, .uid = pod.uid, .at = pod.revision},
            .notes = {{.kind = Note::On::Migration,
                       .object = migration.key,
                       .uid = migration.uid,
                       .warning = true,
                       .reason = std::string(api::reasons::kLaunchEnded),
                       .text = "Pod " + pod.key.name + " is ended: " + why + ". Database " + world.key.name +
                               " is asked whether anything happened."}}};
}

}  // namespace

std::optional<Decision> DecideProgress(const World& world, core::Time now) {
    const auto* run = ActiveRun(world.database->status);
    if (run == nullptr || !run->start_time) return std::nullopt;
    const auto* migration = FindMigration(world, run->migration);
    const auto* pod = FindPod(world, run->job_name);
    // The pod is needed to end a launch: its final state says whether the migration had begun after all.
    if (migration == nullptr || pod == nullptr || pod->terminal || pod->deleting) return std::nullopt;

    const bool running = pod->migration.state == observed::ContainerFacts::State::Running;
    if (running) {
        const auto& began = pod->migration.start_time;
        if (!began || now - *began < migration->spec.active_deadline) return std::nullopt;
        return EndLaunch(world, *migration, *pod,
                         "it ran longer than spec.activeDeadlineSeconds (" +
                             core::FormatDuration(migration->spec.active_deadline) + ")");
    }
    if (pod->migration.state == observed::ContainerFacts::State::Terminated) return std::nullopt;
    if (migration->run_key != run->key) {
        return EndLaunch(world, *migration, *pod, "the spec changed before its migration had begun");
    }
    const auto* job = FindJobOf(world, *run);
    const auto cause = FindCause(job, pod, now);
    if (cause && cause->is_fence) return std::nullopt;
    if (now - *run->start_time < migration->spec.start_deadline) return std::nullopt;
    if (MayYetWaitForFence(*pod, now)) return std::nullopt;
    return EndLaunch(world, *migration, *pod,
                     "its migration did not begin within spec.startDeadlineSeconds (" +
                         core::FormatDuration(migration->spec.start_deadline) + ")" +
                         (cause ? "; " + cause->message : ""));
}

}  // namespace engine
