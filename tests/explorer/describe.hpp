#pragma once

#include <string>

#include "explorer/operator.hpp"
#include "explorer/state.hpp"

namespace explorer {

/// What a step of the operator is, for a path that a person reads: "writes the record of run ... : Active".
std::string Describe(const DatabaseWorker::Plan& plan, const State& state);
std::string Describe(const engine::GateDecision& decision);
/// What a person must know of a state: conditions, record, Jobs, pods.
std::string Describe(const State& state);

}  // namespace explorer
