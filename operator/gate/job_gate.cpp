#include "gate/job_gate.hpp"

#include "api/names.hpp"

namespace gate {

nlohmann::json JobReleasePatch(core::Revision at, bool has_waiting_for) {
    const nlohmann::json own = {Operation("test", "/spec/suspend", true),
                                Operation("test", "/metadata/labels/" + Escaped(api::kGateLabel), api::kGateHeld),
                                Operation("replace", "/spec/suspend", false)};
    return ReleaseOperations(at, own, has_waiting_for);
}

}  // namespace gate
