#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "control_plane/faults/scene.hpp"

namespace faults {

/// How long after the last fault everything has to be in its place (I7).
inline constexpr std::chrono::seconds kFixedPointWithin{30};
/// And then nobody writes for so long, with empty queues and idle workers.
inline constexpr std::chrono::milliseconds kQuiet{300};

/// Waits for `matches` and silence. Empty when it came to it in time; else what was missing.
std::string AwaitFixedPoint(Scene& scene, const std::function<bool()>& matches);

}  // namespace faults
