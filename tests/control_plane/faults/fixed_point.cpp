#include "control_plane/faults/fixed_point.hpp"

#include <algorithm>
#include <thread>

namespace faults {
namespace {

using Steady = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kLook{20};

bool IsIdle(Victim& victim) {
    try {
        return victim.Metric("workqueue_depth") == 0 && victim.Metric("controller_runtime_active_workers") == 0;
    } catch (const std::exception&) {
        return false;  // just started
    }
}

}  // namespace

std::string AwaitFixedPoint(Scene& scene, const std::function<bool()>& matches) {
    const auto end = Steady::now() + kFixedPointWithin;
    std::string missing = "the expected state";
    // Silence counts from when this very process works: it may have been started a moment ago.
    int seen_start = 0;
    auto works_since = Steady::now();
    while (Steady::now() < end) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Steady::now());
        if (!scene.History().WaitFor(matches, left)) break;
        missing = "a running operator";
        if (!scene.Operator().Running()) return "the operator ended by itself:\n" + scene.Operator().Log();
        if (scene.Operator().Ready()) {
            missing = "silence of " + std::to_string(kQuiet.count()) + " ms";
            if (seen_start != scene.Operator().Starts()) {
                seen_start = scene.Operator().Starts();
                works_since = Steady::now();
            }
            const auto works = std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - works_since);
            const auto quiet = std::min(scene.Proxy().QuietFor(), works);
            if (quiet >= kQuiet && IsIdle(scene.Operator()) && matches()) return {};
            if (quiet < kQuiet) std::this_thread::sleep_for(kQuiet - quiet);
        }
        std::this_thread::sleep_for(kLook);
    }
    return "I7: not within " + std::to_string(kFixedPointWithin.count()) + " s: " + missing;
}

}  // namespace faults
