#include "benchmark/operator_requests.hpp"

#include <algorithm>

#include "support/control_plane.hpp"

namespace benchmark {

OperatorRequests::OperatorRequests(const support::AuditLog& log, const std::string& ns) {
    for (auto& entry : log.Entries()) {
        if (entry.user == support::kOperatorUser && entry.ns == ns) entries_.push_back(std::move(entry));
    }
    std::stable_sort(entries_.begin(), entries_.end(),
                     [](const auto& a, const auto& b) { return a.received < b.received; });
}

std::map<std::string, std::size_t> OperatorRequests::ByKind() const {
    std::map<std::string, std::size_t> counts;
    for (const auto& entry : entries_) {
        auto kind = entry.verb + " " + entry.resource;
        if (!entry.subresource.empty()) kind += "/" + entry.subresource;
        if (!entry.Done()) kind += " " + std::to_string(entry.code);
        ++counts[kind];
    }
    return counts;
}

std::string OperatorRequests::Text() const {
    std::string text;
    for (const auto& [kind, count] : ByKind())
        text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + kind;
    return text.empty() ? "none" : text;
}

std::size_t OperatorRequests::WithCode(int code) const {
    return static_cast<std::size_t>(
        std::count_if(entries_.begin(), entries_.end(), [code](const auto& entry) { return entry.code == code; }));
}

std::vector<support::AuditEntry> OperatorRequests::Patches(const std::string& resource,
                                                           const std::string& subresource) const {
    std::vector<support::AuditEntry> found;
    for (const auto& entry : entries_) {
        if (entry.verb == "patch" && entry.resource == resource && entry.subresource == subresource && entry.Done())
            found.push_back(entry);
    }
    return found;
}

}  // namespace benchmark
