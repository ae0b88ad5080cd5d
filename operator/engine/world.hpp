#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "api/database.hpp"
#include "api/ledger.hpp"
#include "api/migration.hpp"
#include "core/object_key.hpp"
#include "observed/job_facts.hpp"
#include "observed/pod_facts.hpp"
#include "observed/workload_facts.hpp"

namespace engine {

template <class Object>
using Shared = std::shared_ptr<const Object>;

/// What this pass learned from the API server itself, beyond the stores. Empty at the start of each pass: no decision
/// rests on memory that a crash loses.
struct Learned {
    /// The Jobs in World::jobs come from a quorum list of this database's Jobs.
    bool jobs_are_live = false;
    /// Jobs whose pods in World::pods come from a quorum list, with Detail::Evidence.
    std::set<std::string> pods_are_live;
    /// Job names under which the server answered "already exists" and the object is not the run we meant.
    std::set<std::string> foreign_jobs;
    /// Job name -> why the server refused to create it, in its own words.
    std::map<std::string, std::string> refused_jobs;
};

/// All that matters for one database, as last seen.
struct World {
    core::ObjectKey key;
    Shared<api::Database> database;  ///< nullptr: there is no such object
    std::vector<Shared<api::Migration>> migrations;
    std::vector<Shared<observed::JobFacts>> jobs;
    std::vector<Shared<observed::PodFacts>> pods;
    /// Gated workloads of the namespace that name this database.
    std::vector<Shared<observed::WorkloadFacts>> workloads;
    Learned learned;
};

/// All that matters for the Ledger of one namespace.
struct LedgerWorld {
    std::string ns;
    Shared<api::Ledger> ledger;  ///< nullptr: there is none yet
    std::vector<Shared<api::Database>> databases;
    std::vector<Shared<api::Migration>> migrations;
    std::vector<Shared<observed::WorkloadFacts>> workloads;
};

/// All that matters for one gated workload.
struct WorkloadWorld {
    Shared<observed::WorkloadFacts> workload;  ///< nullptr: gone
    Shared<api::Ledger> ledger;
    std::vector<Shared<api::Database>> databases;  ///< of its namespace
    std::vector<Shared<api::Migration>> migrations;
};

}  // namespace engine
