#include "engine/decide.hpp"

#include <algorithm>

#include "engine/bounds.hpp"
#include "engine/cause.hpp"
#include "engine/concerns.hpp"
#include "engine/judge.hpp"
#include "engine/lookup.hpp"
#include "engine/start_conditions.hpp"
#include "engine/tuning.hpp"

namespace engine {
namespace {

class Earliest {
public:
    void Consider(std::optional<core::Time> time, core::Time now) {
        if (!time) return;
        const core::Time look = std::max(*time, now + std::chrono::seconds{1});
        if (!time_ || look < *time_) time_ = look;
    }
    std::optional<core::Time> Time() const { return time_; }

private:
    std::optional<core::Time> time_;
};

}  // namespace

std::optional<core::Time> NextLook(const World& world, core::Time now) {
    if (!world.database) return std::nullopt;
    Earliest earliest;
    const auto& status = world.database->status;
    const auto& probe = status.probe;
    const auto consider_job = [&](const std::string& name) {
        earliest.Consider(NextLookForCause(FindJob(world, name), FindPod(world, name), now), now);
        if (world.learned.refused_jobs.contains(name)) earliest.Consider(now + kRefusedJobInterval, now);
    };
    if (probe.launch > 0 && !probe.completion_time) {
        consider_job(probe.job_name);
        if (const auto* job = FindJob(world, probe.job_name)) earliest.Consider(job->created + kProbeDeadline, now);
    }
    const bool reads_again = !IsVerified(*world.database) || std::any_of(world.workloads.begin(), world.workloads.end(),
                                                                         [](const auto& w) { return w->held; });
    if (reads_again && probe.completion_time && probe.start_time) {
        const auto next = *probe.start_time + kProbeInterval;
        if (next > now) earliest.Consider(next, now);
    }
    if (ActiveRun(status) == nullptr) {
        earliest.Consider(RecheckDue(*world.database), now);
        if (const auto* next = NextBoundSetter(world, *world.database, now))
            earliest.Consider(NextLookForOldPods(world, *next, now), now);
    }
    for (const auto& migration : world.migrations) {
        const auto* run = api::FindRun(status, migration->run_key);
        if (run != nullptr && run->retry_time && *run->retry_time > now) earliest.Consider(run->retry_time, now);
    }
    if (const auto* run = ActiveRun(status)) {
        consider_job(run->job_name);
        if (PodThatWaitsForFence(world, now) != nullptr) {
            const auto& known = world.learned.fence_holder;
            earliest.Consider((known ? known->asked : now) + kFenceHolderInterval, now);
        }
        const auto* job = FindJobOf(world, *run);
        // Whoever lists live did not have it in the store.
        if (world.learned.jobs_are_live && job != nullptr && !job->AtRest())
            earliest.Consider(now + kUnwatchedJobInterval, now);
        const bool waits_for_probe = job == nullptr || job->AtRest() || job->deleting;
        if (waits_for_probe && probe.start_time && *probe.start_time + kProbeInterval > now)
            earliest.Consider(*probe.start_time + kProbeInterval, now);
        // Times have seconds: the first question can be told from an earlier one in the next second only.
        if (waits_for_probe && run->start_time && *run->start_time >= now)
            earliest.Consider(*run->start_time + std::chrono::seconds{1}, now);
        const auto* migration = FindMigration(world, run->migration);
        const auto* pod = FindPod(world, run->job_name);
        if (migration != nullptr && run->start_time && pod == nullptr && job != nullptr && !job->AtRest()) {
            earliest.Consider(*run->start_time + migration->spec.start_deadline, now);
        }
        if (migration != nullptr && run->start_time && pod != nullptr && !pod->deleting && !pod->terminal) {
            const auto& began = pod->migration.start_time;
            const auto due = began ? *began + migration->spec.active_deadline : StartDue(*run, *migration, *pod);
            if (due > now) earliest.Consider(due, now);
        }
    }
    return earliest.Time();
}

Decision Decide(const World& world, core::Time now) {
    if (world.database) {
        if (auto decision = DecideResult(world, now)) return *decision;
        if (auto decision = DecideProgress(world, now)) return *decision;
        if (auto decision = DecideProbe(world, now)) return *decision;
        if (auto decision = DecideLaunch(world, now)) return *decision;
        if (auto decision = DecideFenceHolder(world, now)) return *decision;
    }
    if (auto decision = DecideStatus(world, now)) return *decision;
    if (world.database) {
        if (auto decision = DecideRetention(world)) return *decision;
    }
    return {.step = std::nullopt, .notes = {}, .look_again = NextLook(world, now)};
}

}  // namespace engine
