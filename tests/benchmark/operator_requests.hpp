#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "support/audit_log.hpp"

namespace benchmark {

/// What the operator asked of the API server in one namespace since `log` began, by the audit log.
class OperatorRequests final {
public:
    using Time = std::chrono::system_clock::time_point;

    OperatorRequests(const support::AuditLog& log, const std::string& ns);

    /// "patch deployments" -> how many, those that failed under "... 409" and the like.
    std::map<std::string, std::size_t> ByKind() const;
    std::string Text() const;
    /// Answered with this code, for example 409: a conflict, 429: too many requests.
    std::size_t WithCode(int code) const;
    /// Every done patch of `resource`, oldest first.
    std::vector<support::AuditEntry> Patches(const std::string& resource, const std::string& subresource = {}) const;

private:
    std::vector<support::AuditEntry> entries_;
};

}  // namespace benchmark
