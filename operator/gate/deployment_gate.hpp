#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/revision.hpp"

/// How the gate looks on a Deployment, and the patches with which the operator changes it. The other half, who holds
/// and what opens within a request, is in the chart's policies (charts/tidegate/templates/policies); both halves must
/// agree, which tests/control_plane/gate shows on a real API server.
///
/// Pure: no clock, no I/O. Nothing here throws on input of the shape that the API server returns.
namespace gate {

/// Longest text of a waiting-for annotation, bytes. Long enough for the cause and the next step; it is also printed on
/// one line by `kubectl describe`.
inline constexpr std::size_t kLongestWaitingFor = 1024;

/// Whether the Deployment is held by us: paused, and its pod template carries our mark. A Deployment that its user
/// paused has no mark and is not ours to release.
bool IsHeld(const nlohmann::json& deployment);

/// JSON Patch operations that let the rollout start: mark removed, no longer paused, label "open", and the waiting-for
/// line, which is over, removed.
///
/// `at` is tested first, so the patch applies to exactly the object on which the decision was made: a requirement that
/// changed meanwhile is judged anew. It also tests that the Deployment is paused. Precondition: IsHeld(deployment),
/// else std::abort.
nlohmann::json ReleasePatch(const nlohmann::json& deployment, core::Revision at);

/// The same from facts: `has_waiting_for` tells whether the annotation is there (removing what is not fails the patch).
nlohmann::json ReleasePatch(core::Revision at, bool has_waiting_for);

/// JSON Merge Patch that says on the held object what it waits for. Merge, because an object may have no annotations
/// yet; it carries the revision, so another writer gives a conflict instead of a line about an older requirement.
///
/// Each write bumps the object's generation and wakes GitOps tools: write only when the text has changed.
nlohmann::json WaitingForPatch(std::string_view text, core::Revision at);

}  // namespace gate
