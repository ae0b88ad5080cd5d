#include "api/reasons.hpp"
#include "core/text.hpp"
#include "engine/bounds.hpp"
#include "engine/concerns.hpp"
#include "engine/explain.hpp"
#include "engine/judge.hpp"
#include "engine/lookup.hpp"
#include "engine/queue.hpp"
#include "engine/range.hpp"
#include "engine/retry.hpp"
#include "engine/start_conditions.hpp"
#include "engine/tuning.hpp"

namespace engine {
namespace {

namespace reasons = api::reasons;

/// Only runs with no other reason to wait stand in the queue; whether old pods are left is asked when it is their turn.
bool MayStart(const World& world, const api::Migration& migration, core::Time now) {
    if (!WantsRun(*world.database, migration, now)) return false;
    const auto conditions = StartConditions(world, *world.database, migration, now);
    if (conditions.empty()) return true;
    const auto& last = conditions.back().reason;
    const bool is_of_old_pods = last == reasons::kWaitingForOldPods || last == reasons::kRolloutSkipsStep;
    return conditions.size() == 1 && is_of_old_pods && IsTimeToLookForOldPods(world, migration, now);
}

/// What the Job's pod reports was seen in another database than the one that was read since.
bool RanElsewhere(const World& world, const observed::JobFacts& job) {
    const auto* pod = FindPod(world, job.key.name);
    const auto& identity = world.database->status.identity;
    if (pod == nullptr || !pod->report || pod->report->identity.empty() || identity.empty()) return false;
    return pod->report->identity != identity;
}

/// Where the record is lost (the Database was created anew), this run's newest Job is taken up again and judged, so
/// that nothing runs twice. A record that was voided because the database is another one is not lost: its Jobs ran
/// elsewhere.
int NextLaunch(const World& world, const api::Migration& migration, const api::RunRecord* before) {
    if (before != nullptr) return before->launches + 1;
    const observed::JobFacts* newest = nullptr;
    for (const auto& job : world.jobs) {
        const bool is_of_run = job->role == observed::JobFacts::Role::Migrate && job->owner == migration.uid &&
                               job->run_key == migration.run_key;
        if (is_of_run && (newest == nullptr || newest->launch < job->launch)) newest = job.get();
    }
    if (newest == nullptr) return 1;
    return RanElsewhere(world, *newest) ? newest->launch + 1 : newest->launch;
}

Decision WriteIntent(const World& world, api::DatabaseStatus status, core::Time now) {
    auto write = WriteRecord(world, std::move(status), now);
    write.is_intent = true;
    return {.step = std::move(write)};
}

/// Intent: key, launch number and Job name stand in the record before the Job exists.
Decision Intend(const World& world, const api::Migration& migration, core::Time now) {
    api::DatabaseStatus status = world.database->status;
    const auto* before = api::FindRun(status, migration.run_key);
    api::RunRecord run{.key = migration.run_key,
                       .migration = migration.key.name,
                       .migration_uid = migration.uid,
                       .image = migration.spec.image,
                       .version = migration.spec.version,
                       .attempts = before != nullptr ? before->attempts : 0,
                       .launches = NextLaunch(world, migration, before),
                       .start_time = now,
                       .retry_tokens = {},
                       .requested_by = migration.requested_by,
                       .phase = migration.spec.phase};
    // With the intent, by whatever launch comes next: an annotation that stands in Git grants one, ever.
    run.retry_tokens = TokensUsedUp(world, run.key, before != nullptr ? before->retry_tokens : run.retry_tokens);
    run.job_name = api::JobName({.migration = migration.key.name,
                                 .migration_uid = migration.uid,
                                 .key = run.key,
                                 .launch = run.launches,
                                 .database = world.key.name});
    std::erase_if(status.runs, [&](const auto& old) { return old.key == run.key; });
    status.runs.insert(status.runs.begin(), std::move(run));
    // A reading taken from now on may be of the middle of the run: whatever an open probe says is not waited for.
    if (status.probe.launch > 0 && !status.probe.completion_time) status.probe.completion_time = now;
    return WriteIntent(world, std::move(status), now);
}

Decision GiveUp(const World& world, api::RunOutcome outcome, std::string_view reason, const std::string& message,
                core::Time now) {
    api::DatabaseStatus status = world.database->status;
    auto& run = *ActiveRun(status);
    run.outcome = outcome;
    run.reason = reason;
    run.message = core::OneLine(message, kLongestRecordMessage);
    run.completion_time = now;
    return {.step = WriteRecord(world, std::move(status), now)};
}

/// The Migration's version came otherwise. For a Contract that is no reason not to go on.
std::optional<std::string> WhyNothingIsLeft(const World& world, const api::MigrationSpec& spec) {
    if (!spec.run.empty() || spec.version.empty()) return std::nullopt;
    if (spec.phase == api::Phase::Down) {
        if (!IsNothingAbove(*world.database, spec.version)) return std::nullopt;
        return "Nothing above version " + spec.version + " was reached when Tidegate came back to this run.";
    }
    if (JudgeVersion(*world.database, spec.version) != Verdict::Holds) return std::nullopt;
    return "Version " + spec.version + " was there when Tidegate came back to this run.";
}

/// The intent stands in the record since before this process: its Job may have been there, may even have run, and is
/// gone. Never a blind run: the database is asked, then the intent is written anew.
std::optional<Decision> AskBeforeCreating(const World& world, const api::Migration& migration,
                                          const api::RunRecord& run, core::Time now) {
    if (!world.learned.jobs_are_live) return Decision{.step = ListJobsLive{}};
    // A pod that it left says more (result.cpp).
    if (!world.learned.pods_are_live.contains(run.job_name)) return Decision{.step = ListPodsLive{run.job_name}};
    const auto& status = world.database->status;
    if (!world.database->IsReadable()) {
        return GiveUp(world, api::RunOutcome::Failed, reasons::kEvidenceLost,
                      "Whether Job " + run.job_name +
                          " was created before Tidegate was started again is not known, and it is not there. With "
                          "engine Other the database cannot be asked: look there, then annotate the Migration "
                          "tidegate.io/retry=<a new value> to run it again.",
                      now);
    }
    const bool is_answered = status.probe.completion_time && status.probe.start_time > run.start_time &&
                             status.verified_by == status.probe.job_name;
    if (!is_answered) return DecideProbe(world, now, true);
    if (const auto why = WhyNothingIsLeft(world, migration.spec)) {
        auto decision = GiveUp(world, api::RunOutcome::NeverStarted, reasons::kSuperseded, *why, now);
        // Who brought it is not known: it may have been this very run, so its bound stays.
        auto& write = std::get<WriteDatabaseStatus>(*decision.step);
        SettleBounds(*world.database, run, {.attempted = true}, now, write.status);
        return decision;
    }
    api::DatabaseStatus renewed = status;
    ActiveRun(renewed)->start_time = now;
    return WriteIntent(world, std::move(renewed), now);
}

/// The intent is written and the Job was not seen yet.
std::optional<Decision> FollowIntent(const World& world, const api::RunRecord& run, core::Time now) {
    if (FindJobOf(world, run) != nullptr) return std::nullopt;
    const auto* migration = FindMigrationOf(world, run);
    // Where a Job may have been, only the database can tell (result.cpp).
    if (migration == nullptr || JobWasThere(world, run)) return std::nullopt;
    if (world.learned.foreign_jobs.contains(run.job_name)) {
        return GiveUp(world, api::RunOutcome::NeverStarted, reasons::kJobNameTaken,
                      "Job " + run.job_name +
                          " exists and is not Tidegate's run of this Migration, so nothing was run. Delete or "
                          "rename that Job, then annotate the Migration tidegate.io/retry=<a new value>.",
                      now);
    }
    const auto refused = world.learned.refused_jobs.find(run.job_name);
    if (refused != world.learned.refused_jobs.end()) {
        if (run.start_time && now - *run.start_time < migration->spec.start_deadline) return std::nullopt;
        return GiveUp(world, api::RunOutcome::NeverStarted, reasons::kJobRefused,
                      "The API server refused Job " + run.job_name +
                          " until spec.startDeadlineSeconds, so nothing was run: " + Quote(refused->second) +
                          ". Mend the cause, then annotate the Migration tidegate.io/retry=<a new value>.",
                      now);
    }
    const bool is_asked_for = !migration->deleting && !migration->spec.suspend && migration->run_key == run.key;
    if (is_asked_for && IsVerified(*world.database)) {
        if (world.learned.job_request != JobRequest::NotSent) return AskBeforeCreating(world, *migration, run, now);
        return Decision{
            .step = CreateMigrationJob{.database = world.key,
                                       .migration = migration->key,
                                       .run = {run.migration, run.migration_uid, run.key, run.launches, world.key.name},
                                       .job_name = run.job_name},
            .notes = {{.kind = Note::On::Migration,
                       .object = migration->key,
                       .uid = migration->uid,
                       .reason = std::string(reasons::kMigrationJobCreated),
                       .text = "Job " + run.job_name + " was created to bring Database " + world.key.name +
                               (run.phase == api::Phase::Down ? " back" : "") +
                               (run.version.empty() ? "" : " to version " + run.version) + " with image " + run.image +
                               "."}}};
    }
    if (!world.learned.jobs_are_live) return Decision{.step = ListJobsLive{}};
    return GiveUp(world, api::RunOutcome::NeverStarted, reasons::kSuperseded,
                  is_asked_for ? "The Database changed before the Job was created and is read first; nothing ran."
                               : "The Migration changed, or was deleted, before its Job was created; nothing ran.",
                  now);
}

}  // namespace

std::optional<Decision> DecideLaunch(const World& world, core::Time now) {
    const auto& database = *world.database;
    if (const auto* run = ActiveRun(database.status)) return FollowIntent(world, *run, now);
    if (database.deleting || !IsVerified(database)) return std::nullopt;
    if (auto bounds = DecideBounds(world, now)) return bounds;
    if (UnfinishedMigrationJob(world) != nullptr || MigrationPodRuns(world)) return std::nullopt;
    const auto* migration = FirstInQueue(world, [&](const auto& queued) { return MayStart(world, queued, now); });
    if (migration == nullptr) return std::nullopt;
    if (IsTimeToLookForOldPods(world, *migration, now)) return Decision{.step = ListOldPodsLive{migration->key}};
    const bool is_contracted = migration->spec.phase == api::Phase::Contract && migration->spec.run.empty() &&
                               !migration->spec.version.empty() &&
                               JudgeVersion(database, migration->spec.version) == Verdict::Holds &&
                               !IsTakenDown(database, migration->spec.version);
    if (is_contracted) return RecordNothingToRun(world, *migration, now);
    // Exclusion rests on the Jobs that exist, not on what a store shows or a status says.
    if (!world.learned.jobs_are_live) return Decision{.step = ListJobsLive{}};
    return Intend(world, *migration, now);
}

}  // namespace engine
