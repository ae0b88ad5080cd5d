#pragma once

#include <optional>

#include "engine/decide.hpp"
#include "explorer/oracle.hpp"
#include "explorer/scenario.hpp"
#include "explorer/state.hpp"
#include "explorer/transition.hpp"

namespace explorer {

/// What becomes of the answer to a write.
enum class Reply { Received, LostAfterCommit, LostBeforeCommit };

/// The database worker of the operator, as controllers::DatabaseController works: a pass resolves doubts, waits until
/// the stores have seen its own writes, decides, and performs steps until one wrote. The decisions are the product's.
class DatabaseWorker final {
public:
    DatabaseWorker(const Scenario& scenario, State& state, Violations& broken)
        : scenario_(scenario), state_(state), broken_(broken) {}

    struct Plan {
        enum class What {
            Waits,     ///< for a store
            Posts,     ///< the create that was prepared
            Performs,  ///< `decision.step`
            Rests,     ///< nothing to do until `decision.look_again`
        };
        What what = What::Waits;
        engine::Decision decision;
    };

    /// What the worker does next. Doubts are resolved first, by live reads.
    Plan MakePlan();
    /// Does it. False when this reply makes no sense for it.
    bool Perform(const Plan& plan, Reply reply);
    /// One write request goes to the API server with it.
    static bool Writes(const Plan& plan);
    void EndPass() { state_.memory.pass = nullptr; }

    static engine::World BuildWorld(const Scenario& scenario, const State& state);

private:
    bool Do(const engine::WriteDatabaseStatus& write, Reply reply);
    bool Do(const engine::WriteMigrationStatus& write, Reply reply);
    bool Do(const engine::CreateMigrationJob& create, Reply reply);
    bool Do(const engine::CreateProbeJob& create, Reply reply);
    bool Do(const engine::DeletePod& end, Reply reply);
    bool Do(const engine::SuspendJob& end, Reply reply);
    bool Do(const engine::DeleteJob& old, Reply reply);
    bool Do(const engine::ListJobsLive& list, Reply reply);
    bool Do(const engine::ListPodsLive& list, Reply reply);
    bool Do(const engine::ListEventsLive& list, Reply reply);
    bool Do(const engine::ReadLedgerLive& read, Reply reply);
    bool Do(const engine::ListOldPodsLive& list, Reply reply);

    bool Post(std::shared_ptr<const Job> job, Reply reply);
    void Remember(engine::JobRequest how_far);
    /// The pass with what it has learned, to be changed and put back.
    Pass Learned() const;
    void PutBack(Pass pass);
    bool Wrote(Kind kind, const std::string& name, std::uint64_t revision, Reply reply);

    const Scenario& scenario_;
    State& state_;
    Violations& broken_;
};

/// The two kinds of work of controllers::GateController: the namespace's Ledger and the held Deployment.
class GateWorker final {
public:
    GateWorker(const Scenario& scenario, State& state, Violations& broken)
        : scenario_(scenario), state_(state), broken_(broken) {}

    /// nullopt: nothing to do, or it waits for a store.
    std::optional<engine::GateDecision> DecideLedger();
    std::optional<engine::GateDecision> DecideWorkload();
    void Perform(const engine::GateDecision& decision, Reply reply);

private:
    void Do(const engine::WriteLedger& write, Reply reply);
    void Do(const engine::ReleaseWorkload& release, Reply reply);
    void Do(const engine::WriteWaitingFor& write, Reply reply);
    /// No world of the explorer has a CronJob.
    void Do(const engine::DeleteHeldJob&, Reply) {}

    const Scenario& scenario_;
    State& state_;
    Violations& broken_;
};

/// The stores have seen all that was written, and nothing is in doubt.
bool MayDecide(const State& state, const Tracker& tracker);
/// What is in doubt is read live: from then on the stores must have seen that.
void Resolve(const State& state, Tracker& tracker);

/// The API server takes a create of ours.
void CommitJob(const Scenario& scenario, State& state, const std::shared_ptr<const Job>& job, Violations& broken);

}  // namespace explorer
