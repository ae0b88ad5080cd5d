#include "observed/workload_facts.hpp"

#include <nlohmann/json.hpp>

#include "api/names.hpp"
#include "api/object_meta.hpp"

namespace observed {
namespace {

using core::TextAt;

WorkloadFacts ParseWorkload(const nlohmann::json& object, WorkloadKind kind) {
    WorkloadFacts workload;
    workload.kind = kind;
    workload.key = api::ParseKey(object);
    workload.uid = {TextAt(object, {"metadata", "uid"})};
    workload.revision = core::Revision::Parse(TextAt(object, {"metadata", "resourceVersion"}));
    workload.created = core::TimeAt(object, {"metadata", "creationTimestamp"}).value_or(core::Time{});
    workload.requires_text = TextAt(object, {"spec", "template", "metadata", "annotations", api::kRequiresAnnotation});
    for (const char* containers : {"containers", "initContainers"}) {
        for (const auto& container : core::ArrayAt(object, {"spec", "template", "spec", containers}))
            workload.images.push_back(TextAt(container, {"image"}));
    }
    const auto annotation = [&](std::string_view name) { return TextAt(object, {"metadata", "annotations", name}); };
    workload.waiting_for = annotation(api::kWaitingForAnnotation);
    workload.release = annotation(api::kReleaseAnnotation);
    workload.release_reason = annotation(api::kReleaseReasonAnnotation);
    workload.release_by = annotation(api::kReleaseByAnnotation);
    return workload;
}

}  // namespace

bool HasEnded(const nlohmann::json& job) {
    for (const auto& condition : core::ArrayAt(job, {"status", "conditions"})) {
        const auto type = TextAt(condition, {"type"});
        if ((type == "Complete" || type == "Failed") && TextAt(condition, {"status"}) == "True") return true;
    }
    return false;
}

WorkloadFacts ParseDeployment(const nlohmann::json& object) {
    auto workload = ParseWorkload(object, WorkloadKind::Deployment);
    const auto hold = TextAt(object, {"spec", "template", "metadata", "annotations", api::kHoldAnnotation});
    workload.held = core::BoolAt(object, {"spec", "paused"}) && !hold.empty();
    workload.mid_rollout = workload.held && hold == api::kHoldMidRollout;
    return workload;
}

WorkloadFacts ParseGatedJob(const nlohmann::json& object) {
    auto workload = ParseWorkload(object, WorkloadKind::Job);
    workload.held = core::BoolAt(object, {"spec", "suspend"}) &&
                    TextAt(object, {"metadata", "labels", api::kGateLabel}) == api::kGateHeld && !HasEnded(object) &&
                    core::FindAt(object, {"metadata", "deletionTimestamp"}) == nullptr;
    const bool by_hand =
        TextAt(object, {"metadata", "annotations", api::kInstantiateAnnotation}) == api::kManualInstance;
    for (const auto& owner : core::ArrayAt(object, {"metadata", "ownerReferences"})) {
        if (by_hand || !core::BoolAt(owner, {"controller"}) || TextAt(owner, {"kind"}) != "CronJob") continue;
        workload.cron_job = {.name = TextAt(owner, {"name"}), .uid = {TextAt(owner, {"uid"})}};
    }
    return workload;
}

}  // namespace observed
