#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace support {

/// One answered request, as the API server's audit log tells it.
struct AuditEntry {
    std::string user;
    /// get, list, watch, create, update, patch, delete, deletecollection
    std::string verb;
    std::string group;
    std::string resource;
    std::string subresource;
    std::string ns;
    std::string name;
    std::string uri;
    std::string user_agent;
    int code = 0;
    /// To the microsecond, by the API server's clock.
    std::chrono::system_clock::time_point received, answered;

    bool Write() const { return verb != "get" && verb != "list" && verb != "watch"; }
    bool Done() const { return code >= 200 && code < 300; }
};

/// What happened on the API server since this object was made (or since Restart), by anybody. The log is written before
/// the answer is sent, so whoever has an answer finds its request here.
///
/// Every case shares one API server: filter by namespace.
class AuditLog final {
public:
    AuditLog();

    void Restart();
    /// What is in it already counts, too: of all that this control plane served.
    void FromTheBeginning() { from_ = 0; }
    /// Answered requests, oldest first; watches when they began.
    std::vector<AuditEntry> Entries() const;
    std::size_t Count(const std::function<bool(const AuditEntry&)>& filter) const;
    /// Successful writes of the user in the namespace, "verb resource[/subresource] name" in order: for comparing with
    /// what was expected, and as a message when it differs.
    std::vector<std::string> Writes(const std::string& user, const std::string& ns) const;

private:
    std::string file_;
    std::size_t from_ = 0;
};

}  // namespace support
