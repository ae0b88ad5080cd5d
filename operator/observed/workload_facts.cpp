#include "observed/workload_facts.hpp"

#include <nlohmann/json.hpp>

#include "api/names.hpp"
#include "api/object_meta.hpp"

namespace observed {

WorkloadFacts ParseDeployment(const nlohmann::json& object) {
    using core::TextAt;
    WorkloadFacts workload;
    workload.key = api::ParseKey(object);
    workload.uid = {TextAt(object, {"metadata", "uid"})};
    workload.revision = core::Revision::Parse(TextAt(object, {"metadata", "resourceVersion"}));
    const auto hold = TextAt(object, {"spec", "template", "metadata", "annotations", api::kHoldAnnotation});
    workload.held = core::BoolAt(object, {"spec", "paused"}) && !hold.empty();
    workload.requires_text = TextAt(object, {"spec", "template", "metadata", "annotations", api::kRequiresAnnotation});
    for (const auto& container : core::ArrayAt(object, {"spec", "template", "spec", "containers"})) {
        workload.images.push_back(TextAt(container, {"image"}));
    }
    workload.waiting_for = TextAt(object, {"metadata", "annotations", api::kWaitingForAnnotation});
    return workload;
}

}  // namespace observed
