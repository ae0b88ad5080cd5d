#pragma once

#include "explorer/transition.hpp"

namespace explorer {

/// The users and everything that may go wrong, paid from the purse. Each function hands on the states that follow.
void Interfere(Emitter& out);

/// The operator's three kinds of work; the clock leaps to when it wants to look again.
void RunDatabaseWorker(Emitter& out);
void RunGateWorkers(Emitter& out);

/// The whole model: everything that may happen next in this state.
void Expand(const Scenario& scenario, const State& from, Sink& sink);

/// The Database was read and found at the start level; the Migrations were just created, the Deployment is held.
State InitialState(const Scenario& scenario);

/// A Migration as its user makes it.
/// A Deployment that is created, or written, with this choice's image: held, unless the Ledger opens it.
Deployment WithImage(const Scenario& scenario, const State& state, Deployment deployment, int choice);

Migration NewMigration(const Scenario& scenario, State& state, std::size_t slot, int choice);
Database NewDatabase(const Scenario& scenario, State& state, int instance);

}  // namespace explorer
