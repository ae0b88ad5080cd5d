#include <algorithm>
#include <set>
#include <tuple>

#include "api/names.hpp"
#include "api/reasons.hpp"
#include "core/text.hpp"
#include "engine/decide.hpp"
#include "engine/explain.hpp"
#include "engine/hand_release.hpp"
#include "engine/judge.hpp"
#include "engine/known_versions.hpp"
#include "engine/lookup.hpp"
#include "engine/range.hpp"

namespace engine {
namespace {

/// What the CRD lets one Ledger hold.
constexpr std::size_t kMostEntries = 4000;

/// Of the annotation: cause and next step on one line that kubectl describe still shows well.
constexpr std::size_t kLongestWaitingFor = 1024;

/// The end of what a Deployment says that is held in the middle of a rollout.
constexpr std::string_view kHalfDone =
    " (HeldMidRollout: the rollout before this one was half done; pods of both earlier templates go on serving)";

std::string Subject(const observed::WorkloadFacts& workload) {
    return workload.kind == observed::WorkloadKind::Job ? "The Job" : "The rollout";
}

/// What the Ledger says about the database and still holds, though nobody may name it at present: the manifest that one
/// goes back to has to open without the operator.
void KeepWhatHolds(const LedgerWorld& world, const api::Database& database, std::set<std::string>& satisfied) {
    if (!world.ledger) return;
    std::size_t kept = 0;
    const auto& entries = world.ledger->satisfied;
    // From the end: higher numbers are newer versions.
    for (auto entry = entries.rbegin(); entry != entries.rend() && kept < api::kKeptReached; ++entry) {
        for (const auto& requirement : api::ParseRequirements(*entry).requirements) {
            if (requirement.database != database.key.name || requirement.text != *entry) continue;
            if (requirement.image || Judge(requirement, &database) != Verdict::Holds) continue;
            satisfied.insert(*entry);
            ++kept;
        }
    }
}

/// The Ledger's words for one database: what was proven before, images that ran, and what somebody names and holds.
void AddDatabase(const LedgerWorld& world, const api::Database& database, std::set<std::string>& satisfied) {
    if (!IsVerified(database)) return;
    KeepWhatHolds(world, database, satisfied);
    for (const auto& [requirement, time] : database.status.reached) {
        const auto version = VersionOf(requirement);
        if (!version || PlaceOf(database, *version) == Place::Inside) satisfied.insert(requirement);
    }
    for (const auto& run : database.status.runs) {
        if (ProvesImage(database, run) && PlaceOfImage(database, run) == Place::Inside)
            satisfied.insert(api::ImageEntry(database.key.name, run.image));
    }
    for (const auto& migration : world.migrations) {
        if (migration->spec.database != database.key.name || migration->spec.version.empty()) continue;
        const auto& version = migration->spec.version;
        if (JudgeVersion(database, version) == Verdict::Holds && PlaceOf(database, version) == Place::Inside) {
            satisfied.insert(api::RequirementText(database.key.name, migration->spec.version));
        }
    }
    for (const auto& workload : world.workloads) {
        for (const auto& requirement : api::ParseRequirements(workload->requires_text).requirements) {
            if (requirement.database != database.key.name || requirement.image) continue;
            if (Judge(requirement, &database) == Verdict::Holds) satisfied.insert(requirement.text);
        }
    }
}

/// By which floors and ceilings the entries are chosen: who waits for that sees it in the Ledger itself.
WriteLedger::Observed Observed(const LedgerWorld& world) {
    WriteLedger::Observed observed;
    const auto add = [](const api::Database& database, const auto& bound, auto& to) {
        if (bound) to.push_back({.database = database.key.name, .version = bound->version, .time = bound->time});
    };
    for (const auto& database : world.databases) {
        add(*database, database->status.floor, observed.floor);
        add(*database, database->status.ceiling, observed.ceiling);
    }
    for (auto* bounds : {&observed.floor, &observed.ceiling})
        std::sort(bounds->begin(), bounds->end());
    return observed;
}

/// The Ledger says so: from then on the policies let the same rollout through without the operator.
bool LedgerSays(const api::Ledger* ledger, const api::Requirement& requirement,
                const std::vector<std::string>& images) {
    if (ledger == nullptr) return false;
    const auto has = [&](const std::string& entry) {
        return std::binary_search(ledger->satisfied.begin(), ledger->satisfied.end(), entry);
    };
    if (!requirement.image) return has(requirement.text);
    return std::any_of(images.begin(), images.end(),
                       [&](const auto& image) { return has(api::ImageEntry(requirement.database, image)); });
}

/// Every requirement that does not hold yet is brought by a Migration that is Ready: the Database's status follows
/// within milliseconds, and with it the release. A line that is void at once would cost the release a write.
bool IsAboutToOpen(const WorkloadWorld& world) {
    const auto is_brought = [&](const api::Requirement& requirement) {
        const auto* database = FindDatabase(world.databases, requirement.database);
        const auto verdict = Judge(requirement, database, world.workload->images);
        if (verdict != Verdict::NotReached && verdict != Verdict::VersionUnknown) return verdict == Verdict::Holds;
        return std::any_of(world.migrations.begin(), world.migrations.end(), [&](const auto& migration) {
            if (migration->spec.database != requirement.database || migration->spec.version != requirement.version) {
                return false;
            }
            // Between the two: once the Database says that the run is over, a Ready that it does not bear out is old.
            const auto* run = ActiveRun(database->status);
            if (run == nullptr || run->migration != migration->key.name) return false;
            const auto* ready = api::FindCondition(migration->status.conditions, api::kReady);
            return ready != nullptr && ready->status == api::ConditionStatus::True &&
                   ready->observed_generation == migration->generation;
        });
    };
    const auto parsed = api::ParseRequirements(world.workload->requires_text);
    return parsed.malformed.empty() && std::all_of(parsed.requirements.begin(), parsed.requirements.end(), is_brought);
}

Note WorkloadNote(const observed::WorkloadFacts& workload, std::string_view reason, std::string text) {
    const bool is_job = workload.kind == observed::WorkloadKind::Job;
    return {.kind = is_job ? Note::On::Job : Note::On::Deployment,
            .object = workload.key,
            .uid = workload.uid,
            .reason = std::string(reason),
            .text = std::move(text)};
}

/// Creation times have whole seconds; within one, the names that the CronJob controller gives rise with the schedule.
bool IsNewer(const observed::WorkloadFacts& job, const observed::WorkloadFacts& than) {
    return std::tie(job.created, job.key.name) > std::tie(than.created, than.key.name);
}

/// Of the Jobs of one CronJob only the newest runs once it may: what piled up meanwhile would all run at once. One that
/// runs or has ended counts as well: nobody wants an older run after a newer one.
const observed::WorkloadFacts* FindNewerSibling(const WorkloadWorld& world) {
    const auto& job = *world.workload;
    if (!job.cron_job) return nullptr;
    for (const auto& other : world.siblings) {
        if (other->cron_job && other->cron_job->uid == job.cron_job->uid && IsNewer(*other, job)) return other.get();
    }
    return nullptr;
}

GateDecision Supersede(const observed::WorkloadFacts& job, const observed::WorkloadFacts& newer) {
    Note note = {.kind = Note::On::CronJob,
                 .object = {job.key.ns, job.cron_job->name},
                 .uid = job.cron_job->uid,
                 .reason = std::string(api::reasons::kHeldJobSuperseded),
                 .text = "The held Job " + job.key.name + " (" + Quote(job.requires_text, 200) +
                         ") is deleted: the newer Job " + newer.key.name +
                         " of this CronJob replaces it. Only the newest of held Jobs is kept."};
    return {.step = DeleteHeldJob{.job = job.key, .uid = job.uid, .at = job.revision}, .notes = {std::move(note)}};
}

}  // namespace

GateDecision DecideLedger(const LedgerWorld& world) {
    std::set<std::string> satisfied;
    for (const auto& database : world.databases)
        AddDatabase(world, *database, satisfied);
    std::vector<std::string> entries(satisfied.begin(), satisfied.end());
    if (entries.size() > kMostEntries) entries.resize(kMostEntries);
    auto releases = FindHandReleases(world);
    const bool is_wanted = !world.databases.empty() || world.ledger || !releases.in_effect.empty();
    auto observed = Observed(world);
    const bool same_observed = world.ledger ? world.ledger->observed_floor == observed.floor &&
                                                  world.ledger->observed_ceiling == observed.ceiling
                                            : observed.floor.empty() && observed.ceiling.empty();
    const bool same_releases = world.ledger ? world.ledger->released == releases.in_effect : releases.in_effect.empty();
    if (!is_wanted || (world.ledger && world.ledger->satisfied == entries && same_releases && same_observed)) {
        return {};
    }
    WriteLedger write{.ns = world.ns, .at = {}, .satisfied = std::move(entries)};
    if (world.ledger) write.at = world.ledger->revision;
    if (!same_releases) write.released = std::move(releases.in_effect);
    if (!same_observed) write.observed = std::move(observed);
    return {.step = std::move(write), .notes = std::move(releases.notes)};
}

GateDecision DecideWorkload(const WorkloadWorld& world) {
    if (!world.workload || !world.workload->held) return {};
    const auto& workload = *world.workload;
    if (const auto* newer = FindNewerSibling(world)) return Supersede(workload, *newer);
    const auto parsed = api::ParseRequirements(workload.requires_text);
    const bool holds =
        parsed.malformed.empty() &&
        std::all_of(parsed.requirements.begin(), parsed.requirements.end(), [&](const auto& requirement) {
            const auto* database = FindDatabase(world.databases, requirement.database);
            return Judge(requirement, database, workload.images) == Verdict::Holds;
        });
    if (holds) {
        const bool in_ledger = std::all_of(
            parsed.requirements.begin(), parsed.requirements.end(),
            [&](const auto& requirement) { return LedgerSays(world.ledger.get(), requirement, workload.images); });
        if (!in_ledger) return {};  // the Ledger is written first; its change wakes this workload
        return {.step = ReleaseWorkload{.kind = workload.kind, .workload = workload.key, .at = workload.revision},
                .notes = {WorkloadNote(
                    workload, api::reasons::kRolloutReleased,
                    Subject(workload) + " goes on: " + workload.requires_text + " is proven in the database.")}};
    }
    if (IsAboutToOpen(world)) return {};
    std::string text = core::OneLine(ExplainHold(world), kLongestWaitingFor - kHalfDone.size());
    if (workload.mid_rollout) text += kHalfDone;
    if (text == workload.waiting_for) return {};
    const auto reason = workload.mid_rollout ? api::reasons::kHeldMidRollout : api::reasons::kRolloutHeld;
    Note note = WorkloadNote(workload, reason, Subject(workload) + " is held: " + text + ".");
    return {.step =
                WriteWaitingFor{
                    .kind = workload.kind, .workload = workload.key, .at = workload.revision, .text = std::move(text)},
            .notes = {std::move(note)}};
}

}  // namespace engine
