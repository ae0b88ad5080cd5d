#include "support/audit_log.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "support/control_plane.hpp"

namespace support {
namespace {

using Json = nlohmann::json;

/// "2026-01-02T03:04:05.678901Z"
std::chrono::system_clock::time_point ParseMicroTime(const std::string& text) {
    int year = 0;
    unsigned month = 0, day = 0;
    long hours = 0, minutes = 0, seconds = 0, micros = 0;
    if (std::sscanf(text.c_str(), "%d-%u-%uT%ld:%ld:%ld.%ldZ", &year, &month, &day, &hours, &minutes, &seconds,
                    &micros) != 7)
        return {};
    const std::chrono::sys_days date{std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{day}};
    return date + std::chrono::hours{hours} + std::chrono::minutes{minutes} + std::chrono::seconds{seconds} +
           std::chrono::microseconds{micros};
}

AuditEntry Parse(const Json& event) {
    AuditEntry entry;
    entry.user = event["user"].value("username", "");
    if (event.contains("impersonatedUser")) entry.user = event["impersonatedUser"].value("username", "");
    entry.verb = event.value("verb", "");
    entry.uri = event.value("requestURI", "");
    entry.user_agent = event.value("userAgent", "");
    if (event.contains("objectRef")) {
        const Json& object = event["objectRef"];
        entry.group = object.value("apiGroup", "");
        entry.resource = object.value("resource", "");
        entry.subresource = object.value("subresource", "");
        entry.ns = object.value("namespace", "");
        entry.name = object.value("name", "");
    }
    if (event.contains("responseStatus")) entry.code = event["responseStatus"].value("code", 0);
    entry.received = ParseMicroTime(event.value("requestReceivedTimestamp", ""));
    entry.answered = ParseMicroTime(event.value("stageTimestamp", ""));
    return entry;
}

}  // namespace

AuditLog::AuditLog() : file_(ControlPlane::Get().AuditLogFile()) {
    Restart();
}

void AuditLog::Restart() {
    from_ = std::filesystem::exists(file_) ? std::filesystem::file_size(file_) : 0;
}

std::vector<AuditEntry> AuditLog::Entries() const {
    std::ifstream file(file_);
    if (!file) throw std::runtime_error("cannot read " + file_);
    file.seekg(static_cast<std::streamoff>(from_));
    std::vector<AuditEntry> entries;
    for (std::string line; std::getline(file, line);) {
        const Json event = Json::parse(line, nullptr, false);
        // The last line may be half written.
        if (event.is_discarded()) continue;
        const std::string stage = event.value("stage", "");
        const bool watch = event.value("verb", "") == "watch";
        if (stage == (watch ? "ResponseStarted" : "ResponseComplete")) entries.push_back(Parse(event));
    }
    return entries;
}

std::size_t AuditLog::Count(const std::function<bool(const AuditEntry&)>& filter) const {
    const auto entries = Entries();
    return static_cast<std::size_t>(std::count_if(entries.begin(), entries.end(), filter));
}

std::vector<std::string> AuditLog::Writes(const std::string& user, const std::string& ns) const {
    std::vector<std::string> writes;
    for (const auto& entry : Entries()) {
        if (entry.user != user || entry.ns != ns || !entry.Write() || !entry.Done()) continue;
        writes.push_back(entry.verb + " " + entry.resource +
                         (entry.subresource.empty() ? "" : "/" + entry.subresource) + " " + entry.name);
    }
    return writes;
}

}  // namespace support
