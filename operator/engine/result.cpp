#include <algorithm>

#include "api/reasons.hpp"
#include "core/text.hpp"
#include "engine/bounds.hpp"
#include "engine/classify.hpp"
#include "engine/concerns.hpp"
#include "engine/evidence.hpp"
#include "engine/explain.hpp"
#include "engine/judge.hpp"
#include "engine/lookup.hpp"
#include "engine/lost.hpp"
#include "engine/reading.hpp"
#include "engine/retry.hpp"
#include "engine/tuning.hpp"

namespace engine {
namespace {

bool HasLivePod(const World& world, const std::string& job) {
    return std::any_of(world.pods.begin(), world.pods.end(),
                       [&](const auto& pod) { return pod->job == job && !pod->terminal; });
}

/// What the database said after the run: a probe that was created after the end, else the agent's word.
std::optional<version::Reading> ReadingAfter(const World& world, const api::RunRecord& run,
                                             const observed::JobFacts* job, const observed::PodFacts* pod) {
    const auto& status = world.database->status;
    const bool is_probed =
        IsVerified(*world.database) && status.verified_by_created && status.verified_by == status.probe.job_name;
    // Between a run's intent and its end no probe begins; both times are the operator's.
    const bool is_begun_later = status.probe.start_time > run.start_time;
    // Only for a Job that was taken up again after its end: the clocks of two others are compared here.
    const bool is_made_later = job != nullptr && job->end_time && run.start_time > job->end_time &&
                               status.verified_by_created >= job->end_time;
    // The newest reading counts: a Job that was taken up again may have reported on what the database is no more.
    if (is_probed && (is_begun_later || is_made_later)) return KeptReading(status);
    if (HadSeveralPods(world, run)) return std::nullopt;
    if (pod != nullptr && pod->report && pod->report->after) return pod->report->after;
    return std::nullopt;
}

api::HistoryEntry MakeEntry(const api::RunRecord& run, const Evidence& evidence, bool keep_tail) {
    api::HistoryEntry entry{.key = run.key,
                            .launch = run.launches,
                            .attempt = run.attempts,
                            .job_name = run.job_name,
                            .image = run.image,
                            .start_time = run.start_time,
                            .completion_time = run.completion_time,
                            .reason = run.reason,
                            .message = run.message};
    entry.requested_by = run.requested_by;
    if (evidence.after) entry.version_after = PrintVersions(*evidence.after);
    if (evidence.pod == nullptr) return entry;
    const auto& migration = evidence.pod->migration;
    if (evidence.pod->report && evidence.pod->report->before) {
        entry.version_before = PrintVersions(*evidence.pod->report->before);
    }
    if (evidence.pod->report && evidence.pod->report->locks) {
        entry.longest_lock_wait = evidence.pod->report->locks->longest_wait;
        entry.longest_blocking = evidence.pod->report->locks->longest_blocking;
    }
    entry.image_id = migration.image_id;
    if (migration.start_time) entry.start_time = migration.start_time;
    if (migration.end_time) entry.completion_time = migration.end_time;
    entry.exit_code = migration.exit_code;
    entry.signal = migration.signal;
    if (keep_tail && run.outcome == api::RunOutcome::Failed) {
        entry.log_tail = RedactedTail(evidence.pod->log_tail, api::kLongestLogTail);
    }
    return entry;
}

/// Newest runs first, besides every key that a Migration still names.
void TrimRuns(const World& world, std::vector<api::RunRecord>& runs) {
    const auto is_named = [&](const api::RunRecord& run) {
        return std::any_of(world.migrations.begin(), world.migrations.end(),
                           [&](const auto& migration) { return migration->run_key == run.key; });
    };
    std::size_t kept = 0;
    std::erase_if(runs, [&](const auto& run) {
        if (run.outcome == api::RunOutcome::Active || is_named(run)) return false;
        return ++kept > api::kKeptRuns;
    });
}

/// Engine Other: where no table says it, the database is where its newest successful migration brought it.
NewReading Declared(const api::Database& database, const Evidence& evidence, core::Time now) {
    return {.reading = {.initialised = true, .versions = {evidence.run.version}},
            .job = evidence.run.job_name,
            .job_created = evidence.job != nullptr ? evidence.job->created : now,
            .generation = database.generation};
}

api::DatabaseStatus Recorded(const World& world, const Evidence& evidence, const EndedRun& end, core::Time now) {
    const auto& database = *world.database;
    api::DatabaseStatus status = database.status;
    // Before the reading: a Down that began takes away what the table may still name.
    SettleBounds(database, evidence.run, end, now, status);
    // While the run is still active: a reading of another database voids the record, but not this run's own entry.
    const bool is_alone = !HadSeveralPods(world, evidence.run);
    if (is_alone && evidence.pod != nullptr && evidence.pod->report && evidence.pod->report->after) {
        RecordReading(world,
                      {.reading = *evidence.pod->report->after,
                       .identity = evidence.pod->report->identity,
                       .connection_check = evidence.pod->report->connection_check,
                       .job = evidence.run.job_name,
                       .job_created = evidence.job != nullptr ? evidence.job->created : evidence.pod->created,
                       .generation = evidence.pod->database_generation},
                      now, status);
    }
    if (!database.IsReadable() && end.outcome == api::RunOutcome::Succeeded && !evidence.run.version.empty())
        RecordReading(world, Declared(database, evidence, now), now, status);
    auto& run = *ActiveRun(status);
    run.outcome = end.outcome;
    run.reason = end.reason;
    run.message = core::OneLine(end.message, kLongestRecordMessage);
    run.attempts += end.attempted ? 1 : 0;
    run.retry_time = RetryTime(evidence, end, run.attempts, now);
    run.completion_time = evidence.job != nullptr && evidence.job->end_time ? evidence.job->end_time : now;
    WithdrawLost(world, now, status);
    TrimRuns(world, status.runs);
    return WithConditions(world, std::move(status), now);
}

}  // namespace

std::optional<Decision> DecideResult(const World& world, core::Time now) {
    const auto* run = ActiveRun(world.database->status);
    if (run == nullptr) return std::nullopt;
    const auto* job = FindJobOf(world, *run);
    if (!JobWasThere(world, *run)) return std::nullopt;
    if (job != nullptr && !job->AtRest() && !job->deleting) return std::nullopt;

    if (job == nullptr && !world.learned.jobs_are_live) return Decision{.step = ListJobsLive{}};
    if (job != nullptr && job->deleting && !job->Ended()) {
        // It is shown before it vanishes: afterwards nothing else tells that it was there.
        if (auto status = DecideStatus(world, now)) return status;
    }
    if (!world.learned.pods_are_live.contains(run->job_name)) return Decision{.step = ListPodsLive{run->job_name}};
    if (HasLivePod(world, run->job_name)) {
        // Nothing starts beside it, perhaps for long (its node is lost), but everybody is told.
        if (auto status = DecideStatus(world, now)) return status;
        return Decision{};
    }

    const auto* pod = FindPodOf(world, *run);
    const auto* migration = FindMigrationOf(world, *run);
    const Evidence evidence{.run = *run,
                            .scheme = world.database->spec.Scheme(),
                            .is_readable = world.database->IsReadable(),
                            .job = job,
                            .pod = pod,
                            .had_several_pods = HadSeveralPods(world, *run),
                            .migration = migration,
                            .database = world.database.get(),
                            .after = ReadingAfter(world, *run, job, pod)};
    const auto end = Classify(evidence);
    if (!end) {
        if (auto probe = DecideProbe(world, now, true)) return probe;
        return std::nullopt;
    }

    const api::DatabaseStatus recorded = Recorded(world, evidence, *end, now);
    const bool shown = migration == nullptr ||
                       (migration->status.newest_key == run->key && migration->status.newest_launch == run->launches);
    if (shown) return Decision{.step = WriteDatabaseStatus{world.key, world.database->revision, recorded}};

    const auto* ended = api::FindRun(recorded, run->key);
    const auto& entry_source = ended != nullptr ? *ended : *run;
    const auto status = MigrationStatusFor(world, recorded, *migration, now);
    const bool failed = end->outcome != api::RunOutcome::Succeeded;
    return Decision{.step = WriteMigrationStatus{.migration = migration->key,
                                                 .at = migration->revision,
                                                 .status = status,
                                                 .entry = MakeEntry(entry_source, evidence, migration->spec.log_tail),
                                                 .history_limit = migration->spec.history_limit},
                    .notes = {{.kind = Note::On::Migration,
                               .object = migration->key,
                               .uid = migration->uid,
                               .warning = failed,
                               .reason = std::string(end->reason),
                               .text = end->message}}};
}

}  // namespace engine
