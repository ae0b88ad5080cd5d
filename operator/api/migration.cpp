#include "api/migration.hpp"

#include <nlohmann/json.hpp>

#include "api/names.hpp"
#include "api/object_meta.hpp"
#include "api/requirement.hpp"
#include "api/run_id.hpp"
#include "core/json_access.hpp"
#include "core/text.hpp"

namespace api {
namespace {

using core::NumberAt;
using core::TextAt;
using core::TimeAt;
using nlohmann::json;

RunStatus ParseRunStatus(const json& object) {
    RunStatus run{.key = TextAt(object, {"key"}),
                  .launch = static_cast<int>(NumberAt(object, {"launch"}).value_or(0)),
                  .attempt = static_cast<int>(NumberAt(object, {"attempt"}).value_or(0)),
                  .job_name = TextAt(object, {"jobName"}),
                  .active = core::BoolAt(object, {"active"}),
                  .image = TextAt(object, {"image"}),
                  .version = TextAt(object, {"version"}),
                  .start_time = TimeAt(object, {"startTime"}),
                  .waiting_for = core::TextsAt(object, {"waitingFor"})};
    return run;
}

Attempts ParseAttempts(const json& spec) {
    Attempts attempts;
    if (const auto max = NumberAt(spec, {"attempts", "max"})) attempts.max = static_cast<int>(*max);
    if (const auto s = NumberAt(spec, {"attempts", "backoffSeconds"})) attempts.backoff = std::chrono::seconds{*s};
    if (const auto s = NumberAt(spec, {"attempts", "maxBackoffSeconds"}))
        attempts.max_backoff = std::chrono::seconds{*s};
    for (const auto& code : core::ArrayAt(spec, {"attempts", "retryExitCodes"})) {
        if (code.is_number_integer()) attempts.retry_exit_codes.push_back(code.get<int>());
    }
    return attempts;
}

MigrationSpec ParseSpec(const json& spec) {
    MigrationSpec parsed{.database = TextAt(spec, {"databaseRef", "name"}),
                         .version = DecodeVersion(TextAt(spec, {"version"})),
                         .image = TextAt(spec, {"image"}),
                         .phase = ParsePhase(TextAt(spec, {"phase"})),
                         .minimum_version = DecodeVersion(TextAt(spec, {"minimumVersion"})),
                         .run = TextAt(spec, {"run"}),
                         .suspend = core::BoolAt(spec, {"suspend"})};
    for (const auto& version : core::TextsAt(spec, {"includes"}))
        parsed.includes.push_back(DecodeVersion(version));
    parsed.log_tail = TextAt(spec, {"logTail"}) != "None";
    if (const auto limit = NumberAt(spec, {"historyLimit"})) parsed.history_limit = static_cast<std::size_t>(*limit);
    if (const auto s = NumberAt(spec, {"startDeadlineSeconds"})) parsed.start_deadline = std::chrono::seconds{*s};
    if (const auto s = NumberAt(spec, {"activeDeadlineSeconds"})) parsed.active_deadline = std::chrono::seconds{*s};
    parsed.attempts = ParseAttempts(spec);
    return parsed;
}

}  // namespace

Migration ParseMigration(const json& object) {
    Migration migration;
    ParseObjectMeta(object, migration);
    migration.created = TimeAt(object, {"metadata", "creationTimestamp"}).value_or(core::Time{});
    if (const auto* spec = core::FindAt(object, {"spec"})) {
        migration.spec = ParseSpec(*spec);
        migration.run_key = RunKey(*spec);
    }
    // Annotations may be of any length; what stands for one in the record is short.
    migration.retry_token = LabelValue(TextAt(object, {"metadata", "annotations", kRetryAnnotation}));
    migration.requested_by =
        core::OneLine(TextAt(object, {"metadata", "annotations", kRequestedByAnnotation}), kLongestRequester);
    auto& status = migration.status;
    const auto* written = core::FindAt(object, {"status"});
    if (written == nullptr) return migration;
    status.observed_generation = NumberAt(*written, {"observedGeneration"}).value_or(-1);
    status.conditions = ParseConditions(core::ArrayAt(*written, {"conditions"}));
    if (const auto* run = core::FindAt(*written, {"run"})) status.run = ParseRunStatus(*run);
    const auto& history = core::ArrayAt(*written, {"history"});
    status.history_size = history.size();
    if (!history.empty()) {
        status.newest_key = TextAt(history.front(), {"key"});
        status.newest_launch = static_cast<int>(NumberAt(history.front(), {"launch"}).value_or(0));
    }
    for (std::size_t i = 0; i < history.size(); ++i) {
        if (!TextAt(history[i], {"logTail"}).empty()) status.log_tails.push_back(i);
    }
    return migration;
}

json PrintRunStatus(const RunStatus& run) {
    json object = {{"key", run.key},       {"launch", run.launch}, {"attempt", run.attempt}, {"jobName", run.job_name},
                   {"active", run.active}, {"image", run.image},   {"version", run.version}};
    if (run.start_time) object["startTime"] = core::FormatTime(*run.start_time);
    if (!run.waiting_for.empty()) object["waitingFor"] = run.waiting_for;
    return object;
}

json PrintHistoryEntry(const HistoryEntry& entry) {
    json object = {{"key", entry.key},          {"launch", entry.launch}, {"attempt", entry.attempt},
                   {"jobName", entry.job_name}, {"image", entry.image},   {"reason", entry.reason},
                   {"message", entry.message}};
    if (!entry.image_id.empty()) object["imageID"] = entry.image_id;
    if (entry.version_before) object["versionBefore"] = *entry.version_before;
    if (entry.version_after) object["versionAfter"] = *entry.version_after;
    if (entry.start_time) object["startTime"] = core::FormatTime(*entry.start_time);
    if (entry.completion_time) object["completionTime"] = core::FormatTime(*entry.completion_time);
    if (entry.exit_code) object["exitCode"] = *entry.exit_code;
    if (entry.signal) object["signal"] = *entry.signal;
    if (entry.longest_lock_wait) object["longestLockWaitSeconds"] = entry.longest_lock_wait->count();
    if (entry.longest_blocking) object["longestBlockingSeconds"] = entry.longest_blocking->count();
    if (!entry.log_tail.empty()) object["logTail"] = entry.log_tail;
    if (!entry.requested_by.empty()) object["requestedBy"] = entry.requested_by;
    return object;
}

}  // namespace api
