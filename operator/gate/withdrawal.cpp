#include "gate/withdrawal.hpp"

#include <initializer_list>
#include <string>
#include <string_view>

#include "api/names.hpp"
#include "core/json_access.hpp"
#include "gate/workload_patch.hpp"

namespace gate {
namespace {

using Json = nlohmann::json;

std::string Pointer(std::string_view map, std::string_view key) {
    return std::string(map) + "/" + Escaped(key);
}

void RemoveMarks(const Json& workload, Json& patch) {
    if (core::FindAt(workload, {"metadata", "labels", api::kGateLabel}) != nullptr)
        patch.push_back(Operation("remove", Pointer("/metadata/labels", api::kGateLabel)));
    for (const auto annotation : {api::kWaitingForAnnotation, api::kReleaseByAnnotation}) {
        if (core::FindAt(workload, {"metadata", "annotations", annotation}) != nullptr)
            patch.push_back(Operation("remove", Pointer("/metadata/annotations", annotation)));
    }
}

std::string CronJobOf(const Json& job) {
    for (const auto& owner : core::ArrayAt(job, {"metadata", "ownerReferences"})) {
        if (core::TextAt(owner, {"kind"}) == "CronJob" && core::BoolAt(owner, {"controller"}))
            return core::TextAt(owner, {"uid"});
    }
    return {};
}

std::optional<Withdrawal> IfAny(Withdrawal withdrawal) {
    if (withdrawal.patch.empty()) return std::nullopt;
    return withdrawal;
}

}  // namespace

std::optional<Withdrawal> WithdrawFromDeployment(const Json& deployment) {
    Withdrawal withdrawal{.patch = Json::array()};
    const bool is_marked =
        core::FindAt(deployment, {"spec", "template", "metadata", "annotations", api::kHoldAnnotation}) != nullptr;
    withdrawal.starts = is_marked && core::BoolAt(deployment, {"spec", "paused"});
    if (withdrawal.starts) {
        withdrawal.patch.push_back(
            Operation("remove", Pointer("/spec/template/metadata/annotations", api::kHoldAnnotation)));
        withdrawal.patch.push_back(Operation("replace", "/spec/paused", false));
    }
    RemoveMarks(deployment, withdrawal.patch);
    return IfAny(std::move(withdrawal));
}

std::optional<Withdrawal> WithdrawFromJob(const Json& job) {
    Withdrawal withdrawal{.patch = Json::array()};
    withdrawal.starts = core::TextAt(job, {"metadata", "labels", api::kGateLabel}) == api::kGateHeld &&
                        core::BoolAt(job, {"spec", "suspend"});
    if (withdrawal.starts) {
        withdrawal.patch.push_back(Operation("replace", "/spec/suspend", false));
        withdrawal.cron_job = CronJobOf(job);
    }
    RemoveMarks(job, withdrawal.patch);
    return IfAny(std::move(withdrawal));
}

std::optional<Withdrawal> WithdrawFromCronJob(const Json& cron_job) {
    Withdrawal withdrawal{.patch = Json::array()};
    const bool is_marked = core::FindAt(cron_job, {"spec", "jobTemplate", "metadata", "annotations",
                                                   api::kReleaseByAnnotation}) != nullptr;
    if (is_marked) {
        withdrawal.patch.push_back(
            Operation("remove", Pointer("/spec/jobTemplate/metadata/annotations", api::kReleaseByAnnotation)));
    }
    return IfAny(std::move(withdrawal));
}

}  // namespace gate
