#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/revision.hpp"

/// What the patches of every gated kind have in common. Pure.
namespace gate {

/// Longest text of a waiting-for annotation, bytes. Long enough for the cause and the next step; it is also printed on
/// one line by `kubectl describe`.
inline constexpr std::size_t kLongestWaitingFor = 1024;

/// JSON Merge Patch that says on the held object what it waits for. Merge, because an object may have no annotations
/// yet; it carries the revision, so another writer gives a conflict instead of a line about an older requirement.
///
/// Each write on a Deployment bumps its generation and wakes GitOps tools: write only when the text has changed.
nlohmann::json WaitingForPatch(std::string_view text, core::Revision at);

/// One operation of a JSON Patch.
nlohmann::json Operation(std::string_view op, std::string path);
nlohmann::json Operation(std::string_view op, std::string path, nlohmann::json value);
/// A JSON pointer step: "~" and "/" have meanings of their own (RFC 6901).
std::string Escaped(std::string_view step);

/// A release: `at` is tested first, then come the kind's `own` operations, the label "open", and the waiting-for line
/// is removed if it is there (`has_waiting_for`: removing what is not fails a patch).
nlohmann::json ReleaseOperations(core::Revision at, const nlohmann::json& own, bool has_waiting_for);

}  // namespace gate
