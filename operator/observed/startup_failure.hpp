#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/time.hpp"
#include "core/uid.hpp"

namespace observed {

/// What the agent of a pod that waits answered to the kubelet's startup probe, as the kubelet's event of the pod has
/// it: the only way in which a running container's words leave its node without a right to read logs.
///
/// Untrusted: whoever may create events in the namespace can write one.
struct StartupFailure {
    core::Time time;
    /// One line, cut.
    std::string words;

    bool operator==(const StartupFailure&) const = default;
};

/// Of a core/v1 Event. nullopt: it is about something else.
std::optional<StartupFailure> ParseStartupFailure(const nlohmann::json& event);

/// The Job whose run's tag is in the agent's words; empty when there is none.
core::Uid JobInTheWay(std::string_view words);

}  // namespace observed
