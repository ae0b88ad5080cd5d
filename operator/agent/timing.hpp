#pragma once

#include <chrono>

#include "agent/patience.hpp"
#include "database/fence_rule.hpp"

namespace agent {

/// Every time the agent keeps; injectable so that tests need not wait for them.
struct Timing {
    database::FenceTiming fence;
    Patience::Limits patience;
    /// How long the reading after SIGTERM is tried: a server that restarts just when the migration ends.
    std::chrono::milliseconds last_reading{20'000};
    /// Beyond it, for a server that accepts and never answers: one connection attempt begun at the end (5 s to connect,
    /// 5 s to explain a refusal) and some seconds. The pod's grace period must be longer than both together.
    std::chrono::milliseconds stop_margin{15'000};
    /// Between two looks at the locks while the migration runs: nobody is kept waiting for longer than a second beyond
    /// what was asked for, and a look costs the server a few milliseconds at most. Also what keeps the connection that
    /// holds the fence alive: far below the idle timeouts of firewalls and load balancers (the shortest in wide use is
    /// 60 s).
    std::chrono::milliseconds lock_look{1'000};

    /// Everything that many times shorter, but lock_look. What the fence promises rests on how these times compare with
    /// each other, so a test of it may hurry them all, never one of them (but poll: who looks less often sees less).
    /// Looks at the locks are no part of it; hurried, they would only load the server of hundreds of agents.
    Timing DividedBy(int divisor) const;
};

}  // namespace agent
