#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/time.hpp"
#include "engine/decide.hpp"
#include "support/crd_schema.hpp"

/// A model of what the operator's writes and the Job controller and kubelet do to the objects of one Database, so that
/// the engine's decisions can be followed to a fixed point without a cluster. Objects are JSON as the API server keeps
/// them (pruned and checked by our CRDs' schemas) and reach the engine through the same parsers as in the operator.
/// What it is not: a model of watches. Stores show everything at once, except where a case says otherwise.
namespace simulation {

using Json = nlohmann::json;

inline constexpr const char* kNamespace = "shop";
inline constexpr const char* kDatabase = "orders";

/// How a migration container ends, and what the agent saw.
struct End {
    int exit_code = 0;
    /// The database's version table afterwards; left out: as before.
    std::optional<std::vector<std::string>> versions;
    std::string reason;  ///< of the terminated container; by default Completed or Error
    std::string tail;
    bool dirty = false;
    bool agent_reports = true;
    bool pod_stays = true;
    bool started = true;
    std::string disruption;  ///< reason of condition DisruptionTarget
    std::optional<api::AgentReport::Locks> locks;
};

class Cluster final {
public:
    Cluster();

    // Users.
    /// Merges `changes` into the spec (creating the object first where there is none) and raises the generation.
    void ApplyDatabase(const Json& changes = Json::object());
    void ApplyMigration(const std::string& name, const Json& changes = Json::object());
    void DeleteDatabase();
    /// The Job stays until CollectGarbage, as with background deletion.
    void DeleteMigration(const std::string& name);
    /// Job and pods vanish at once.
    void DeleteJobAndPods(const std::string& job);
    void HoldDeployment(const std::string& name, const std::string& requires_text);

    // Kubernetes.
    void Advance(std::chrono::seconds time) { now_ += time; }
    core::Time Now() const { return now_; }
    /// Pod made, nothing runs yet: `status` is merged into the pod.
    Json& MakePod(const std::string& job, const Json& status = Json::object());
    /// Agent holds the fence, migration container runs.
    void StartMigration(const std::string& job);
    void EndMigration(const std::string& job, const End& end = {});
    /// The Job controller has seen that the Job is suspended.
    void ActOnSuspension(const std::string& job);
    /// Every open probe Job ends with what `versions` says; false when there is none.
    bool EndProbe();
    void FailProbe(const std::string& reason, const std::string& message);
    /// The kubelet or pod garbage collector ends a pod under deletion whose migration container never ran.
    void EndDeletedPod(const std::string& job);
    /// Jobs of owners that are gone vanish.
    void CollectGarbage();

    // The operator.
    /// Decides and performs until nothing is left to do; what was written, in order. Fails the test when that takes too
    /// long, when a write changes nothing, breaks a schema, or when deciding once more gives a step.
    std::vector<std::string> Settle();
    /// As Settle, but stops after that many writes.
    std::vector<std::string> SettleAtMost(std::size_t writes);
    /// Settles, ends open probes, settles again: a database that answers.
    std::vector<std::string> SettleWithProbes();

    /// The operator is started again: what it only remembered is gone.
    void Restart() {
        job_request_ = engine::JobRequest::Unknown;
        old_pods_.reset();
    }

    engine::World MakeWorld(const engine::Learned& learned = {}) const;
    engine::LedgerWorld MakeLedgerWorld() const;
    /// The gate's worker writes the Ledger, if there is something to write.
    bool WriteLedger();

    // What is there.
    Json database;  ///< null: there is none
    std::map<std::string, Json> migrations, jobs, pods;
    std::vector<observed::WorkloadFacts> workloads;
    /// What has or makes pods besides our Jobs.
    std::vector<observed::SchemaUser> users;
    /// null: there is none. The stores show it, and a quorum read gives it.
    Json ledger;
    /// How often all that has or makes pods was listed.
    int user_lists = 0;
    /// What the history table really says.
    std::vector<std::string> versions;
    std::string identity = "7301/16384";
    /// What the agent of a pod that waits for the fence says, and whose run that is.
    std::string fence_words, fence_run;
    /// How often the API server was asked for that.
    int event_lists = 0;
    /// When set, the API server refuses every new Job with these words.
    std::optional<std::string> refuse_jobs;
    /// Pods as the store still shows them, behind what a live list gives.
    std::map<std::string, Json> pods_in_store;
    std::optional<core::Time> look_again;
    std::vector<engine::Note> notes;
    /// Migration Jobs that were created, in order: the oracle for "exactly as often as allowed".
    std::vector<std::string> created_jobs;

    api::Database ParsedDatabase() const;
    api::Migration ParsedMigration(const std::string& name) const;
    /// The newest created migration Job.
    const std::string& LastJob() const { return created_jobs.back(); }
    std::vector<std::string> JobsOfRole(const std::string& role) const;
    std::string Reason(const std::string& migration) const;
    std::string ReadyStatus(const std::string& migration) const;
    Json History(const std::string& migration) const;

private:
    enum class After { DecideAgain, Wrote, ComeBack };

    After Perform(const engine::Step& step, engine::Learned& learned, std::vector<std::string>& log);
    After Write(const engine::WriteDatabaseStatus& write, std::vector<std::string>& log);
    After Write(const engine::WriteMigrationStatus& write, std::vector<std::string>& log);
    After Create(const Json& job, const std::string& owner, const std::string& what, engine::Learned& learned,
                 std::vector<std::string>& log);
    void FinishJob(const std::string& job, bool complete);
    std::string Stamp();
    std::string NextUid();
    Json Meta(const std::string& name);

    support::CrdSchema database_schema_{"databases"};
    support::CrdSchema migration_schema_{"migrations"};
    support::CrdSchema ledger_schema_{"ledgers"};
    core::Time now_;
    int counter_ = 0;
    engine::JobRequest job_request_ = engine::JobRequest::Unknown;
    std::optional<engine::FenceHolder> fence_holder_;
    std::optional<engine::OldPods> old_pods_;
};

/// One whose Database was read and is at 0001.
Cluster ReadCluster();

}  // namespace simulation
