#include "support/oracle.hpp"

#include <algorithm>

#include "api/names.hpp"
#include "core/json_access.hpp"

namespace support {
namespace {

using Json = nlohmann::json;
using Type = RecordedChange::Type;
using core::TextAt;

std::string Condition(const Json& object, const std::string& type) {
    for (const auto& condition : core::ArrayAt(object, {"status", "conditions"})) {
        if (TextAt(condition, {"type"}) == type)
            return TextAt(condition, {"status"}) + "/" + TextAt(condition, {"reason"});
    }
    return "-";
}

std::string Summary(const RecordedChange& change) {
    const auto& object = *change.object;
    std::string text;
    if (core::FindAt(object, {"metadata", "deletionTimestamp"}) != nullptr) text += " deleting";
    if (change.resource == "databases") {
        text += " generation " + object["metadata"].value("generation", Json(0)).dump() +
                " Ready=" + Condition(object, "Ready") + " version " + TextAt(object, {"status", "version"});
        const auto* probe = core::FindAt(object, {"status", "probe"});
        if (probe != nullptr) text += " probe " + probe->value("launch", Json(0)).dump();
        for (const auto& run : core::ArrayAt(object, {"status", "runs"})) {
            text += " [" + TextAt(run, {"key"}).substr(0, 6) + " " + TextAt(run, {"image"}) + " " +
                    TextAt(run, {"outcome"}) + " launches " + run.value("launches", Json(0)).dump() + " attempts " +
                    run.value("attempts", Json(0)).dump() + "]";
        }
    } else if (change.resource == "migrations") {
        text += " generation " + object["metadata"].value("generation", Json(0)).dump() + " " +
                TextAt(object, {"spec", "image"}) + " Ready=" + Condition(object, "Ready") + " job " +
                TextAt(object, {"status", "run", "jobName"});
    } else if (change.resource == "jobs") {
        text += " Complete=" + Condition(object, "Complete") + " Failed=" + Condition(object, "Failed");
    } else if (change.resource == "pods") {
        text += " " + TextAt(object, {"status", "phase"});
    } else if (change.resource == "deployments") {
        text += " paused=" + std::string(core::BoolAt(object, {"spec", "paused"}) ? "true" : "false") +
                " gate=" + TextAt(object, {"metadata", "labels", api::kGateLabel}) +
                " waiting-for: " + TextAt(object, {"metadata", "annotations", api::kWaitingForAnnotation});
    } else if (change.resource == "ledgers") {
        text += " " + core::ArrayAt(object, {"satisfied"}).dump();
    }
    return text;
}

}  // namespace

std::vector<Violation> CheckHistory(const Evidence& evidence) {
    std::vector<Violation> violations;
    oracle::CheckRuns(evidence, violations);
    oracle::CheckGate(evidence, violations);
    oracle::CheckWrites(evidence, violations);
    return violations;
}

std::string PrintTrace(const Evidence& evidence) {
    std::string text = "history:\n";
    for (const auto& change : evidence.changes) {
        text += "  " + std::to_string(change.revision) +
                (change.type == Type::kAdded     ? " + "
                 : change.type == Type::kDeleted ? " - "
                                                 : "   ") +
                change.resource + " " + TextAt(*change.object, {"metadata", "name"}) + Summary(change) + "\n";
    }
    text += "runs:\n";
    for (const auto& run : evidence.played.runs) {
        text += "  Job " + run.job + " image " + run.image + ": began " + std::to_string(run.begin_revision) +
                (run.ended ? ", ended " + std::to_string(run.end_revision) + " with exit code " +
                                 std::to_string(run.exit_code)
                           : ", runs") +
                "\n";
    }
    text += "the operator's writes:\n";
    for (const auto& write : evidence.writes) {
        text += "  " + std::to_string(write.request.write_number) + ". " + write.request.Describe() + " -> " +
                std::to_string(write.code) + " at " + std::to_string(write.revision) + "\n";
    }
    return text;
}

}  // namespace support
