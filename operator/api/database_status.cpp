#include "api/database_status.hpp"

#include <array>

#include <nlohmann/json.hpp>

#include "api/tool_lock.hpp"
#include "core/json_access.hpp"

namespace api {
namespace {

using core::NumberAt;
using core::TextAt;
using core::TimeAt;
using nlohmann::json;

struct OutcomeName {
    RunOutcome outcome;
    const char* name;
};
constexpr std::array<OutcomeName, 4> kOutcomes{{{RunOutcome::Active, "Active"},
                                                {RunOutcome::Succeeded, "Succeeded"},
                                                {RunOutcome::Failed, "Failed"},
                                                {RunOutcome::NeverStarted, "NeverStarted"}}};

const char* Print(RunOutcome outcome) {
    for (const auto& [value, name] : kOutcomes) {
        if (value == outcome) return name;
    }
    return "Active";
}

/// A text that this program does not know (a newer version wrote it) counts as failed: that runs nothing and asks a
/// human.
RunOutcome ParseOutcome(const std::string& text) {
    for (const auto& [value, name] : kOutcomes) {
        if (text == name) return value;
    }
    return RunOutcome::Failed;
}

RunRecord ParseRun(const json& item) {
    return {.key = TextAt(item, {"key"}),
            .migration = TextAt(item, {"migration"}),
            .migration_uid = {TextAt(item, {"migrationUID"})},
            .image = TextAt(item, {"image"}),
            .image_id = TextAt(item, {"imageID"}),
            .version = TextAt(item, {"version"}),
            .version_after = TextAt(item, {"versionAfter"}),
            .outcome = ParseOutcome(TextAt(item, {"outcome"})),
            .reason = TextAt(item, {"reason"}),
            .message = TextAt(item, {"message"}),
            .attempts = static_cast<int>(NumberAt(item, {"attempts"}).value_or(0)),
            .launches = static_cast<int>(NumberAt(item, {"launches"}).value_or(0)),
            .job_name = TextAt(item, {"jobName"}),
            .start_time = TimeAt(item, {"startTime"}),
            .completion_time = TimeAt(item, {"completionTime"}),
            .retry_tokens = core::TextsAt(item, {"retryTokens"}),
            .retry_time = TimeAt(item, {"retryTime"}),
            .requested_by = TextAt(item, {"requestedBy"}),
            .phase = ParsePhase(TextAt(item, {"phase"}))};
}

json PrintRun(const RunRecord& run) {
    json item = {{"key", run.key},           {"migration", run.migration}, {"migrationUID", run.migration_uid.value},
                 {"image", run.image},       {"version", run.version},     {"outcome", Print(run.outcome)},
                 {"attempts", run.attempts}, {"launches", run.launches},   {"jobName", run.job_name}};
    if (!run.image_id.empty()) item["imageID"] = run.image_id;
    if (!run.version_after.empty()) item["versionAfter"] = run.version_after;
    if (!run.reason.empty()) item["reason"] = run.reason;
    if (!run.message.empty()) item["message"] = run.message;
    if (run.start_time) item["startTime"] = core::FormatTime(*run.start_time);
    if (run.completion_time) item["completionTime"] = core::FormatTime(*run.completion_time);
    if (!run.retry_tokens.empty()) item["retryTokens"] = run.retry_tokens;
    if (run.retry_time) item["retryTime"] = core::FormatTime(*run.retry_time);
    if (!run.requested_by.empty()) item["requestedBy"] = run.requested_by;
    if (run.phase != Phase::Expand) item["phase"] = Name(run.phase);
    return item;
}

EarlierRun ParseEarlierRun(const json& item) {
    return {.key = TextAt(item, {"key"}),
            .image = TextAt(item, {"image"}),
            .version = TextAt(item, {"version"}),
            .version_after = TextAt(item, {"versionAfter"}),
            .phase = ParsePhase(TextAt(item, {"phase"})),
            .completion_time = TimeAt(item, {"completionTime"})};
}

json PrintEarlierRun(const EarlierRun& run) {
    json item = {{"key", run.key}, {"image", run.image}};
    if (!run.version.empty()) item["version"] = run.version;
    if (!run.version_after.empty()) item["versionAfter"] = run.version_after;
    if (run.phase != Phase::Expand) item["phase"] = Name(run.phase);
    if (run.completion_time) item["completionTime"] = core::FormatTime(*run.completion_time);
    return item;
}

ProbeRecord ParseProbe(const json& object) {
    return {.launch = static_cast<int>(NumberAt(object, {"launch"}).value_or(0)),
            .observed_generation = NumberAt(object, {"observedGeneration"}).value_or(0),
            .job_name = TextAt(object, {"jobName"}),
            .start_time = TimeAt(object, {"startTime"}),
            .completion_time = TimeAt(object, {"completionTime"}),
            .reason = TextAt(object, {"reason"}),
            .message = TextAt(object, {"message"})};
}

std::optional<version::ToolLock> ParseToolLock(const json& status) {
    const auto* lock = core::FindAt(status, {"toolLock"});
    if (lock == nullptr) return std::nullopt;
    return version::ToolLock{.table = TextAt(*lock, {"table"}),
                             .holder = TextAt(*lock, {"holder"}),
                             .since = TextAt(*lock, {"since"}),
                             .until = TextAt(*lock, {"until"})};
}

json PrintProbe(const ProbeRecord& probe) {
    json object = {
        {"launch", probe.launch}, {"observedGeneration", probe.observed_generation}, {"jobName", probe.job_name}};
    if (probe.start_time) object["startTime"] = core::FormatTime(*probe.start_time);
    if (probe.completion_time) object["completionTime"] = core::FormatTime(*probe.completion_time);
    if (!probe.reason.empty()) object["reason"] = probe.reason;
    if (!probe.message.empty()) object["message"] = probe.message;
    return object;
}

std::optional<Bound> ParseBound(const json* object) {
    if (object == nullptr) return std::nullopt;
    return Bound{.version = TextAt(*object, {"version"}),
                 .migration = TextAt(*object, {"migration"}),
                 .key = TextAt(*object, {"run"}),
                 .time = TimeAt(*object, {"time"}).value_or(core::Time{}),
                 .wait_start = TimeAt(*object, {"waitStartTime"}),
                 .provisional = core::BoolAt(*object, {"provisional"}),
                 .previous_version = TextAt(*object, {"previousVersion"}),
                 .previous_migration = TextAt(*object, {"previousMigration"})};
}

json PrintBound(const Bound& bound) {
    json object = {{"version", bound.version}, {"migration", bound.migration}, {"time", core::FormatTime(bound.time)}};
    if (!bound.key.empty()) object["run"] = bound.key;
    if (bound.wait_start) object["waitStartTime"] = core::FormatTime(*bound.wait_start);
    if (bound.provisional) object["provisional"] = true;
    if (!bound.previous_version.empty()) object["previousVersion"] = bound.previous_version;
    if (!bound.previous_migration.empty()) object["previousMigration"] = bound.previous_migration;
    return object;
}

}  // namespace

const RunRecord* FindRun(const DatabaseStatus& status, std::string_view key) {
    for (const RunRecord& run : status.runs) {
        if (run.key == key) return &run;
    }
    return nullptr;
}

DatabaseStatus ParseDatabaseStatus(const json* written) {
    DatabaseStatus status;
    if (written == nullptr) return status;
    status.observed_generation = NumberAt(*written, {"observedGeneration"}).value_or(-1);
    status.conditions = ParseConditions(core::ArrayAt(*written, {"conditions"}));
    status.version = TextAt(*written, {"version"});
    status.dirty = core::BoolAt(*written, {"dirty"});
    status.dirty_detail = TextAt(*written, {"dirtyDetail"});
    status.half_done = TextAt(*written, {"halfDone"});
    status.tool_lock = ParseToolLock(*written);
    status.verified_time = TimeAt(*written, {"verifiedTime"});
    status.verified_generation = NumberAt(*written, {"verifiedGeneration"}).value_or(0);
    status.verified_by = TextAt(*written, {"verifiedBy", "jobName"});
    status.verified_by_created = TimeAt(*written, {"verifiedBy", "jobCreationTime"});
    status.identity = TextAt(*written, {"identity"});
    status.identity_since = TimeAt(*written, {"identitySince"});
    status.connection_check = core::BoolAt(*written, {"connectionCheck"});
    status.active = core::BoolAt(*written, {"active"});
    for (const auto& item : core::ArrayAt(*written, {"reached"})) {
        status.reached.push_back(
            {.requirement = TextAt(item, {"requirement"}), .time = TimeAt(item, {"time"}).value_or(core::Time{})});
    }
    status.floor = ParseBound(core::FindAt(*written, {"floor"}));
    status.ceiling = ParseBound(core::FindAt(*written, {"ceiling"}));
    if (const auto* probe = core::FindAt(*written, {"probe"})) status.probe = ParseProbe(*probe);
    for (const auto& item : core::ArrayAt(*written, {"runs"}))
        status.runs.push_back(ParseRun(item));
    for (const auto& item : core::ArrayAt(*written, {"earlierRuns"}))
        status.earlier_runs.push_back(ParseEarlierRun(item));
    return status;
}

json PrintDatabaseStatus(const DatabaseStatus& status) {
    json object = {{"observedGeneration", status.observed_generation},
                   {"conditions", PrintConditions(status.conditions)},
                   {"active", status.active}};
    if (status.verified_time) {
        object["version"] = status.version;
        object["dirty"] = status.dirty;
        if (!status.dirty_detail.empty()) object["dirtyDetail"] = status.dirty_detail;
        if (!status.half_done.empty()) object["halfDone"] = status.half_done;
        if (status.tool_lock) object["toolLock"] = PrintToolLock(*status.tool_lock);
        object["verifiedTime"] = core::FormatTime(*status.verified_time);
        object["verifiedGeneration"] = status.verified_generation;
        object["verifiedBy"] = {{"jobName", status.verified_by}};
        if (status.verified_by_created) {
            object["verifiedBy"]["jobCreationTime"] = core::FormatTime(*status.verified_by_created);
        }
        object["identity"] = status.identity;
        if (status.identity_since) object["identitySince"] = core::FormatTime(*status.identity_since);
        if (status.connection_check) object["connectionCheck"] = true;
    }
    if (status.floor) object["floor"] = PrintBound(*status.floor);
    if (status.ceiling) object["ceiling"] = PrintBound(*status.ceiling);
    auto& reached = object["reached"] = json::array();
    for (const auto& [requirement, time] : status.reached) {
        reached.push_back({{"requirement", requirement}, {"time", core::FormatTime(time)}});
    }
    if (status.probe.launch > 0) object["probe"] = PrintProbe(status.probe);
    auto& runs = object["runs"] = json::array();
    for (const RunRecord& run : status.runs)
        runs.push_back(PrintRun(run));
    for (const EarlierRun& run : status.earlier_runs)
        object["earlierRuns"].push_back(PrintEarlierRun(run));
    return object;
}

}  // namespace api
