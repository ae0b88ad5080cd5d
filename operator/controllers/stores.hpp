#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/database.hpp"
#include "api/ledger.hpp"
#include "api/migration.hpp"
#include "observed/job_facts.hpp"
#include "observed/pod_facts.hpp"
#include "observed/workload_facts.hpp"
#include "runtime/store.hpp"

namespace controllers {

/// Names of the stores' indexes.
/// Objects that belong to a database, by DatabaseIndexValue.
inline constexpr const char* kByDatabase = "database";
/// Objects by namespace.
inline constexpr const char* kByNamespace = "namespace";
/// Gated Jobs, by the UID of their CronJob.
inline constexpr const char* kByCronJob = "cronjob";

/// "<namespace>/<name>" of a Database.
std::string DatabaseIndexValue(const std::string& ns, const std::string& database);

/// Databases that a gated workload's requirements name.
std::vector<std::string> RequiredDatabases(const observed::WorkloadFacts& workload);

/// Everything the operator sees of the cluster, as small structs. Jobs and pods: those with our role label; Deployments
/// and gated Jobs: those with the gate label.
struct Stores {
    /// Empty: all namespaces.
    explicit Stores(const std::vector<std::string>& namespaces);

    bool Synced() const;

    /// Gated workloads of both kinds.
    std::vector<std::shared_ptr<const observed::WorkloadFacts>> Workloads(const char* index,
                                                                          const std::string& value) const;
    std::shared_ptr<const observed::WorkloadFacts> FindWorkload(observed::WorkloadKind kind,
                                                                const core::ObjectKey& key) const;

    std::vector<std::string> scopes;
    runtime::Store<api::Database> databases;
    runtime::Store<api::Migration> migrations;
    runtime::Store<api::Ledger> ledgers;
    runtime::Store<observed::JobFacts> jobs;
    runtime::Store<observed::PodFacts> pods;
    runtime::Store<observed::WorkloadFacts> deployments;
    runtime::Store<observed::WorkloadFacts> gated_jobs;
};

}  // namespace controllers
