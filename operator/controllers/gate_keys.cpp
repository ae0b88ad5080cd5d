#include "controllers/gate_keys.hpp"

#include <string_view>

namespace controllers {
namespace {

constexpr std::string_view kJobPrefix = "job/";

}  // namespace

core::ObjectKey GateKey(observed::WorkloadKind kind, const core::ObjectKey& workload) {
    if (kind == observed::WorkloadKind::Deployment) return workload;
    return {workload.ns, std::string(kJobPrefix) + workload.name};
}

core::ObjectKey LedgerKey(const std::string& ns) {
    return {ns, ""};
}

bool IsLedgerKey(const core::ObjectKey& key) {
    return key.name.empty();
}

observed::WorkloadKind KindOf(const core::ObjectKey& key) {
    return key.name.starts_with(kJobPrefix) ? observed::WorkloadKind::Job : observed::WorkloadKind::Deployment;
}

core::ObjectKey WorkloadOf(const core::ObjectKey& key) {
    if (KindOf(key) == observed::WorkloadKind::Deployment) return key;
    return {key.ns, key.name.substr(kJobPrefix.size())};
}

}  // namespace controllers
