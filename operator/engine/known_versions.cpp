#include "engine/known_versions.hpp"

#include <algorithm>

#include "api/reasons.hpp"
#include "api/requirement.hpp"
#include "version/order.hpp"
#include "version/tool.hpp"

namespace engine {
namespace {

using Runs = std::vector<api::RunRecord>;

bool Contains(const std::vector<std::string>& versions, std::string_view version) {
    return std::find(versions.begin(), versions.end(), version) != versions.end();
}

bool IsBrought(const api::DatabaseStatus& status, const api::RunRecord& run) {
    return WasProvenHere(status, run) && !run.version.empty() && run.phase != api::Phase::Down;
}

/// A proven Down came after the run, and nothing tells that the version lies at or below where it went.
bool WasTakenDown(const version::Scheme& scheme, const api::DatabaseStatus& status, const api::RunRecord& run) {
    return std::any_of(status.runs.begin(), status.runs.end(), [&](const auto& down) {
        if (down.phase != api::Phase::Down || !WasProvenHere(status, down)) return false;
        if (down.completion_time < run.completion_time) return false;
        if (const auto order = version::Compare(scheme, run.version, down.version)) return std::is_gt(*order);
        const auto there = BroughtAt(status, down.version);
        return !there || run.completion_time > there;
    });
}

bool BroughtVersion(const api::DatabaseSpec& spec, const api::DatabaseStatus& status, const api::RunRecord& run) {
    return IsBrought(status, run) && !WasTakenDown(spec.Scheme(), status, run);
}

/// The newest run that brought what the table says now; the first of all where the record knows nothing of it, so that
/// all of it counts. The record has the newest run first.
Runs::const_iterator Present(const api::DatabaseSpec& spec, const api::DatabaseStatus& status,
                             const version::Reading& reading) {
    const auto found = std::find_if(status.runs.begin(), status.runs.end(), [&](const auto& run) {
        return BroughtVersion(spec, status, run) && Contains(reading.versions, run.version);
    });
    return found == status.runs.end() || reading.truncated ? status.runs.begin() : found;
}

}  // namespace

bool WasReached(const api::DatabaseStatus& status, std::string_view requirement) {
    return std::any_of(status.reached.begin(), status.reached.end(),
                       [&](const auto& reached) { return reached.requirement == requirement; });
}

std::optional<std::string> VersionOf(const std::string& requirement) {
    const auto parsed = api::ParseRequirements(requirement);
    if (parsed.requirements.size() != 1 || parsed.requirements.front().image) return std::nullopt;
    return parsed.requirements.front().version;
}

bool WasProvenHere(const api::DatabaseStatus& status, const api::RunRecord& run) {
    const bool has_run = run.reason != api::reasons::kAlreadyReached;
    if (run.outcome != api::RunOutcome::Succeeded || !has_run) return false;
    return !status.identity_since || (run.completion_time && *run.completion_time > *status.identity_since);
}

std::optional<core::Time> BroughtAt(const api::DatabaseStatus& status, std::string_view version) {
    std::optional<core::Time> first;
    for (const auto& run : status.runs) {
        if (run.version != version || !IsBrought(status, run) || !run.completion_time) continue;
        if (!first || *run.completion_time < *first) first = run.completion_time;
    }
    return first;
}

std::vector<std::string> KnownVersions(const api::DatabaseSpec& spec, const api::DatabaseStatus& status,
                                       const version::Reading& reading) {
    std::vector<std::string> versions = spec.baseline;
    if (version::Traits(spec.history.tool).content == version::Content::EveryMigration) return versions;
    std::for_each(Present(spec, status, reading), status.runs.end(), [&](const auto& run) {
        if (BroughtVersion(spec, status, run)) versions.push_back(run.version);
    });
    return versions;
}

bool IsTakenBack(const api::DatabaseSpec& spec, const api::DatabaseStatus& status, const version::Reading& reading,
                 std::string_view version) {
    if (version::Traits(spec.history.tool).content == version::Content::EveryMigration) return false;
    if (Contains(reading.versions, version)) return false;
    const auto is_it = [&](const auto& run) { return BroughtVersion(spec, status, run) && run.version == version; };
    const auto present = Present(spec, status, reading);
    return std::any_of(status.runs.begin(), present, is_it) && std::none_of(present, status.runs.end(), is_it);
}

}  // namespace engine
