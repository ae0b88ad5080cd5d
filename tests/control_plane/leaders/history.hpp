#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace test {

/// One answered write in a namespace.
struct HistoryEntry {
    /// As the audit log prints it, UTC with microseconds: texts compare as times do.
    std::string received, answered;
    std::string user, source, verb, resource, subresource, name;
    int code = 0;
    /// What was sent, for our own kinds, Jobs and pods; null for others and for deletions.
    nlohmann::json body;

    bool Done() const { return code >= 200 && code < 300; }
    /// "08:15:30.123456 127.0.0.2 create jobs orders-abc-1 -> 201"
    std::string Line() const;
};

/// All writes of one namespace by whomever, from the API server's audit log: the one record of a case that neither
/// replica wrote. Each entry stands there before its writer has the answer.
class History final {
public:
    /// Begins now.
    explicit History(std::string ns);

    /// In the order in which they were answered, accepted and refused ones.
    std::vector<HistoryEntry> Writes() const;
    std::size_t Count(const std::function<bool(const HistoryEntry&)>& filter) const;

private:
    void Read() const;

    std::string ns_;
    std::string file_;
    /// What was read already is kept: the log grows by megabytes.
    mutable std::size_t at_ = 0;
    mutable std::vector<HistoryEntry> known_;
};

}  // namespace test
