#include "engine/judge.hpp"

#include <algorithm>

#include "version/order.hpp"

namespace engine {
namespace {

/// The CRD's maxLength of a version in a status.
constexpr std::size_t kLongestVersion = 1024;
/// Stands for the heads that did not fit.
constexpr std::string_view kMore = "...";

/// A comma inside a version is %2C, as in a requirement.
std::string Encoded(const std::string& version) {
    std::string text;
    for (const char c : version) {
        if (c == ',') {
            text += "%2C";
        } else {
            text += c;
        }
    }
    return text;
}

/// What version::Reached() may be told besides the table: versions that the owner declares, and, of a table that only
/// says where the database is, those of runs that were proven in it.
std::vector<std::string> KnownVersions(const api::DatabaseSpec& spec, const api::DatabaseStatus& status) {
    std::vector<std::string> versions = spec.baseline;
    if (version::Traits(spec.history.tool).content == version::Content::EveryMigration) return versions;
    for (const auto& run : status.runs) {
        if (run.outcome == api::RunOutcome::Succeeded && !run.version.empty()) versions.push_back(run.version);
    }
    return versions;
}

bool WasReached(const api::DatabaseStatus& status, std::string_view requirement) {
    return std::any_of(status.reached.begin(), status.reached.end(),
                       [&](const auto& reached) { return reached.requirement == requirement; });
}

std::optional<std::string> VersionOf(const std::string& requirement) {
    const auto parsed = api::ParseRequirements(requirement);
    if (parsed.requirements.size() != 1 || parsed.requirements.front().image) return std::nullopt;
    return parsed.requirements.front().version;
}

}  // namespace

std::string PrintVersions(const version::Reading& reading) {
    std::string text;
    const auto append = [&text](std::string_view part) {
        if (!text.empty()) text += ',';
        text += part;
    };
    for (const std::string& version : reading.versions) {
        const std::string part = Encoded(version);
        if (text.size() + part.size() + kMore.size() + 2 > kLongestVersion) {
            append(kMore);
            return text;
        }
        append(part);
    }
    if (reading.truncated) append(kMore);
    return text;
}

version::Reading KeptReading(const api::DatabaseStatus& status) {
    version::Reading reading{.initialised = !status.version.empty(), .dirty = status.dirty};
    std::size_t from = 0;
    while (from < status.version.size()) {
        const auto comma = std::min(status.version.find(',', from), status.version.size());
        const auto part = status.version.substr(from, comma - from);
        if (part == kMore) {
            reading.truncated = true;
        } else {
            reading.versions.push_back(api::DecodeVersion(part));
        }
        from = comma + 1;
    }
    return reading;
}

bool IsVerified(const api::Database& database) {
    return database.status.verified_time && database.status.verified_generation == database.generation;
}

Verdict JudgeVersion(const api::Database& database, std::string_view version) {
    const auto& status = database.status;
    if (!IsVerified(database)) return Verdict::NotRead;
    if (WasReached(status, api::RequirementText(database.key.name, version))) return Verdict::Holds;
    switch (version::Reached(database.spec.history.tool, KeptReading(status), version,
                             KnownVersions(database.spec, status))) {
        case version::Standing::Reached:
            return status.dirty ? Verdict::Dirty : Verdict::Holds;
        case version::Standing::NotReached:
            return Verdict::NotReached;
        case version::Standing::Unknown:
            break;
    }
    return Verdict::VersionUnknown;
}

Verdict Judge(const api::Requirement& requirement, const api::Database* database,
              const std::vector<std::string>& images) {
    if (database == nullptr) return Verdict::UnknownDatabase;
    if (!requirement.image) return JudgeVersion(*database, requirement.version);
    if (!IsVerified(*database)) return Verdict::NotRead;
    for (const auto& run : database->status.runs) {
        const bool ran = run.outcome == api::RunOutcome::Succeeded;
        if (ran && std::find(images.begin(), images.end(), run.image) != images.end()) return Verdict::Holds;
    }
    return Verdict::NotReached;
}

void ApplyReading(const api::Database& database, const NewReading& reading, const std::vector<std::string>& named,
                  core::Time now, api::DatabaseStatus& status) {
    // Generations of one database only rise, and within one the creation of the Jobs orders the readings.
    if (reading.generation != database.generation) return;
    const bool same_generation = status.verified_time && status.verified_generation == reading.generation;
    if (same_generation && status.verified_by_created && *status.verified_by_created > reading.job_created) return;

    if (!status.identity.empty() && !reading.identity.empty() && status.identity != reading.identity) {
        status.reached.clear();
        std::erase_if(status.runs, [](const auto& run) { return run.outcome != api::RunOutcome::Active; });
    }
    const auto disproven = [&](const api::ReachedRequirement& entry) {
        const auto version = VersionOf(entry.requirement);
        return !version || version::Reached(database.spec.history.tool, reading.reading, *version,
                                            database.spec.baseline) == version::Standing::NotReached;
    };
    std::erase_if(status.reached, disproven);
    status.version = PrintVersions(reading.reading);
    status.dirty = reading.reading.dirty;
    status.verified_time = now;
    status.verified_generation = reading.generation;
    status.verified_by = reading.job;
    status.verified_by_created = reading.job_created;
    if (!reading.identity.empty()) status.identity = reading.identity;
    status.connection_check = reading.connection_check;

    if (reading.reading.dirty) return;
    const auto known = KnownVersions(database.spec, status);
    for (const std::string& requirement : named) {
        if (WasReached(status, requirement)) continue;
        const auto version = VersionOf(requirement);
        if (!version) continue;
        if (version::Reached(database.spec.history.tool, reading.reading, *version, known) !=
            version::Standing::Reached)
            continue;
        status.reached.insert(status.reached.begin(), {.requirement = requirement, .time = now});
    }
    if (status.reached.size() > api::kKeptReached) status.reached.resize(api::kKeptReached);
}

}  // namespace engine
