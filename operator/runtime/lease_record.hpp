#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "runtime/clock.hpp"

namespace runtime {

/// What a Lease says, as written by its holder. Its times are for people: they are never compared.
struct LeaseRecord {
    std::string holder;
    std::chrono::seconds duration{0};
    int transitions = 0;
    std::string acquire_time;
    std::string renew_time;
    /// resourceVersion, verbatim: changes with each renewal.
    std::string version;

    bool operator==(const LeaseRecord&) const = default;
};

LeaseRecord ParseLease(const nlohmann::json& lease);

/// Decides when somebody else's lease has run out: when its record has not *changed* for its duration of local steady
/// time. Tolerates any skew between clocks, but not clocks that run at different rates.
class LeaseObservation final {
public:
    /// A record was read at `now`.
    void Observe(const LeaseRecord& record, SteadyTime now);
    /// When the lease may be taken; the beginning of time when it is free, released or ours by name.
    SteadyTime FreeAt(const std::string& identity) const;
    const std::optional<LeaseRecord>& Record() const { return record_; }

private:
    std::optional<LeaseRecord> record_;
    SteadyTime changed_{};
};

}  // namespace runtime
