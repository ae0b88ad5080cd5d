#include "control_plane/faults/kills.hpp"

#include <atomic>

namespace faults {

std::string Name(Kill kill) {
    switch (kill) {
        case Kill::kBeforeForward:
            return "before-forward";
        case Kill::kAfterCommit:
            return "after-commit";
        case Kill::kAfterReply:
            return "after-reply";
    }
    return {};
}

std::string Name(const std::vector<KillAt>& kills) {
    std::string text;
    for (const auto& one : kills)
        text += (text.empty() ? "" : ", then ") + Name(one.kill) + " of write " + std::to_string(one.write);
    return text;
}

std::shared_ptr<std::atomic<int>> ArmKills(Scene& scene, std::vector<KillAt> kills) {
    auto fired = std::make_shared<std::atomic<int>>(0);
    scene.Proxy().SetRule([&scene, kills = std::move(kills), fired, next = std::size_t{0}](
                              const support::ProxiedRequest& request) mutable -> support::FaultAction {
        // A later one counts from the restart, which `fired` tells.
        if (next >= kills.size() || static_cast<std::size_t>(fired->load()) != next ||
            request.write_number != kills[next].write)
            return {};
        const auto kill = kills[next++].kill;
        auto hook = [&scene, fired] {
            scene.KillAndRestart();
            ++*fired;
        };
        switch (kill) {
            case Kill::kBeforeForward:
                return support::fault::KillBeforeForward(hook);
            case Kill::kAfterCommit:
                return support::fault::KillAfterCommit(hook);
            case Kill::kAfterReply:
                return support::fault::KillAfterReply(hook);
        }
        return {};
    });
    return fired;
}

}  // namespace faults
