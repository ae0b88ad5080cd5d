#pragma once

#include <string>
#include <vector>

#include "explorer/scenario.hpp"
#include "explorer/state.hpp"
#include "explorer/transition.hpp"

/// I7: when the faults have ended, the operator comes to rest within bounds, writes nothing more, and rests where it
/// should.
namespace explorer {

struct Settled {
    State state;
    /// What was broken on the way or at the end.
    Violations broken;
    /// The steps, when asked for.
    std::vector<std::string> path;
    int steps = 0;
};

struct SettleOptions {
    bool wants_path = false;
};

/// The fault-free continuation: stores catch up, pods go on and succeed, what was deleted stays so, the clock leaps
/// when nothing else happens. Deterministic.
Settled Settle(const Scenario& scenario, State state, const SettleOptions& options);

/// Whether a state in which nothing happens any more is the right one.
void JudgeRest(const Scenario& scenario, const State& state, Violations& broken);

}  // namespace explorer
