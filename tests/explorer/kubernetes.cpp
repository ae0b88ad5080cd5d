#include "explorer/kubernetes.hpp"

#include <algorithm>

#include "explorer/oracle.hpp"

namespace explorer {
namespace {

using observed::JobFacts;
using What = Action::What;

std::uint8_t Index(std::size_t i) {
    return static_cast<std::uint8_t>(i);
}

std::shared_ptr<const Pod> PodOf(const State& state, const Job& job) {
    for (const auto& pod : state.pods.Truth().items) {
        if (pod->job_uid == job.uid) return pod;
    }
    return nullptr;
}

std::shared_ptr<const Job> JobOf(const State& state, const Pod& pod) {
    const auto job = state.jobs.Find(pod.job);
    return job && job->uid == pod.job_uid ? job : nullptr;
}

void MakePod(State& next, const Job& job) {
    Job owner = job;
    owner.has_made_pod = true;
    owner.revision = {next.jobs.NextRevision()};
    next.jobs.Put(Freeze(std::move(owner)));

    Pod pod;
    pod.key = {job.key.ns, job.uid.value + "-pod"};
    pod.uid = {job.uid.value + "-pod"};
    pod.revision = {next.pods.NextRevision()};
    pod.created = next.now;
    pod.job = job.key.name;
    pod.job_uid = job.uid;
    pod.database = job.database;
    pod.database_generation = job.database_generation;
    pod.migrates = job.choice >= 0;
    pod.choice = job.choice;
    pod.instance = job.instance;
    next.PutPod(Freeze(std::move(pod)));
}

/// What the Job controller makes of the end of a pod.
Job::Counted CountOf(const Pod& pod) {
    const bool is_probe = pod.choice < 0;
    const auto& main = is_probe ? pod.agent : pod.migration;
    return main.exit_code == 0 ? Job::Counted::Success : Job::Counted::Failure;
}

/// The Job controller looks at ended pods in batches of a second (syncJobBatchPeriod), so no Job ends in the second in
/// which it was made.
void FinishJob(State& next, const Job& job, Job::Counted counted) {
    next.now += std::chrono::seconds{1};
    Job after = job;
    after.counted = counted;
    after.ended_pods = 1;
    after.state = counted == Job::Counted::Success ? JobFacts::State::Complete : JobFacts::State::Failed;
    if (counted == Job::Counted::Failure) after.failure_reason = "PodFailurePolicy";
    after.end_time = next.now;
    after.revision = {next.jobs.NextRevision()};
    next.jobs.Put(Freeze(std::move(after)));
}

/// No pod any more, and those that are there are deleted.
void Suspend(State& next, const Job& job) {
    Job after = job;
    after.suspended = true;
    after.revision = {next.jobs.NextRevision()};
    next.jobs.Put(Freeze(std::move(after)));
    const auto pod = PodOf(next, job);
    if (!pod || pod->terminal || pod->deleting) return;
    Pod deleted = *pod;
    deleted.deleting = true;
    deleted.revision = {next.pods.NextRevision()};
    next.PutPod(Freeze(std::move(deleted)));
}

bool OwnerExists(const State& state, const Job& job) {
    const auto* database = state.TheDatabase();
    if (database != nullptr && database->uid == job.owner) return true;
    const auto& migrations = state.migrations.Truth().items;
    return std::any_of(migrations.begin(), migrations.end(), [&](const auto& m) { return m->uid == job.owner; });
}

}  // namespace

void Deliver(Emitter& out) {
    const State& from = out.From();
    for (std::size_t i = 0; i < kKinds; ++i) {
        const auto kind = static_cast<Kind>(i);
        const auto age = from.AgeOf(kind);
        if (age == 0) continue;
        State newest = from;
        newest.Show(kind, 0);
        out.Emit({.what = What::DeliverAll, .which = Index(i)}, std::move(newest),
                 [&] { return "the store of " + std::string(Name(kind)) + " sees the newest state"; });
        if (age == 1) continue;
        State one = from;
        one.Show(kind, age - 1);
        out.Emit({.what = What::DeliverNext, .which = Index(i)}, std::move(one),
                 [&] { return "the store of " + std::string(Name(kind)) + " sees the next state"; });
    }
}

void ControlJobs(Emitter& out) {
    const State& from = out.From();
    const auto& jobs = from.jobs.Truth().items;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        const Job& job = *jobs[i];
        if (!job.is_ours || job.deleting || job.Ended()) continue;
        if (job.asked_to_suspend && !job.suspended) {
            State next = from;
            Suspend(next, job);
            out.Emit({.what = What::SuspendJob, .which = Index(i)}, std::move(next),
                     [&] { return "the Job controller acts on the suspension of Job " + job.key.name; });
        }
        if (!job.has_made_pod && job.asked_to_suspend) continue;
        if (!job.has_made_pod) {
            State next = from;
            MakePod(next, job);
            out.Emit({.what = What::MakePod, .which = Index(i)}, std::move(next),
                     [&] { return "the Job controller makes the pod of Job " + job.key.name; });
            continue;
        }
        const auto pod = PodOf(from, job);
        const bool is_over = job.counted != Job::Counted::None || (pod && pod->terminal && !pod->deleting);
        if (!is_over) continue;
        State next = from;
        FinishJob(next, job, job.counted != Job::Counted::None ? job.counted : CountOf(*pod));
        out.Emit({.what = What::FinishJob, .which = Index(i)}, std::move(next),
                 [&] { return "the Job controller ends Job " + job.key.name; });
    }
    const auto& pods = from.pods.Truth().items;
    for (std::size_t i = 0; i < pods.size(); ++i) {
        const Pod& pod = *pods[i];
        if (!pod.deleting || !pod.terminal) continue;
        State next = from;
        next.ErasePod(pod.key.name);
        const auto job = JobOf(from, pod);
        if (job && !job->deleting && !job->Ended()) {
            Job after = *job;
            after.counted = CountOf(pod);
            after.ended_pods = 1;
            after.revision = {next.jobs.NextRevision()};
            next.jobs.Put(Freeze(std::move(after)));
        }
        out.Emit({.what = What::CountPod, .which = Index(i)}, std::move(next),
                 [&] { return "the Job controller has counted pod " + pod.key.name + ", which vanishes"; });
    }
}

void CollectGarbage(Emitter& out) {
    const State& from = out.From();
    const auto& jobs = from.jobs.Truth().items;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        const Job& job = *jobs[i];
        if (!job.is_ours) continue;
        if (job.deleting) {
            if (PodOf(from, job)) continue;
            State next = from;
            Oracle(out.TheScenario(), next, out.Broken()).JobIsGone(job);
            next.jobs.Erase(job.key.name);
            out.Emit({.what = What::RemoveJob, .which = Index(i)}, std::move(next),
                     [&] { return "Job " + job.key.name + " vanishes after its pods"; });
            continue;
        }
        if (OwnerExists(from, job)) continue;
        State next = from;
        Oracle(out.TheScenario(), next, out.Broken()).JobIsGone(job);
        next.jobs.Erase(job.key.name);
        out.Emit({.what = What::CollectJob, .which = Index(i)}, std::move(next),
                 [&] { return "the garbage collector deletes Job " + job.key.name; });
    }
    const auto& pods = from.pods.Truth().items;
    for (std::size_t i = 0; i < pods.size(); ++i) {
        const Pod& pod = *pods[i];
        const auto job = JobOf(from, pod);
        if (pod.is_orphan || pod.deleting || (job && !job->deleting)) continue;
        State next = from;
        // Nothing waits for a node that never had it, nor for one that has reported the end.
        if (pod.terminal || !pod.scheduled) {
            next.ErasePod(pod.key.name);
        } else {
            Pod after = pod;
            after.deleting = true;
            after.revision = {next.pods.NextRevision()};
            next.PutPod(Freeze(std::move(after)));
        }
        out.Emit({.what = What::CollectPod, .which = Index(i)}, std::move(next),
                 [&] { return "the garbage collector deletes pod " + pod.key.name; });
    }
}

}  // namespace explorer
