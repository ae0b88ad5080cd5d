#include <algorithm>

#include "api/reasons.hpp"
#include "engine/cause.hpp"
#include "engine/concerns.hpp"
#include "engine/explain.hpp"
#include "engine/judge.hpp"
#include "engine/lookup.hpp"
#include "engine/lost.hpp"
#include "engine/reading.hpp"
#include "engine/tuning.hpp"

namespace engine {
namespace {

std::vector<std::string> WantedVersions(const World& world) {
    std::vector<std::string> versions;
    for (const auto& text : NamedBy(world).requirements) {
        for (auto& requirement : api::ParseRequirements(text).requirements)
            versions.push_back(std::move(requirement.version));
    }
    return versions;
}

/// A held workload names a version about which the last reading says nothing, or one that no Migration here can bring:
/// somebody else may have migrated meanwhile.
bool HasUndecidedHold(const World& world) {
    for (const auto& workload : world.workloads) {
        if (!workload->held) continue;
        for (const auto& requirement : api::ParseRequirements(workload->requires_text).requirements) {
            if (requirement.database != world.key.name || requirement.image) continue;
            const auto verdict = JudgeVersion(*world.database, requirement.version);
            if (verdict == Verdict::VersionUnknown) return true;
            if (verdict == Verdict::NotReached && world.migrations.empty()) return true;
        }
    }
    return false;
}

Note ProbeNote(const World& world, bool warning, std::string_view reason, std::string text) {
    return {.kind = Note::On::Database,
            .object = world.key,
            .uid = world.database->uid,
            .warning = warning,
            .reason = std::string(reason),
            .text = std::move(text)};
}

/// Where the record is lost, an ended probe of old may be there still: its name must not be used again.
int NewestProbe(const World& world) {
    int newest = 0;
    for (const auto& job : world.jobs) {
        if (job->role == observed::JobFacts::Role::Probe && job->owner == world.database->uid)
            newest = std::max(newest, job->launch);
    }
    return newest;
}

/// The active run's Job turned up after it was asked whether it had been there: what the probe says may be of the
/// middle of the run.
Decision Abandon(const World& world, core::Time now) {
    api::DatabaseStatus status = world.database->status;
    status.probe.completion_time = now;
    return Decision{.step = WriteRecord(world, std::move(status), now)};
}

Decision Begin(const World& world, core::Time now) {
    api::DatabaseStatus status = world.database->status;
    const auto before = std::move(status.probe);
    const int launch = std::max(before.launch, NewestProbe(world)) + 1;
    // What was wrong is shown until the next answer: a text that came and went with each try would be written each
    // time.
    const bool is_same_spec = before.observed_generation == world.database->generation;
    status.probe = {.launch = launch,
                    .observed_generation = world.database->generation,
                    .job_name = api::ProbeJobName(world.key.name, world.database->uid, launch),
                    .start_time = now,
                    .reason = is_same_spec ? before.reason : "",
                    .message = is_same_spec ? before.message : ""};
    return Decision{.step = WriteRecord(world, std::move(status), now)};
}

/// What the reading took back, in words; empty when it took back nothing.
std::string Withdrawn(const api::DatabaseStatus& before, const api::DatabaseStatus& after) {
    constexpr std::size_t kMostNamed = 3;
    std::string names;
    std::size_t count = 0;
    for (const auto& [requirement, time] : before.reached) {
        const auto is_it = [&text = requirement](const auto& entry) { return entry.requirement == text; };
        if (std::any_of(after.reached.begin(), after.reached.end(), is_it)) continue;
        if (++count <= kMostNamed) names += (names.empty() ? "" : ", ") + requirement;
    }
    if (count == 0) return {};
    if (count > kMostNamed) names += " and " + std::to_string(count - kMostNamed) + " more";
    return "The history table says " + (after.version.empty() ? "no version" : "version " + after.version) +
           (before.version == after.version ? "" : " where it said version " + before.version) +
           ": the database was restored to an older state, migrated back, or is another one. No longer proven: " +
           names + ". What runs goes on; rollouts that need it wait. Nothing is run again by itself.";
}

std::optional<Decision> Record(const World& world, const observed::JobFacts& job, core::Time now) {
    if (!world.learned.pods_are_live.contains(job.key.name)) return Decision{.step = ListPodsLive{job.key.name}};
    const auto* pod = FindPod(world, job.key.name);
    api::DatabaseStatus status = world.database->status;
    auto& probe = status.probe;
    probe.completion_time = now;
    probe.reason.clear();
    probe.message.clear();
    if (pod != nullptr && pod->report && pod->report->after) {
        RecordReading(world,
                      {.reading = *pod->report->after,
                       .identity = pod->report->identity,
                       .connection_check = pod->report->connection_check,
                       .job = job.key.name,
                       .job_created = job.created,
                       .generation = job.database_generation},
                      now, status);
        auto withdrawn = Withdrawn(world.database->status, status);
        const bool is_dirty_now = status.dirty && !world.database->status.dirty;
        Decision decision{.step = WriteRecord(world, std::move(status), now)};
        if (!withdrawn.empty())
            decision.notes.push_back(ProbeNote(world, true, api::reasons::kVersionLost, std::move(withdrawn)));
        if (is_dirty_now) {
            const auto& written = std::get<WriteDatabaseStatus>(*decision.step).status;
            decision.notes.push_back(
                ProbeNote(world, true, api::reasons::kDirty, ExplainDatabase(world, written).message));
        }
        return decision;
    }
    probe.reason = api::reasons::kProbeFailed;
    // Without the Job's name, which changes with each try.
    probe.message = "The Job that reads the version ended without a report. It is tried again within a minute.";
    if (pod != nullptr && pod->report && pod->report->error) {
        probe.reason = api::reasons::OfAgent(pod->report->error->reason);
        probe.message = Quote(pod->report->error->message) + ". It is tried again within a minute.";
    }
    Decision decision{.step = WriteRecord(world, std::move(status), now)};
    const auto& written = std::get<WriteDatabaseStatus>(*decision.step).status.probe;
    decision.notes.push_back(ProbeNote(world, true, api::reasons::kProbeFailed, written.message));
    return decision;
}

/// Shows why the probe does not come to its result; nullopt when that is shown already.
std::optional<Decision> ShowTrouble(const World& world, const std::string& reason, const std::string& message,
                                    core::Time now) {
    const auto& shown = world.database->status.probe;
    if (shown.reason == reason && (shown.message == message || MessageAlternates(reason))) return std::nullopt;
    api::DatabaseStatus status = world.database->status;
    const bool is_news = shown.reason != reason;
    status.probe.reason = reason;
    status.probe.message = message;
    Decision decision{.step = WriteRecord(world, std::move(status), now)};
    if (is_news) decision.notes.push_back(ProbeNote(world, true, reason, message));
    return decision;
}

std::optional<Decision> Follow(const World& world, core::Time now) {
    const auto& probe = world.database->status.probe;
    const auto refused = world.learned.refused_jobs.find(probe.job_name);
    if (refused != world.learned.refused_jobs.end()) {
        return ShowTrouble(world, std::string(api::reasons::kJobRefused),
                           "The API server refuses probe Job " + probe.job_name + ": " + Quote(refused->second) +
                               ". Mend the cause; it is tried again.",
                           now);
    }
    if (world.learned.foreign_jobs.contains(probe.job_name)) {
        // Nothing is lost by a new number: a probe changes nothing.
        return Begin(world, now);
    }
    const auto* job = FindJob(world, probe.job_name);
    if (job == nullptr) {
        return Decision{.step = CreateProbeJob{.database = world.key,
                                               .launch = probe.launch,
                                               .job_name = probe.job_name,
                                               .wanted = WantedVersions(world)}};
    }
    if (job->Ended()) return Record(world, *job, now);
    if (now - job->created >= kProbeDeadline) return Begin(world, now);
    if (const auto cause = FindCause(job, FindPod(world, probe.job_name), now)) {
        return ShowTrouble(world, cause->reason, cause->message, now);
    }
    return std::nullopt;
}

/// Engine Other: there is no table to read, so the record is all that is known from the start.
Decision Believe(const World& world, core::Time now) {
    api::DatabaseStatus status = world.database->status;
    status.dirty = false;
    status.verified_time = now;
    status.verified_generation = world.database->generation;
    if (status.probe.launch > 0 && !status.probe.completion_time) status.probe.completion_time = now;
    return Decision{.step = WriteRecord(world, std::move(status), now)};
}

}  // namespace

std::optional<core::Time> RecheckDue(const api::Database& database) {
    if (!database.spec.recheck || !IsVerified(database)) return std::nullopt;
    // Also counted from a probe that failed: the next one is not due at once.
    return std::max(*database.status.verified_time, database.status.probe.start_time.value_or(core::Time{})) +
           *database.spec.recheck;
}

std::optional<Decision> DecideProbe(const World& world, core::Time now, bool asked) {
    const auto& database = *world.database;
    if (!database.IsReadable()) return IsVerified(database) ? std::nullopt : std::optional(Believe(world, now));
    const auto& probe = database.status.probe;
    const bool is_current = probe.observed_generation == database.generation;
    const auto* run = ActiveRun(database.status);
    if (probe.launch > 0 && !probe.completion_time && is_current) {
        const auto* job = run != nullptr ? FindJobOf(world, *run) : nullptr;
        const bool runs = job != nullptr && !job->AtRest() && !job->deleting;
        return runs ? Abandon(world, now) : Follow(world, now);
    }

    // A reading from the middle of a run would be taken for one of its end.
    if (MigrationMayRun(world) || (run != nullptr && !asked)) return std::nullopt;
    if (!is_current || probe.launch == 0) return Begin(world, now);
    const auto recheck = RecheckDue(database);
    const bool is_old = recheck && now >= *recheck;
    if (!asked && !is_old && IsVerified(database) && !HasUndecidedHold(world)) return std::nullopt;
    // The first question after a run's end is asked at once, unless a clock that was set back hides that it is the
    // first.
    const bool is_first = asked && probe.start_time <= run->start_time && run->start_time < now;
    if (!is_first && probe.start_time && now - *probe.start_time < kProbeInterval) return std::nullopt;
    return Begin(world, now);
}

}  // namespace engine
