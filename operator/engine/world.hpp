#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/database.hpp"
#include "api/ledger.hpp"
#include "api/migration.hpp"
#include "core/object_key.hpp"
#include "engine/old_pods.hpp"
#include "engine/tuning.hpp"
#include "observed/job_facts.hpp"
#include "observed/pod_facts.hpp"
#include "observed/workload_facts.hpp"

namespace engine {

template <class Object>
using Shared = std::shared_ptr<const Object>;

/// How far this process came with the Job of the active run. Memory that a crash may lose: Unknown is always safe, and
/// makes the engine ask the database before it creates a Job that may have been there and be gone.
enum class JobRequest {
    Unknown,
    NotSent,  ///< this process wrote the intent and did not ask for the Job, or was refused: nobody else did
    Done,     ///< the Job was created
};

/// Who keeps the agent of a pod from the fence: what the kubelet's newest event of that pod says.
struct FenceHolder {
    /// The pod that waits.
    core::Uid pod;
    /// When the API server was asked.
    core::Time asked;
    /// The agent's words, one line, untrusted; empty: there was no such event.
    std::string words;
    /// The run that they name, if this operator knows it: "Job a of Migration b in namespace c".
    std::string run;
};

/// What is known beyond the stores. All but `job_request`, `fence_holder` and `old_pods` was learned from the API
/// server in this very pass: no decision rests on memory that a crash loses.
struct Learned {
    /// The Jobs in World::jobs come from a quorum list of this database's Jobs.
    bool jobs_are_live = false;
    /// Jobs whose pods in World::pods come from a quorum list, with Detail::Evidence.
    std::set<std::string> pods_are_live;
    /// Job names under which the server answered "already exists" and the object is not the run we meant.
    std::set<std::string> foreign_jobs;
    /// Job name -> why the server refused to create it, in its own words.
    std::map<std::string, std::string> refused_jobs;
    JobRequest job_request = JobRequest::Unknown;
    /// Only a text rests on it: asked for anew when it is older than kFenceHolderInterval.
    std::optional<FenceHolder> fence_holder;
    /// World::ledger is what a quorum read gave.
    bool ledger_is_live = false;
    /// What is not live is good for texts, and for not asking too often.
    std::optional<OldPods> old_pods;
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
    /// Of the namespace; nullptr: there is none.
    Shared<api::Ledger> ledger;
    /// Shorter in tests alone.
    std::chrono::seconds in_flight_wait = kInFlightWait;
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
    /// Of a CronJob's Job: the gated Jobs of the same CronJob, open and ended ones too. May hold the Job itself.
    std::vector<Shared<observed::WorkloadFacts>> siblings;
};

}  // namespace engine
