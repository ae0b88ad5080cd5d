#include "engine/judge.hpp"

#include <algorithm>

#include "engine/known_versions.hpp"
#include "engine/range.hpp"
#include "engine/reading.hpp"
#include "version/order.hpp"

namespace engine {
namespace {

/// Of a database that is dirty, whose table does not disprove the version: it was proven before. Whatever contains the
/// version was proven then, or its owner or the record says so.
bool WasProvenBefore(const api::Database& database, std::string_view version) {
    const auto& status = database.status;
    const auto known = KnownVersions(database.spec, status, KeptReading(status));
    if (std::find(known.begin(), known.end(), version) != known.end()) return true;
    return std::any_of(status.reached.begin(), status.reached.end(), [&](const auto& entry) {
        const auto proven = VersionOf(entry.requirement);
        if (!proven) return false;
        const version::Reading then{.initialised = true, .versions = {*proven}};
        return version::Reached(database.spec.Scheme(), then, version) == version::Standing::Reached;
    });
}

Verdict VerdictOf(Place place) {
    switch (place) {
        case Place::BelowFloor:
            return Verdict::BelowFloor;
        case Place::AboveCeiling:
            return Verdict::AboveCeiling;
        case Place::Undecided:
            return Verdict::VersionUnknown;
        case Place::Inside:
            break;
    }
    return Verdict::Holds;
}

}  // namespace

bool IsVerified(const api::Database& database) {
    return database.status.verified_time && database.status.verified_generation == database.generation;
}

Verdict JudgeVersion(const api::Database& database, std::string_view version) {
    const auto& status = database.status;
    if (!IsVerified(database)) return Verdict::NotRead;
    if (WasReached(status, api::RequirementText(database.key.name, version))) return Verdict::Holds;
    const auto reading = KeptReading(status);
    // Where there is no table, it cannot be absent either.
    const auto& baseline = database.spec.baseline;
    if (!database.IsReadable() && std::find(baseline.begin(), baseline.end(), version) != baseline.end())
        return Verdict::Holds;
    switch (version::Reached(database.spec.Scheme(), reading, version, KnownVersions(database.spec, status, reading))) {
        case version::Standing::Reached:
            return status.dirty && !WasProvenBefore(database, version) ? Verdict::Dirty : Verdict::Holds;
        case version::Standing::NotReached:
            return Verdict::NotReached;
        case version::Standing::Unknown:
            if (status.dirty && WasProvenBefore(database, version)) return Verdict::Holds;
            break;
    }
    return Verdict::VersionUnknown;
}

bool ProvesImage(const api::Database& database, const api::RunRecord& run) {
    // A Down runs from an image of what it takes away.
    if (!WasProvenHere(database.status, run) || run.phase == api::Phase::Down) return false;
    if (run.version.empty()) return true;
    const auto verdict = JudgeVersion(database, run.version);
    // A table with a row for each migration may not tell of one that nobody names any more.
    const bool may_be_silent = version::Traits(database.spec.history.tool).content == version::Content::EveryMigration;
    return verdict != Verdict::NotReached && (verdict != Verdict::VersionUnknown || may_be_silent);
}

Verdict Judge(const api::Requirement& requirement, const api::Database* database,
              const std::vector<std::string>& images) {
    if (database == nullptr) return Verdict::UnknownDatabase;
    if (!requirement.image) {
        const auto verdict = JudgeVersion(*database, requirement.version);
        return verdict == Verdict::Holds ? VerdictOf(PlaceOf(*database, requirement.version)) : verdict;
    }
    if (!IsVerified(*database)) return Verdict::NotRead;
    auto verdict = Verdict::NotReached;
    for (const auto& run : database->status.runs) {
        const bool is_used = std::find(images.begin(), images.end(), run.image) != images.end();
        if (!is_used || !ProvesImage(*database, run)) continue;
        const auto of_run = VerdictOf(PlaceOfImage(*database, run));
        if (of_run == Verdict::Holds) return of_run;
        if (verdict == Verdict::NotReached) verdict = of_run;
    }
    return verdict;
}

}  // namespace engine
