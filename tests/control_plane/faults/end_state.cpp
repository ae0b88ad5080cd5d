#include "control_plane/faults/end_state.hpp"

#include <algorithm>
#include <set>

#include "api/names.hpp"
#include "api/requirement.hpp"
#include "core/json_access.hpp"

namespace faults {
namespace {

using Json = nlohmann::json;
using core::TextAt;

Json Pick(const Json& object, std::initializer_list<const char*> fields) {
    Json picked = Json::object();
    for (const char* field : fields) {
        if (object.contains(field)) picked[field] = object[field];
    }
    return picked;
}

Json ConditionsOf(const Json& object) {
    Json conditions = Json::object();
    for (const auto& condition : core::ArrayAt(object, {"status", "conditions"})) {
        const bool is_current =
            core::NumberAt(condition, {"observedGeneration"}) == core::NumberAt(object, {"metadata", "generation"});
        conditions[TextAt(condition, {"type"})] =
            TextAt(condition, {"status"}) + " " + TextAt(condition, {"reason"}) + (is_current ? "" : " (old)");
    }
    return conditions;
}

Json DatabaseState(const Json& object) {
    const auto status = object.value("status", Json::object());
    Json state = Pick(status, {"version", "dirty", "active"});
    state["conditions"] = ConditionsOf(object);
    std::vector<Json> reached, runs;
    for (const auto& one : status.value("reached", Json::array()))
        reached.push_back(one.value("requirement", ""));
    for (const auto& run : status.value("runs", Json::array()))
        runs.push_back(Pick(run, {"image", "version", "outcome", "reason", "attempts", "launches", "retryTokens"}));
    std::sort(reached.begin(), reached.end());
    std::sort(runs.begin(), runs.end());
    state["reached"] = reached;
    state["runs"] = runs;
    return state;
}

Json MigrationState(const Json& object) {
    const auto status = object.value("status", Json::object());
    Json state{{"conditions", ConditionsOf(object)}};
    state["run"] =
        Pick(status.value("run", Json::object()), {"launch", "attempt", "active", "image", "version", "waitingFor"});
    state["history"] = Json::array();
    for (const auto& entry : status.value("history", Json::array()))
        state["history"].push_back(Pick(
            entry, {"launch", "attempt", "image", "exitCode", "signal", "reason", "versionBefore", "versionAfter"}));
    return state;
}

Json DeploymentState(const Json& object) {
    return {{"paused", core::BoolAt(object, {"spec", "paused"})},
            {"hold", TextAt(object, {"spec", "template", "metadata", "annotations", api::kHoldAnnotation})},
            {"gate", TextAt(object, {"metadata", "labels", api::kGateLabel})}};
}

bool IsOfMigration(const Json& object) {
    return TextAt(object, {"metadata", "labels", api::kRoleLabel}) == api::kRoleMigrate;
}

std::string JobState(const Json& object) {
    std::string state = core::FindAt(object, {"metadata", "deletionTimestamp"}) != nullptr ? "deleting" : "active";
    for (const auto& condition : core::ArrayAt(object, {"status", "conditions"})) {
        const auto type = TextAt(condition, {"type"});
        if (type == "Complete" || type == "Failed") state = type;
    }
    return state;
}

/// Without versions that nobody names any more: those stay when they were named once, which depends on the moment of a
/// restart. The oracle judges whether each of them is true (I5).
Json NamedEntries(const Json& ledger, const support::History& history) {
    std::set<std::string> named;
    for (const auto& migration : history.All("migrations"))
        named.insert(TextAt(*migration, {"spec", "databaseRef", "name"}) + "@" +
                     TextAt(*migration, {"spec", "version"}));
    for (const auto& deployment : history.All("deployments")) {
        const auto text =
            TextAt(*deployment, {"spec", "template", "metadata", "annotations", api::kRequiresAnnotation});
        for (const auto& requirement : api::ParseRequirements(text).requirements)
            named.insert(requirement.text);
    }
    Json entries = Json::array();
    for (const auto& entry : core::ArrayAt(ledger, {"satisfied"})) {
        const auto text = entry.get<std::string>();
        if (text.find("@image=") != std::string::npos || named.contains(text)) entries.push_back(text);
    }
    return entries;
}

void Compare(const std::string& path, const Json& expected, const Json& found, std::string& text) {
    if (expected == found) return;
    if (expected.is_object() && found.is_object()) {
        for (const auto& [key, value] : expected.items())
            Compare(path + "/" + key, value, found.value(key, Json()), text);
        for (const auto& [key, value] : found.items()) {
            if (!expected.contains(key)) text += path + "/" + key + ": unexpected " + value.dump() + "\n";
        }
        return;
    }
    text += path + ": expected " + expected.dump() + ", found " + found.dump() + "\n";
}

}  // namespace

Json EndState(const support::History& history) {
    Json state = Json::object();
    for (const auto& database : history.All("databases"))
        state["databases"][TextAt(*database, {"metadata", "name"})] = DatabaseState(*database);
    for (const auto& migration : history.All("migrations"))
        state["migrations"][TextAt(*migration, {"metadata", "name"})] = MigrationState(*migration);
    for (const auto& deployment : history.All("deployments"))
        state["deployments"][TextAt(*deployment, {"metadata", "name"})] = DeploymentState(*deployment);
    for (const auto& ledger : history.All("ledgers"))
        state["ledger"] = NamedEntries(*ledger, history);
    state["jobs"] = Json::object();
    for (const auto& job : history.All("jobs")) {
        auto& count = state["jobs"][(IsOfMigration(*job) ? "migration " : "probe ") + JobState(*job)];
        count = count.is_null() ? 1 : count.get<int>() + 1;
    }
    state["pods"] = Json::object();
    for (const auto& pod : history.All("pods")) {
        if (!IsOfMigration(*pod)) continue;
        auto& count = state["pods"][TextAt(*pod, {"status", "phase"})];
        count = count.is_null() ? 1 : count.get<int>() + 1;
    }
    return state;
}

Json Counts(const support::History& history) {
    Json counts = Json::object();
    for (const auto& change : history.Changes()) {
        if (change.type == support::RecordedChange::Type::kModified) continue;
        const bool is_work = change.resource == "jobs" || change.resource == "pods";
        if (is_work && !IsOfMigration(*change.object)) continue;
        const auto what =
            (change.type == support::RecordedChange::Type::kAdded ? "create " : "delete ") + change.resource;
        counts[what] = counts.value(what, 0) + 1;
    }
    return counts;
}

std::string Difference(const Json& expected, const Json& found) {
    std::string text;
    Compare("", expected, found, text);
    return text;
}

}  // namespace faults
