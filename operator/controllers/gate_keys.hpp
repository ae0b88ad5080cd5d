#pragma once

#include <string>

#include "core/object_key.hpp"
#include "observed/workload_facts.hpp"

namespace controllers {

/// Keys of the gate queue: a Deployment, a Job, or a namespace for its Ledger. A Deployment and a Job may have one
/// name; a Job's key has a slash, which no object's name has.
core::ObjectKey GateKey(observed::WorkloadKind kind, const core::ObjectKey& workload);
core::ObjectKey LedgerKey(const std::string& ns);

bool IsLedgerKey(const core::ObjectKey& key);
/// Of a key that is no Ledger's.
observed::WorkloadKind KindOf(const core::ObjectKey& key);
core::ObjectKey WorkloadOf(const core::ObjectKey& key);

}  // namespace controllers
