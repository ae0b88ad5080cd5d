#include "gate/deployment_gate.hpp"

#include "api/names.hpp"

namespace gate {

nlohmann::json ReleasePatch(core::Revision at, bool has_waiting_for) {
    const nlohmann::json own = {
        Operation("test", "/spec/paused", true),
        Operation("remove", "/spec/template/metadata/annotations/" + Escaped(api::kHoldAnnotation)),
        Operation("replace", "/spec/paused", false)};
    return ReleaseOperations(at, own, has_waiting_for);
}

}  // namespace gate
