#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "one_runner/plan.hpp"
#include "one_runner/tcp_proxy.hpp"
#include "support/process.hpp"

namespace one_runner {

using Instant = std::chrono::steady_clock::time_point;

/// A migration's pod and the kubelet around it: starts the agent, asks `tidegate-agent ready`, starts the migration
/// only then, starts an agent that died again with the pod's state directory, sends it SIGTERM when the migration has
/// ended. Real processes; what is played is only the order in which a kubelet starts them.
///
/// Step() never blocks. One thread.
class Pod {
public:
    struct Setting {
        std::string round;
        int number;
        std::filesystem::path folder;
        std::string database;
        int port;
        std::vector<std::string> agent_options;
        Milliseconds settle;
        /// Writes a line to the round's trace.
        std::function<void(const std::string&)> say;
    };

    Pod(const PlannedPod& plan, Setting setting);
    ~Pod();

    void Step(Instant now);

    /// When it happened first; nullopt: not yet.
    std::optional<Instant> Since(Event event) const;
    /// Nothing will happen in it any more.
    bool Over() const { return phase_ == Phase::Over; }
    /// Deleted by force.
    bool Killed() const { return killed_; }
    /// Its agent was kept waiting by somebody else.
    bool Waited() const;
    /// Of the migration's process; `ended` is nullopt while it runs.
    struct Interval {
        Instant started;
        std::optional<Instant> ended;
    };
    const std::optional<Interval>& Migration() const { return migration_interval_; }
    /// Of `tidegate-agent ready`, which only looks for a file.
    Instant::duration LongestProbe() const { return longest_probe_; }

    /// The faults. They do nothing when there is nothing that they could hit.
    bool KillAgent(Milliseconds restart_after, Instant now);
    bool KillMigration();
    bool Kill(Instant now);
    bool SignalAgent(int signal);
    bool SignalMigration(int signal);
    TcpProxy* Network() { return proxy_.get(); }
    void WasHit(Instant now) { Happened(Event::Faulted, now); }

    std::string Logs() const;

private:
    enum class Phase { Waiting, Starting, Migrating, Stopping, Over };

    void Happened(Event event, Instant now);
    void StartAgent(Instant now);
    void StartMigration(Instant now);
    void StepAgent(Instant now);
    void StepWaiting(Instant now);
    void StepStarting(Instant now);
    void StepMigrating(Instant now);
    std::string Output(const char* name) const;

    const PlannedPod plan_;
    const Setting setting_;
    std::filesystem::path state_;
    std::map<std::string, std::string> environment_;
    std::unique_ptr<TcpProxy> proxy_;
    std::unique_ptr<testing_support::Process> agent_;
    std::unique_ptr<testing_support::Process> probe_;
    std::unique_ptr<testing_support::Process> migration_;
    Phase phase_ = Phase::Waiting;
    bool killed_ = false;
    std::optional<Instant> agent_starts_at_;
    bool held_seen_ = false;
    Instant probe_at_{};
    Instant probe_began_{};
    Instant::duration longest_probe_{0};
    Instant container_at_{};
    std::map<Event, Instant> events_;
    std::optional<Interval> migration_interval_;
};

}  // namespace one_runner
