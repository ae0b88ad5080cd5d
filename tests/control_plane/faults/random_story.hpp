#pragma once

#include <cstdint>
#include <functional>

#include "control_plane/faults/scene.hpp"

namespace faults {

/// What users and a cluster do to one Database for a few seconds, drawn from the seed: Migrations that succeed and fail
/// in every way, specs there and back, deletes and re-creations, retry tokens, evicted pods, deleted Jobs, duplicate
/// pods, a missing Secret. Everything is let go at the end, so that a fixed point is possible.
/// `disturb` is called now and then: a kill of the operator, or nothing.
void PlayRandomStory(Scene& scene, std::uint64_t seed, const std::function<void()>& disturb);

/// A second pod for the newest Job of a migration, as Job controllers made in clusters whose API server lost writes.
void DuplicatePod(Scene& scene);

}  // namespace faults
