#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/revision.hpp"

/// The patches with which the operator changes a held Deployment. The other half, who holds
/// and what opens within a request, is in the chart's policies (charts/tidegate/templates/policies); both halves must
/// agree, which tests/control_plane/gate shows on a real API server.
///
/// Pure: no clock, no I/O. Nothing here throws on input of the shape that the API server returns.
namespace gate {

/// Longest text of a waiting-for annotation, bytes. Long enough for the cause and the next step; it is also printed on
/// one line by `kubectl describe`.
inline constexpr std::size_t kLongestWaitingFor = 1024;

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

/// JSON Merge Patch that says on the held object what it waits for. Merge, because an object may have no annotations
/// yet; it carries the revision, so another writer gives a conflict instead of a line about an older requirement.
///
/// Each write bumps the object's generation and wakes GitOps tools: write only when the text has changed.
nlohmann::json WaitingForPatch(std::string_view text, core::Revision at);

}  // namespace gate
