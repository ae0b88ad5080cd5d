#include <algorithm>
#include <charconv>

#include "api/agent_report.hpp"
#include "api/names.hpp"
#include "api/requirement.hpp"
#include "core/json_access.hpp"
#include "support/oracle.hpp"

namespace support::oracle {
namespace {

using Json = nlohmann::json;
using Type = RecordedChange::Type;

/// Played versions are plain numbers.
int NumberOf(const std::string& version) {
    int number = 0;
    std::from_chars(version.data(), version.data() + version.size(), number);
    return number;
}

/// The played table had reached it before `revision` was given to anything.
bool WasReached(const Played& played, const std::string& database, const std::string& version, std::uint64_t revision) {
    return std::any_of(played.changes.begin(), played.changes.end(), [&](const auto& change) {
        return change.database == database && change.known_revision < revision &&
               NumberOf(change.version) >= NumberOf(version);
    });
}

/// A report that says so reached the API server before `revision`, and after the last migration of the database that
/// had ended before it.
bool WasRead(const Evidence& evidence, const std::string& database, const std::string& version,
             std::uint64_t revision) {
    std::uint64_t last_end = 0;
    for (const auto& run : evidence.played.runs) {
        if (run.database == database && run.end_revision < revision) last_end = std::max(last_end, run.end_revision);
    }
    for (const auto& change : evidence.changes) {
        if (change.revision >= revision) break;
        if (change.resource != "pods" || change.revision < last_end) continue;
        if (core::TextAt(*change.object, {"metadata", "annotations", api::kDatabaseAnnotation}) != database) continue;
        for (const char* field : {"initContainerStatuses", "containerStatuses"}) {
            for (const auto& status : core::ArrayAt(*change.object, {"status", field})) {
                const auto report = api::ParseAgentReport(core::TextAt(status, {"state", "terminated", "message"}));
                if (!report || !report->after || report->after->dirty) continue;
                for (const auto& said : report->after->versions) {
                    if (NumberOf(said) >= NumberOf(version)) return true;
                }
            }
        }
    }
    return false;
}

std::string ReadyOf(const Json& object, bool* is_current) {
    for (const auto& condition : core::ArrayAt(object, {"status", "conditions"})) {
        if (core::TextAt(condition, {"type"}) != "Ready") continue;
        *is_current =
            core::NumberAt(condition, {"observedGeneration"}) == core::NumberAt(object, {"metadata", "generation"});
        return core::TextAt(condition, {"status"});
    }
    return {};
}

bool IsHeld(const Json& deployment) {
    return !core::TextAt(deployment, {"spec", "template", "metadata", "annotations", api::kHoldAnnotation}).empty();
}

std::string RequiresOf(const Json& deployment) {
    return core::TextAt(deployment, {"spec", "template", "metadata", "annotations", api::kRequiresAnnotation});
}

}  // namespace

void CheckGate(const Evidence& evidence, std::vector<Violation>& violations) {
    for (const auto& change : evidence.changes) {
        if (change.type == Type::kDeleted) continue;
        const auto& object = *change.object;
        if (change.resource == "migrations") {
            const auto version = core::TextAt(object, {"spec", "version"});
            bool is_current = false;
            if (ReadyOf(object, &is_current) != "True" || !is_current || version.empty()) continue;
            const auto database = core::TextAt(object, {"spec", "databaseRef", "name"});
            const auto name = core::TextAt(object, {"metadata", "name"});
            const auto at = " at " + std::to_string(change.revision);
            if (!WasReached(evidence.played, database, version, change.revision)) {
                violations.push_back({"I4", "Migration " + name + " is Ready" + at + " and version " + version +
                                                " of Database " + database + " is not reached"});
            } else if (!WasRead(evidence, database, version, change.revision)) {
                violations.push_back({"I4", "Migration " + name + " is Ready" + at + " and no reading after the last " +
                                                "migration's end had shown version " + version});
            }
        } else if (change.resource == "deployments") {
            if (RequiresOf(object).empty() || IsHeld(object)) continue;
            const auto name = core::TextAt(object, {"metadata", "name"});
            if (core::TextAt(object, {"metadata", "annotations", api::kReleaseAnnotation}) == RequiresOf(object))
                continue;
            for (const auto& requirement : api::ParseRequirements(RequiresOf(object)).requirements) {
                if (requirement.image) continue;
                if (WasReached(evidence.played, requirement.database, requirement.version, change.revision)) continue;
                violations.push_back({"I5", "Deployment " + name + " is open at " + std::to_string(change.revision) +
                                                " and " + requirement.text + " is not reached"});
            }
        }
    }
}

}  // namespace support::oracle
