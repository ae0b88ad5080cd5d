#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "control_plane/faults/scene.hpp"

namespace faults {

enum class Kill { kBeforeForward, kAfterCommit, kAfterReply };

inline constexpr Kill kKills[] = {Kill::kBeforeForward, Kill::kAfterCommit, Kill::kAfterReply};
std::string Name(Kill kill);

/// The operator is killed at its n-th write, counted from its last start (or the scene's CountFrom), and started again.
struct KillAt {
    Kill kill;
    int write;
};
std::string Name(const std::vector<KillAt>& kills);

/// Arms the proxy with one kill after the other. The counter tells how many came to pass.
std::shared_ptr<std::atomic<int>> ArmKills(Scene& scene, std::vector<KillAt> kills);

}  // namespace faults
