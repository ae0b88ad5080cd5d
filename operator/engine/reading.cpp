#include "engine/reading.hpp"

#include <algorithm>

#include "core/text.hpp"
#include "engine/judge.hpp"
#include "engine/known_versions.hpp"
#include "version/order.hpp"

namespace engine {
namespace {

/// The CRD's maxLength of a version in a status.
constexpr std::size_t kLongestVersion = 1024;
/// Bytes; the CRD's maxLength of a requirement, and of what a tool recorded. The API server refuses a status with a
/// longer one as a whole.
constexpr std::size_t kLongestRequirement = 1024;
constexpr std::size_t kLongestDirtyDetail = 512;
constexpr std::size_t kLongestLockText = 512;
constexpr std::size_t kLongestLockTime = 64;
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

/// Another database answers. See ApplyReading.
void ForgetOtherDatabase(const NewReading& reading, bool has_same_spec, api::DatabaseStatus& status) {
    status.reached.clear();
    // Where the database was replaced under an unchanged spec, as by a restore, what was taken away may be missing
    // still.
    if (has_same_spec) {
        status.identity_since = reading.job_created;
        return;
    }
    status.identity_since.reset();
    status.floor.reset();
    status.ceiling.reset();
    std::erase_if(status.runs, [](const auto& run) { return run.outcome != api::RunOutcome::Active; });
}

/// Of those beyond the limit the oldest go, first the ones that nobody names.
void TrimReached(const std::vector<std::string>& named, std::vector<api::ReachedRequirement>& reached) {
    for (auto entry = reached.end(); entry != reached.begin() && reached.size() > api::kKeptReached;) {
        --entry;
        if (std::find(named.begin(), named.end(), entry->requirement) == named.end()) entry = reached.erase(entry);
    }
    if (reached.size() > api::kKeptReached) reached.resize(api::kKeptReached);
}

/// As long as the database is dirty, the table does not tell what was whole before: it is written down now. Not only
/// what somebody names today: what one goes back to was named yesterday.
void KeepWhatWasProven(const api::Database& before, const std::vector<std::string>& named,
                       api::DatabaseStatus& status) {
    const auto keep = [&](std::string requirement) {
        if (WasReached(status, requirement) || requirement.size() > kLongestRequirement) return;
        status.reached.insert(status.reached.begin(),
                              {.requirement = std::move(requirement), .time = *before.status.verified_time});
    };
    for (const std::string& requirement : named) {
        const auto version = VersionOf(requirement);
        if (version && JudgeVersion(before, *version) == Verdict::Holds) keep(requirement);
    }
    for (const std::string& version : KeptReading(before.status).versions)
        keep(api::RequirementText(before.key.name, version));
}

void KeepWhatIsToMend(const version::Reading& reading, api::DatabaseStatus& status) {
    status.dirty = reading.dirty;
    status.dirty_detail = core::OneLine(reading.dirty_detail, kLongestDirtyDetail);
    status.half_done = core::OneLine(reading.half_done, kLongestVersion);
    status.tool_lock = reading.lock;
    if (!status.tool_lock) return;
    auto& lock = *status.tool_lock;
    for (std::string* text : {&lock.table, &lock.holder})
        *text = core::OneLine(*text, kLongestLockText);
    for (std::string* text : {&lock.since, &lock.until})
        *text = core::OneLine(*text, kLongestLockTime);
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

std::string AtVersion(const api::DatabaseStatus& status) {
    return status.version.empty() ? "no version yet" : "version " + status.version;
}

version::Reading KeptReading(const api::DatabaseStatus& status) {
    version::Reading reading{.initialised = !status.version.empty(),
                             .dirty = status.dirty,
                             .dirty_detail = status.dirty_detail,
                             .half_done = status.half_done,
                             .lock = status.tool_lock};
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

void ApplyReading(const api::Database& database, const NewReading& reading, const Named& named, core::Time now,
                  api::DatabaseStatus& status) {
    // Generations of one database only rise, and within one the creation of the Jobs orders the readings.
    if (reading.generation != database.generation) return;
    const bool same_generation = status.verified_time && status.verified_generation == reading.generation;
    if (same_generation && status.verified_by_created && *status.verified_by_created > reading.job_created) return;

    if (!status.identity.empty() && !reading.identity.empty() && status.identity != reading.identity) {
        ForgetOtherDatabase(reading, same_generation, status);
    } else if (same_generation && reading.reading.dirty && !status.dirty) {
        api::Database before = database;
        before.status = status;
        KeepWhatWasProven(before, named.requirements, status);
    }
    const auto scheme = database.spec.Scheme();
    const auto standing = [&](std::string_view version, const std::vector<std::string>& known) {
        return version::Reached(scheme, reading.reading, version, known);
    };
    auto known = KnownVersions(database.spec, status, reading.reading);
    auto declared = database.spec.baseline;
    std::vector<std::string> requirements = named.requirements;
    for (const auto& [version, includes] : named.contents) {
        if (standing(version, known) != version::Standing::Reached) continue;
        for (auto* versions : {&known, &declared})
            versions->insert(versions->end(), includes.begin(), includes.end());
        for (const auto& included : includes)
            requirements.push_back(api::RequirementText(database.key.name, included));
    }
    std::erase_if(status.reached, [&](const api::ReachedRequirement& entry) {
        const auto version = VersionOf(entry.requirement);
        return !version || standing(*version, declared) == version::Standing::NotReached ||
               IsTakenBack(database.spec, status, reading.reading, *version);
    });
    status.version = PrintVersions(reading.reading);
    KeepWhatIsToMend(reading.reading, status);
    status.verified_time = now;
    status.verified_generation = reading.generation;
    status.verified_by = reading.job;
    status.verified_by_created = reading.job_created;
    if (!reading.identity.empty()) status.identity = reading.identity;
    status.connection_check = reading.connection_check;

    if (reading.reading.dirty) return;
    for (const std::string& requirement : requirements) {
        if (WasReached(status, requirement)) continue;
        const auto version = VersionOf(requirement);
        if (!version || standing(*version, known) != version::Standing::Reached) continue;
        status.reached.insert(status.reached.begin(), {.requirement = requirement, .time = now});
    }
    TrimReached(named.requirements, status.reached);
}

}  // namespace engine
