#include "engine/explain.hpp"

#include <algorithm>

#include "api/reasons.hpp"
#include "core/text.hpp"
#include "engine/cause.hpp"
#include "engine/earlier_runs.hpp"
#include "engine/image_source.hpp"
#include "engine/image_tags.hpp"
#include "engine/lookup.hpp"
#include "engine/lost.hpp"
#include "engine/range.hpp"
#include "engine/reading.hpp"
#include "engine/repair.hpp"
#include "engine/retry.hpp"
#include "engine/start_conditions.hpp"

namespace engine {
namespace {

namespace reasons = api::reasons;
using api::Summary;

/// A record that somebody edited may have an outcome and no reason; a condition needs one.
std::string_view ReasonOf(const api::RunRecord& run) {
    if (!run.reason.empty()) return run.reason;
    switch (run.outcome) {
        case api::RunOutcome::Succeeded:
            return reasons::kMigrationSucceeded;
        case api::RunOutcome::NeverStarted:
            return reasons::kNeverStarted;
        case api::RunOutcome::Active:
        case api::RunOutcome::Failed:
            break;
    }
    return reasons::kMigrationFailed;
}

View ExplainRecord(const api::RunRecord& run) {
    const Summary summary = run.outcome == api::RunOutcome::Succeeded ? Summary::Ready : Summary::Failed;
    View view{.summary = summary, .reason = std::string(ReasonOf(run)), .message = run.message};
    if (summary == Summary::Ready && HasMovingTag(run.image)) view.message += " " + MovingTagAdvice(run.image);
    return view;
}

View ExplainRetry(const api::RunRecord& run, int max) {
    return {.summary = Summary::Working,
            .reason = std::string(reasons::kRetryScheduled),
            .message = "Attempt " + std::to_string(run.attempts) + " of " + std::to_string(max) + " failed (" +
                       run.reason + "): " + run.message + " The next begins at " + core::FormatTime(*run.retry_time) +
                       "."};
}

View ExplainLost(const api::RunRecord& run, const api::Database& database) {
    return {.summary = Summary::Failed,
            .reason = std::string(reasons::kVersionLost),
            .message = LostMessage(LostVersion(run), database.key.name, database.status)};
}

/// What is not there any more, for the end of a sentence; nullopt: nothing.
std::optional<std::string> DescribeLost(const World& world, const api::Database& database) {
    for (const auto& migration : world.migrations) {
        const auto* run = api::FindRun(database.status, migration->run_key);
        // What a Down took away went on purpose.
        if (run == nullptr || !IsLost(database, *run) || IsTakenDown(database, LostVersion(*run))) continue;
        return "Version " + LostVersion(*run) +
               ", which was reached, is not there any more; see kubectl describe tgm " + migration->key.name + ".";
    }
    return std::nullopt;
}

api::Database Ahead(const World& world, const api::DatabaseStatus& status) {
    api::Database database = *world.database;
    database.status = status;
    return database;
}

/// The run of this Migration that goes on, whatever the Migration asks for now.
const api::RunRecord* ActiveRunOf(const api::DatabaseStatus& status, const api::Migration& migration) {
    const auto* active = ActiveRun(status);
    return active != nullptr && active->migration_uid == migration.uid ? active : nullptr;
}

View ExplainNoImage(const World& world, const api::DatabaseStatus& status, const api::Migration& migration) {
    std::string text = FindImage(migration, world.workloads).problem;
    if (const auto* run = ActiveRunOf(status, migration))
        text += " Job " + run->job_name + " with image " + run->image + " runs to its end.";
    return {.summary = Summary::Working, .reason = std::string(reasons::kWaitingForImage), .message = std::move(text)};
}

/// The workload's image is the one that the Migration runs.
bool IsFollowedBy(const observed::WorkloadFacts& workload, const api::Migration& migration) {
    return migration.spec.image_from && workload.kind == observed::WorkloadKind::Deployment &&
           migration.spec.image_from->deployment == workload.key.name;
}

/// The Migration that the hold waits for: the one of this database that asks for the version, or takes its image from
/// this workload, else any.
const api::Migration* Bringing(const WorkloadWorld& world, const api::Requirement& requirement) {
    const api::Migration* any = nullptr;
    for (const auto& migration : world.migrations) {
        if (migration->spec.database != requirement.database) continue;
        if (requirement.image ? IsFollowedBy(*world.workload, *migration)
                              : migration->spec.version == requirement.version)
            return migration.get();
        any = migration.get();
    }
    return any;
}

/// What else there is to say of the Migration that should bring the image; empty: nothing.
std::string ExplainImageOf(const api::Migration& migration, const api::Condition& ready,
                           const std::vector<std::string>& images) {
    const auto is_used = [&](const std::string& image) {
        return std::find(images.begin(), images.end(), image) != images.end();
    };
    const auto& run = migration.status.run;
    if (run && run->active && !is_used(run->image)) return " (it runs image " + run->image + " first)";
    if (migration.spec.image_from) return {};
    if (!is_used(migration.spec.image)) return " (its image is " + migration.spec.image + ")";
    if (ready.reason != reasons::kAlreadyReached) return {};
    return " (its spec.version was there, so its image was not run: remove spec.version, or set spec.run)";
}

std::string ExplainVersionOf(const api::Migration& migration, const api::Requirement& requirement) {
    if (migration.spec.version == requirement.version) return {};
    return migration.spec.version.empty() ? " (it names no version)"
                                          : " (it brings version " + migration.spec.version + ")";
}

/// What the database lacks, without the Migration.
std::string ExplainLack(const api::Requirement& requirement, const api::Database& database) {
    if (requirement.image)
        return "no migration of Database " + requirement.database + " has run from an image of this template";
    return "Database " + requirement.database +
           (database.status.version.empty() ? " has no version yet" : " is at version " + database.status.version);
}

std::string ExplainNotReached(const WorkloadWorld& world, const api::Requirement& requirement,
                              const api::Database& database) {
    std::string text = ExplainLack(requirement, database);
    const auto* migration = Bringing(world, requirement);
    if (migration == nullptr) {
        return text + " and no Migration names " + (requirement.image ? "that Database" : "it") + "; create one " +
               (requirement.image ? "with spec.imageFrom" : "that brings the version");
    }
    text += "; Migration " + migration->key.name;
    const auto* ready = api::FindCondition(migration->status.conditions, api::kReady);
    if (ready == nullptr) return text + " was not looked at yet";
    text += " says " + ready->reason;
    text += requirement.image ? ExplainImageOf(*migration, *ready, world.workload->Images())
                              : ExplainVersionOf(*migration, requirement);
    const auto* stalled = api::FindCondition(migration->status.conditions, api::kStalled);
    if (stalled != nullptr && stalled->status == api::ConditionStatus::True) {
        text += "; see kubectl describe tgm " + migration->key.name;
    }
    return text;
}

std::string ExplainBelowFloor(const api::Database& database) {
    const auto& floor = *database.status.floor;
    return "it is below the floor of Database " + database.key.name + ": Migration " + floor.migration +
           " takes away, or took away, what it needs. The oldest safe version is " + floor.version +
           ": roll out one that requires " + api::RequirementText(database.key.name, floor.version) + " or a later one";
}

std::string ExplainAboveCeiling(const api::Database& database) {
    const auto& ceiling = *database.status.ceiling;
    return "it is above the ceiling of Database " + database.key.name + ": Migration " + ceiling.migration +
           " (Down) takes the database back, or took it back. The newest safe version is " + ceiling.version +
           ": roll out one that requires " + api::RequirementText(database.key.name, ceiling.version) +
           " or an earlier one, or bring the version again with a Migration of phase Expand";
}

/// It is reached; what is not known is whether it lies in the range.
bool IsOutOfSight(const api::Requirement& requirement, const api::Database& database) {
    return requirement.image || JudgeVersion(database, requirement.version) == Verdict::Holds;
}

std::string ExplainUndecidedPlace(const api::Database& database) {
    const auto& [floor, ceiling] = std::pair(database.status.floor, database.status.ceiling);
    const auto& version = floor ? floor->version : ceiling->version;
    return "it is reached, but neither its name nor the record tells whether it is older or newer than version " +
           version + ", which is the " + (floor ? "oldest" : "newest") + " safe one of Database " + database.key.name +
           "; roll out one that requires " + api::RequirementText(database.key.name, version);
}

/// A pod that is ended before its migration began does not tell any more why it did not, and its Job ends a moment
/// later. Until then the cause that is shown stands: the result repeats it (classify.cpp).
std::optional<View> StillSaid(const World& world, const api::RunRecord& run, const api::Migration& migration) {
    const auto* job = FindJobOf(world, run);
    const auto* pod = FindPod(world, run.job_name);
    const bool is_between = job != nullptr && !job->Ended() && pod != nullptr && (pod->deleting || pod->terminal) &&
                            observed::MigrationStarted(*pod) != observed::Started::Yes;
    const auto* ready = api::FindCondition(migration.status.conditions, api::kReady);
    if (!is_between || ready == nullptr || !IsCause(ready->reason)) return std::nullopt;
    return View{.summary = Summary::Working, .reason = ready->reason, .message = ready->message};
}

/// Who holds the fence, for the end of the message about a pod that waits for it.
std::string DescribeFenceHolder(const World& world, const observed::PodFacts& pod) {
    const auto& holder = world.learned.fence_holder;
    if (!holder || holder->pod != pod.uid || holder->words.empty())
        return " The events of pod " + pod.key.name + " name the holder.";
    const std::string run = holder->run.empty() ? "" : " It is " + holder->run + ".";
    return run + " The agent of pod " + pod.key.name + " says: " + Quote(holder->words) + ".";
}

}  // namespace

std::string Quote(std::string_view words, std::size_t limit) {
    std::string line = core::OneLine(words, limit);
    while (!line.empty() && (line.back() == '.' || line.back() == ' '))
        line.pop_back();
    return line;
}

View ExplainDatabase(const World& world, const api::DatabaseStatus& status) {
    const auto database = Ahead(world, status);
    if (!database.IsReadable()) {
        return {.summary = Summary::Ready,
                .reason = std::string(reasons::kExitCodesOnly),
                .message =
                    "spec.engine is Other: nothing is read in the database, and only the migrations of this "
                    "Database object are kept apart. " +
                    (status.version.empty()
                         ? "No migration has ended with exit code 0 yet."
                         : "The newest one that ended with exit code 0 brought version " + status.version + ".")};
    }
    if (IsVerified(database)) {
        const auto tool = database.spec.history.tool;
        const auto reading = KeptReading(status);
        if (status.dirty) {
            return {.summary = Summary::Failed,
                    .reason = std::string(reasons::kDirty),
                    .message = "The history table says that a migration ended half-way, at " + AtVersion(status) +
                               (status.dirty_detail.empty() ? "" : ": " + Quote(status.dirty_detail)) + ". " +
                               RepairAdvice(tool, reading)};
        }
        if (const auto lost = DescribeLost(world, database)) {
            return {.summary = Summary::Failed,
                    .reason = std::string(reasons::kVersionLost),
                    .message = "The history table says: " + AtVersion(status) + ". " + *lost};
        }
        const auto lock = ExplainToolLock(tool, reading);
        return {.summary = Summary::Ready,
                .reason = std::string(reasons::kVersionKnown),
                .message = "The history table says: " + AtVersion(status) + "." + (lock.empty() ? "" : " " + lock)};
    }
    if (!status.probe.reason.empty() && status.probe.observed_generation == database.generation) {
        return {.summary = Summary::Working, .reason = status.probe.reason, .message = status.probe.message};
    }
    return {.summary = Summary::Working,
            .reason = std::string(reasons::kProbing),
            .message = "The version is being read by Job " + status.probe.job_name + "."};
}

View ExplainLaunch(const World& world, const api::RunRecord& run, core::Time now) {
    const auto refused = world.learned.refused_jobs.find(run.job_name);
    if (refused != world.learned.refused_jobs.end()) {
        return {.summary = Summary::Working,
                .reason = std::string(reasons::kJobRefused),
                .message = "The API server refuses Job " + run.job_name + ": " + Quote(refused->second) +
                           ". Mend the cause; it is tried again until spec.startDeadlineSeconds."};
    }
    const auto* job = FindJobOf(world, run);
    const auto* pod = FindPod(world, run.job_name);
    const std::string what = run.version.empty() ? "what its image holds" : "version " + run.version;
    if (job != nullptr && job->Ended()) {
        return {
            .summary = Summary::Working,
            .reason = std::string(reasons::kVerifying),
            .message = "Job " + run.job_name + " has ended; the database is asked whether it brought " + what + "."};
    }
    if (job == nullptr && JobWasThere(world, run)) {
        return {.summary = Summary::Working,
                .reason = std::string(reasons::kVerifying),
                .message = "Job " + run.job_name + " is gone; the database is asked whether it brought " + what + "."};
    }
    if (job == nullptr && world.learned.job_request != JobRequest::NotSent) {
        return {.summary = Summary::Working,
                .reason = std::string(reasons::kVerifying),
                .message = "Whether Job " + run.job_name +
                           " was created is not known (Tidegate was started again, or the answer was lost) and it is "
                           "not there; the database is asked first whether it brought " +
                           what + "."};
    }
    if (const auto cause = FindCause(job, pod, now)) {
        return {.summary = Summary::Working,
                .reason = cause->reason,
                .message = cause->message + (cause->is_fence ? DescribeFenceHolder(world, *pod) : "")};
    }
    const std::string does = run.phase == api::Phase::Down ? " takes the database back to " : " brings ";
    return {.summary = Summary::Working,
            .reason = std::string(reasons::kMigrationRunning),
            .message = "Job " + run.job_name + does + what + " with image " + run.image + "."};
}

View ExplainMigration(const World& world, const api::DatabaseStatus& status, const api::Migration& migration,
                      core::Time now) {
    const std::string& name = migration.spec.database;
    if (!world.database) {
        return {.summary = Summary::Working,
                .reason = std::string(reasons::kDatabaseNotFound),
                .message = "There is no Database " + name + " in namespace " + migration.key.ns +
                           ". Create it, or correct spec.databaseRef.name."};
    }
    if (migration.run_key.empty()) return ExplainNoImage(world, status, migration);
    const auto* run = api::FindRun(status, migration.run_key);
    if (run != nullptr && run->outcome == api::RunOutcome::Active) {
        if (run->migration == migration.key.name) {
            auto said = StillSaid(world, *run, migration);
            return said ? *std::move(said) : ExplainLaunch(world, *run, now);
        }
        return {
            .summary = Summary::Working,
            .reason = std::string(reasons::kMigrationRunning),
            .message = "The same run is under way for Migration " + run->migration + " (Job " + run->job_name + ")."};
    }
    const auto ahead = Ahead(world, status);
    // A run that was asked for by a token runs, whatever the database has.
    const bool reached = migration.spec.phase == api::Phase::Expand && migration.spec.run.empty() &&
                         !migration.spec.version.empty() && IsVerified(ahead) &&
                         JudgeVersion(ahead, migration.spec.version) == Verdict::Holds &&
                         !IsTakenDown(ahead, migration.spec.version);
    const bool failed = run != nullptr && run->outcome != api::RunOutcome::Succeeded;
    // What failed and is there nonetheless came another way since.
    const bool is_superseded = run != nullptr && run->reason == reasons::kSuperseded;
    const bool is_lost = run != nullptr && IsLost(ahead, *run);
    if (is_lost && !RetryIsAsked(migration, *run)) return ExplainLost(*run, ahead);
    const bool is_asked_again = is_lost || (failed && (is_superseded || RetryIsAsked(migration, *run)));
    if (run != nullptr && !is_asked_again && !(failed && reached)) {
        const bool is_scheduled = failed && run->retry_time && run->attempts < migration.spec.attempts.max;
        if (!is_scheduled) return ExplainRecord(*run);
        if (!migration.spec.suspend) return ExplainRetry(*run, migration.spec.attempts.max);
    }
    if (run == nullptr && IsVerified(ahead) && RanEarlier(ahead, migration.run_key)) {
        return {.summary = Summary::Ready,
                .reason = std::string(reasons::kMigrationSucceeded),
                .message = "Image " + migration.spec.image + " has run on Database " + name +
                           " before; the record has it among its earlier runs. Nothing is run again."};
    }
    if (reached) {
        return {.summary = Summary::Ready,
                .reason = std::string(reasons::kAlreadyReached),
                .message = "Version " + migration.spec.version + " is reached already: Database " + name + " is at " +
                           AtVersion(status) + ". Nothing had to be run."};
    }
    if (auto conditions = StartConditions(world, ahead, migration, now); !conditions.empty()) {
        View first = conditions.front();
        for (auto& condition : conditions)
            first.waiting_for.push_back(std::move(condition.reason));
        return first;
    }
    const auto* active = ActiveRun(status);
    std::string turn = "Waits for its turn on Database " + name;
    if (active != nullptr && active == ActiveRunOf(status, migration)) {
        turn += ": Job " + active->job_name + " of this Migration, with image " + active->image +
                ", runs to its end first; image " + migration.spec.image + " is next";
    } else if (active != nullptr) {
        turn += ": Migration " + active->migration + " is running (Job " + active->job_name + ")";
    } else if (const auto* job = UnfinishedMigrationJob(world)) {
        turn += ": Job " + job->key.name + " has not ended";
    }
    return {.summary = Summary::Working, .reason = std::string(reasons::kWaitingForTurn), .message = turn + "."};
}

std::string ExplainHold(const WorkloadWorld& world) {
    const auto parsed = api::ParseRequirements(world.workload->requires_text);
    if (!parsed.malformed.empty()) {
        return "\"" + Quote(parsed.malformed.front(), 100) +
               "\" is no requirement; write DATABASE@VERSION or DATABASE@image";
    }
    for (const auto& requirement : parsed.requirements) {
        const auto* database = FindDatabase(world.databases, requirement.database);
        std::string text = requirement.text + ": ";
        switch (Judge(requirement, database, world.workload->Images())) {
            case Verdict::Holds:
                continue;
            case Verdict::UnknownDatabase:
                return text + "there is no Database " + requirement.database + " in namespace " +
                       world.workload->key.ns + "; create it or correct the annotation";
            case Verdict::NotRead:
                return text + "Database " + requirement.database + " was not read yet; see kubectl describe tgd " +
                       requirement.database;
            case Verdict::Dirty:
                return text + "Database " + requirement.database + " is dirty. " +
                       Quote(RepairAdvice(database->spec.history.tool, KeptReading(database->status)));
            case Verdict::BelowFloor:
                return text + ExplainBelowFloor(*database);
            case Verdict::AboveCeiling:
                return text + ExplainAboveCeiling(*database);
            case Verdict::VersionUnknown: {
                if (IsOutOfSight(requirement, *database)) return text + ExplainUndecidedPlace(*database);
                // The names need not tell before it ran, as long as somebody brings this very version.
                const auto* migration = Bringing(world, requirement);
                if (migration != nullptr && migration->spec.version == requirement.version) {
                    return text + ExplainNotReached(world, requirement, *database);
                }
                return text + "Database " + requirement.database + " is at " + AtVersion(database->status) +
                       ", which does not tell whether this version is reached; name it as the tool's table names it";
            }
            case Verdict::NotReached:
                return text + ExplainNotReached(world, requirement, *database);
        }
    }
    return "all requirements hold; the release follows";
}

}  // namespace engine
