#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "control_plane/faults/scene.hpp"

namespace faults {

/// Stuck (I7): nothing changed for so long and it is not as it should be. Longer than the minute that a second question
/// to a database has to wait. Not a limit for the whole: two cores are shared by many cases, and how long they take
/// says more about the neighbours. What goes on and on is ended by the second figure.
inline constexpr std::chrono::seconds kStuckAfter{75};
inline constexpr std::chrono::seconds kFixedPointWithin{400};
/// And then nobody writes for so long, with empty queues and idle workers.
inline constexpr std::chrono::milliseconds kQuiet{300};

/// What is not as its owners declared it, or still goes on; empty when there is nothing: Migrations are Ready or
/// Stalled for good, Databases show what the played tables hold, rollouts whose version is reached are open.
std::string Unsettled(Scene& scene);

/// Waits for `matches` and silence. Empty when it came to it in time; else what was missing.
std::string AwaitFixedPoint(Scene& scene, const std::function<bool()>& matches);

}  // namespace faults
