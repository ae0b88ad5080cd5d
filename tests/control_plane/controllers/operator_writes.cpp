#include "control_plane/controllers/operator_writes.hpp"

#include <filesystem>
#include <fstream>
#include <set>

#include <nlohmann/json.hpp>

#include "support/control_plane.hpp"

namespace test {
namespace {

using Json = nlohmann::json;

bool IsAcceptedWrite(const Json& event, const std::string& ns) {
    static const std::set<std::string> reads{"get", "list", "watch"};
    static const std::set<std::string> other{"events", "leases"};
    if (event.value("stage", "") != "ResponseComplete" || reads.contains(event.value("verb", ""))) return false;
    if (event["user"].value("username", "") != support::kOperatorUser || !event.contains("objectRef")) return false;
    const auto& object = event["objectRef"];
    if (object.value("namespace", "") != ns || other.contains(object.value("resource", ""))) return false;
    return event.contains("responseStatus") && event["responseStatus"].value("code", 0) < 300;
}

}  // namespace

OperatorWrites::OperatorWrites(std::string ns)
    : ns_(std::move(ns)), file_(support::ControlPlane::Get().AuditLogFile()) {
    if (std::filesystem::exists(file_)) from_ = std::filesystem::file_size(file_);
}

std::vector<std::string> OperatorWrites::Lines(bool with_waiting_for) const {
    std::ifstream file(file_);
    file.seekg(static_cast<std::streamoff>(from_));
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
        // Other cases' requests are many: look before parsing.
        if (line.find(ns_) == std::string::npos) continue;
        const Json event = Json::parse(line, nullptr, false);
        if (event.is_discarded() || !IsAcceptedWrite(event, ns_)) continue;
        const auto& object = event["objectRef"];
        // Only the waiting-for patch is a merge patch, so an object; the release is a list of operations.
        const bool is_waiting_for =
            object["resource"] == "deployments" && event.value("requestObject", Json::array()).is_object();
        if (is_waiting_for && !with_waiting_for) continue;
        const auto subresource = object.value("subresource", "");
        lines.push_back(event["verb"].get<std::string>() + " " + object["resource"].get<std::string>() +
                        (subresource.empty() ? "" : "/" + subresource) + " " + object.value("name", "") +
                        (is_waiting_for ? " (waiting-for)" : ""));
    }
    return lines;
}

}  // namespace test
