#include <algorithm>
#include <set>

#include "api/names.hpp"
#include "api/reasons.hpp"
#include "core/text.hpp"
#include "engine/decide.hpp"
#include "engine/explain.hpp"
#include "engine/judge.hpp"
#include "engine/lookup.hpp"

namespace engine {
namespace {

/// What the CRD lets one Ledger hold.
constexpr std::size_t kMostEntries = 4000;

/// Of the annotation: cause and next step on one line that kubectl describe still shows well.
constexpr std::size_t kLongestWaitingFor = 1024;

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
    for (const auto& [requirement, time] : database.status.reached)
        satisfied.insert(requirement);
    for (const auto& run : database.status.runs) {
        if (ProvesImage(database, run)) satisfied.insert(api::ImageEntry(database.key.name, run.image));
    }
    for (const auto& migration : world.migrations) {
        if (migration->spec.database != database.key.name || migration->spec.version.empty()) continue;
        if (JudgeVersion(database, migration->spec.version) == Verdict::Holds) {
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
    return {.kind = Note::On::Workload,
            .object = workload.key,
            .uid = workload.uid,
            .reason = std::string(reason),
            .text = std::move(text)};
}

}  // namespace

GateDecision DecideLedger(const LedgerWorld& world) {
    std::set<std::string> satisfied;
    for (const auto& database : world.databases)
        AddDatabase(world, *database, satisfied);
    std::vector<std::string> entries(satisfied.begin(), satisfied.end());
    if (entries.size() > kMostEntries) entries.resize(kMostEntries);
    const bool is_wanted = !world.databases.empty() || world.ledger;
    if (!is_wanted || (world.ledger && world.ledger->satisfied == entries)) return {};
    const core::Revision at = world.ledger ? world.ledger->revision : core::Revision{};
    return {.step = WriteLedger{.ns = world.ns, .at = at, .satisfied = std::move(entries)}, .notes = {}};
}

GateDecision DecideWorkload(const WorkloadWorld& world) {
    if (!world.workload || !world.workload->held) return {};
    const auto& workload = *world.workload;
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
        return {
            .step = ReleaseWorkload{.workload = workload.key, .at = workload.revision},
            .notes = {WorkloadNote(workload, api::reasons::kRolloutReleased,
                                   "The rollout goes on: " + workload.requires_text + " is proven in the database.")}};
    }
    if (IsAboutToOpen(world)) return {};
    std::string text = core::OneLine(ExplainHold(world), kLongestWaitingFor);
    if (text == workload.waiting_for) return {};
    Note note = WorkloadNote(workload, api::reasons::kRolloutHeld, "The rollout is held: " + text + ".");
    return {.step = WriteWaitingFor{.workload = workload.key, .at = workload.revision, .text = std::move(text)},
            .notes = {std::move(note)}};
}

}  // namespace engine
