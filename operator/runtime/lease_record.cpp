#include "runtime/lease_record.hpp"

#include <nlohmann/json.hpp>

#include "core/json_access.hpp"

namespace runtime {

LeaseRecord ParseLease(const nlohmann::json& lease) {
    LeaseRecord record;
    record.holder = core::TextAt(lease, {"spec", "holderIdentity"});
    record.duration = std::chrono::seconds{core::NumberAt(lease, {"spec", "leaseDurationSeconds"}).value_or(0)};
    record.transitions = static_cast<int>(core::NumberAt(lease, {"spec", "leaseTransitions"}).value_or(0));
    record.acquire_time = core::TextAt(lease, {"spec", "acquireTime"});
    record.renew_time = core::TextAt(lease, {"spec", "renewTime"});
    record.version = core::TextAt(lease, {"metadata", "resourceVersion"});
    return record;
}

void LeaseObservation::Observe(const LeaseRecord& record, SteadyTime now) {
    if (record_ && *record_ == record) return;
    record_ = record;
    changed_ = now;
}

SteadyTime LeaseObservation::FreeAt(const std::string& identity) const {
    if (!record_ || record_->holder.empty() || record_->holder == identity) return SteadyTime::min();
    return changed_ + record_->duration;
}

}  // namespace runtime
