#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "control_plane/faults/scene.hpp"

namespace faults {

/// How long after the last fault everything has to be in its place (I7): 30 s on an idle machine, and two cores are
/// shared by many cases here. What does not converge does not do so later either.
inline constexpr std::chrono::seconds kFixedPointWithin{90};
/// And then nobody writes for so long, with empty queues and idle workers.
inline constexpr std::chrono::milliseconds kQuiet{300};

/// What is not as its owners declared it, or still goes on; empty when there is nothing: Migrations are Ready or
/// Stalled for good, Databases show what the played tables hold, rollouts whose version is reached are open.
std::string Unsettled(Scene& scene);

/// Waits for `matches` and silence. Empty when it came to it in time; else what was missing.
std::string AwaitFixedPoint(Scene& scene, const std::function<bool()>& matches);

}  // namespace faults
