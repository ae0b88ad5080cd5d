#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/revision.hpp"
#include "gate/workload_patch.hpp"

/// The patches with which the operator changes a held Deployment. The other half, who holds
/// and what opens within a request, is in the chart's policies (charts/tidegate/templates/policies); both halves must
/// agree, which tests/control_plane/gate shows on a real API server.
///
/// Pure: no clock, no I/O. Nothing here throws on input of the shape that the API server returns.
namespace gate {

/// JSON Patch operations that let the rollout start: mark removed, no longer paused, label "open", and the waiting-for
/// line, which is over, removed.
///
/// For a Deployment that is held: paused, and its pod template carries our mark (observed::WorkloadFacts says so); one
/// that its user paused has no mark and is not ours to release. The patch tests `at` first, so it applies to exactly
/// the object on which the decision was made: a requirement that changed meanwhile is judged anew. It fails, too, when
/// the Deployment is not paused or not marked.
///
/// `has_waiting_for` tells whether the annotation is there: removing what is not fails a patch.
nlohmann::json ReleasePatch(core::Revision at, bool has_waiting_for);

}  // namespace gate
