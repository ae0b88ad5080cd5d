#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "control_plane/faults/scene.hpp"

namespace faults {

struct RandomFaultSettings {
    std::uint64_t seed = 1;
    /// Chances in a thousand for each request of that kind.
    int of_writes = 120;
    int of_watches = 300;
    int of_reads = 40;
    /// After so many everything passes.
    int most = 8;
    /// SIGKILL at a write; never for an operator that several scenes share.
    bool kills = true;
    /// A request that is never answered costs its client 15 s.
    bool hangs = false;
};

struct FaultCounts {
    std::atomic<int> faults{0};
    std::atomic<int> kills{0};
    std::atomic<bool> over{false};
};

/// Puts faults of all kinds between the operator and the API server, drawn from the seed, until `over` is set: then
/// everything passes. The scene outlives the proxy's use of the rule.
std::shared_ptr<FaultCounts> ArmRandomFaults(support::FaultProxy& proxy, const std::function<void()>& kill,
                                             const RandomFaultSettings& settings);

}  // namespace faults
