#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/revision.hpp"
#include "gate/workload_patch.hpp"

/// The patch with which the operator releases a held Job. The other half, who holds and what opens within a request, is
/// in the chart's policies (charts/tidegate/templates/policies/job-*.yaml); tests/control_plane/gate shows on a real
/// API server that both agree.
///
/// Pure: no clock, no I/O. Nothing here throws.
namespace gate {

/// JSON Patch operations that let the Job begin: no longer suspended, label "open", and the waiting-for line removed.
///
/// For a Job that is held: suspended and labelled (observed::WorkloadFacts says so). It applies to exactly the object
/// on which the decision was made, and fails when the Job is not suspended or does not bear our label.
nlohmann::json JobReleasePatch(core::Revision at, bool has_waiting_for);

}  // namespace gate
