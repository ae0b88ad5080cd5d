#pragma once

#include "controllers/ended_pods.hpp"
#include "controllers/stores.hpp"
#include "runtime/queue.hpp"

namespace controllers {

/// Which event wakes which key: the whole wiring in one place. Keys of the database queue are Databases; those of the
/// gate queue: gate_keys.hpp. Before the reflectors start; all arguments
/// must outlive the stores.
void AddRoutes(Stores& stores, runtime::Queue& databases, runtime::Queue& gate, EndedPods& ended_pods);

}  // namespace controllers
