#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/database.hpp"
#include "api/ledger.hpp"
#include "api/migration.hpp"
#include "api/run_id.hpp"
#include "core/object_key.hpp"
#include "core/revision.hpp"
#include "core/time.hpp"
#include "core/uid.hpp"
#include "observed/workload_facts.hpp"

namespace engine {

/// The record: intent and results, with the Database's conditions.
struct WriteDatabaseStatus {
    core::ObjectKey database;
    core::Revision at;
    api::DatabaseStatus status;
    /// It holds the intent of the active run, new or renewed.
    bool is_intent = false;
};

/// What the Migration shows. `entry` joins the history at its front; what exceeds `history_limit` is removed.
struct WriteMigrationStatus {
    core::ObjectKey migration;
    core::Revision at;
    api::MigrationStatus status;
    std::optional<api::HistoryEntry> entry;
    std::size_t history_limit = 0;
};

/// The Migration is read live to build it; if it no longer asks for `run.key`, nothing is created.
struct CreateMigrationJob {
    core::ObjectKey database;
    core::ObjectKey migration;
    api::RunId run;
    std::string job_name;
};

struct CreateProbeJob {
    core::ObjectKey database;
    int launch = 0;
    std::string job_name;
    /// Versions whose being reached the report shall state.
    std::vector<std::string> wanted;
};

/// Ends a launch by deleting its *pod*, never the Job: the pod's final state says whether the migration had begun.
struct DeletePod {
    core::ObjectKey pod;
    core::Uid uid;
    core::Revision at;
};

/// Ends a launch that has no pod, so that nothing can come of it any more: its quota may be freed hours later.
struct SuspendJob {
    core::ObjectKey job;
    core::Revision at;
};

/// Superseded evidence: a recorded Job that has ended, or one that is suspended for good.
struct DeleteJob {
    core::ObjectKey job;
    core::Uid uid;
    core::Revision at = {};  ///< 0: whatever became of it
};

/// Quorum reads: "it does not exist" and "it has ended" are believed only after one.
struct ListJobsLive {};
struct ListPodsLive {
    std::string job;
};

/// The kubelet's events of a pod that waits for the fence: who is in the way.
struct ListEventsLive {
    core::ObjectKey pod;
    core::Uid uid;
};

/// The namespace's Ledger, by a quorum read.
struct ReadLedgerLive {};

/// Everything in the namespace that has or makes pods, for FindOldPods: what the Migration has to wait for.
struct ListOldPodsLive {
    core::ObjectKey migration;
};

using Step =
    std::variant<WriteDatabaseStatus, WriteMigrationStatus, CreateMigrationJob, CreateProbeJob, DeletePod, SuspendJob,
                 DeleteJob, ListJobsLive, ListPodsLive, ListEventsLive, ReadLedgerLive, ListOldPodsLive>;

/// An event, sent after the step succeeded.
struct Note {
    enum class On { Database, Migration, Deployment, Job, CronJob };
    On kind = On::Migration;
    core::ObjectKey object;
    core::Uid uid;
    bool warning = false;
    std::string reason;
    std::string text;
};

/// At most one write, and when to look again if nothing changes.
struct Decision {
    std::optional<Step> step;
    std::vector<Note> notes;
    std::optional<core::Time> look_again;
};

struct WriteLedger {
    std::string ns;
    core::Revision at;  ///< 0: create it
    std::vector<std::string> satisfied;
    /// Set when they change.
    std::optional<std::vector<api::HandRelease>> released = {};
    struct Observed {
        std::vector<api::ObservedBound> floor, ceiling;
    };
    /// Set when one of them changes.
    std::optional<Observed> observed = {};
};
struct ReleaseWorkload {
    observed::WorkloadKind kind = observed::WorkloadKind::Deployment;
    core::ObjectKey workload;
    core::Revision at;
};
struct WriteWaitingFor {
    observed::WorkloadKind kind = observed::WorkloadKind::Deployment;
    core::ObjectKey workload;
    core::Revision at;
    std::string text;
};
/// A newer one of the same CronJob exists.
struct DeleteHeldJob {
    core::ObjectKey job;
    core::Uid uid;
    core::Revision at;
};

struct GateDecision {
    std::optional<std::variant<WriteLedger, ReleaseWorkload, WriteWaitingFor, DeleteHeldJob>> step;
    std::vector<Note> notes;
};

}  // namespace engine
