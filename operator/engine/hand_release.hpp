#pragma once

#include <vector>

#include "api/ledger.hpp"
#include "engine/decision.hpp"
#include "engine/world.hpp"

namespace engine {

struct HandReleases {
    /// What the Ledger shall list, sorted.
    std::vector<api::HandRelease> in_effect;
    /// One for each that the Ledger does not list yet.
    std::vector<Note> notes;
};

/// Who goes on without proof because somebody said so (tidegate.io/release equals the requirement). The Ledger
/// remembers which were recorded: it outlives the operator and any event, and nothing has to be written on a workload
/// that GitOps tools own. An entry goes with the annotation, so the same value given again is recorded again.
HandReleases FindHandReleases(const LedgerWorld& world);

}  // namespace engine
