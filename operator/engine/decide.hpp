#pragma once

#include "core/time.hpp"
#include "engine/decision.hpp"
#include "engine/world.hpp"

/// Every decision of the operator. Pure: no I/O, no clock, no randomness; the same World and time give the same answer,
/// which is what the tests, the explorer and the operator share.
namespace engine {

/// What to do next for one database. Call again after each step; no step and nothing learned is a fixed point.
Decision Decide(const World& world, core::Time now);

/// What to do next for the Ledger of one namespace.
GateDecision DecideLedger(const LedgerWorld& world);

/// What to do next for one gated workload.
GateDecision DecideWorkload(const WorkloadWorld& world);

}  // namespace engine
