#include "control_plane/leaders/history.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "support/control_plane.hpp"

namespace test {
namespace {

using Json = nlohmann::json;

/// "2026-11-22T08:15:30.123456Z": the time of day.
constexpr std::size_t kTimeOfDay = 11, kTimeLength = 15;

HistoryEntry Parse(const Json& event) {
    HistoryEntry entry;
    entry.received = event.value("requestReceivedTimestamp", "");
    entry.answered = event.value("stageTimestamp", "");
    entry.user = event["user"].value("username", "");
    if (const auto ips = event.value("sourceIPs", Json::array()); !ips.empty()) entry.source = ips[0];
    entry.verb = event.value("verb", "");
    const Json& object = event["objectRef"];
    entry.resource = object.value("resource", "");
    entry.subresource = object.value("subresource", "");
    entry.name = object.value("name", "");
    if (event.contains("responseStatus")) entry.code = event["responseStatus"].value("code", 0);
    if (event.contains("requestObject")) entry.body = event["requestObject"];
    // A create names its object in the body only.
    if (entry.name.empty() && entry.body.is_object() && entry.body.contains("metadata"))
        entry.name = entry.body["metadata"].value("name", entry.body["metadata"].value("generateName", ""));
    return entry;
}

}  // namespace

std::string HistoryEntry::Line() const {
    return received.substr(kTimeOfDay, kTimeLength) + " " + source + " " + verb + " " + resource +
           (subresource.empty() ? "" : "/" + subresource) + " " + name + " -> " + std::to_string(code);
}

History::History(std::string ns) : ns_(std::move(ns)), file_(support::ControlPlane::Get().AuditLogFile()) {
    if (std::filesystem::exists(file_)) at_ = std::filesystem::file_size(file_);
}

std::vector<HistoryEntry> History::Writes() const {
    Read();
    return known_;
}

std::size_t History::Count(const std::function<bool(const HistoryEntry&)>& filter) const {
    Read();
    return static_cast<std::size_t>(std::count_if(known_.begin(), known_.end(), filter));
}

void History::Read() const {
    static const std::set<std::string> reads{"get", "list", "watch"};
    std::ifstream file(file_);
    file.seekg(static_cast<std::streamoff>(at_));
    for (std::string line; std::getline(file, line);) {
        if (file.eof()) break;  // half written
        at_ += line.size() + 1;
        // Other cases' requests are many: look before parsing.
        if (line.find('"' + ns_ + '"') == std::string::npos) continue;
        const Json event = Json::parse(line, nullptr, false);
        if (event.is_discarded() || event.value("stage", "") != "ResponseComplete") continue;
        if (!event.contains("objectRef") || event["objectRef"].value("namespace", "") != ns_) continue;
        if (reads.contains(event.value("verb", ""))) continue;
        known_.push_back(Parse(event));
    }
}

}  // namespace test
