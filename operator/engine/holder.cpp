#include "engine/cause.hpp"
#include "engine/concerns.hpp"
#include "engine/lookup.hpp"
#include "engine/tuning.hpp"

namespace engine {

const observed::PodFacts* PodThatWaitsForFence(const World& world, core::Time now) {
    const auto* run = ActiveRun(world.database->status);
    if (run == nullptr) return nullptr;
    const auto* pod = FindPodOf(world, *run);
    const auto cause = FindCause(FindJobOf(world, *run), pod, now);
    return cause && cause->is_fence ? pod : nullptr;
}

std::optional<Decision> DecideFenceHolder(const World& world, core::Time now) {
    const auto* pod = PodThatWaitsForFence(world, now);
    if (pod == nullptr) return std::nullopt;
    const auto& known = world.learned.fence_holder;
    // A clock that was set back must not keep an old word for ever.
    const bool is_fresh =
        known && known->pod == pod->uid && known->asked <= now && now - known->asked < kFenceHolderInterval;
    if (is_fresh) return std::nullopt;
    return Decision{.step = ListEventsLive{.pod = pod->key, .uid = pod->uid}};
}

}  // namespace engine
