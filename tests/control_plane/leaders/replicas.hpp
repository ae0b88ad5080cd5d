#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "control_plane/controllers/operator_fixture.hpp"
#include "control_plane/fuzz/object_view.hpp"
#include "control_plane/fuzz/played_node.hpp"
#include "control_plane/leaders/history.hpp"
#include "control_plane/leaders/wire.hpp"
#include "kube/clients.hpp"

namespace test {

using Steady = std::chrono::steady_clock;

/// What was wrong in one scenario; also its figures. Thread-safe, because scenarios run side by side.
class Findings final {
public:
    void Violation(const std::string& scenario, const std::string& text);
    void HandOver(const std::string& kind, std::chrono::milliseconds took);
    void Note(const std::string& text);

    std::vector<std::string> Violations() const;
    std::vector<std::chrono::milliseconds> HandOvers(const std::string& kind) const;
    std::vector<std::string> Notes() const;

private:
    mutable std::mutex mutex_;
    std::vector<std::string> violations_, notes_;
    std::map<std::string, std::vector<std::chrono::milliseconds>> hand_overs_;
};

/// A replica: the operator's process with election on, behind a wire of its own.
struct Replica {
    std::string name;
    std::unique_ptr<Wire> wire;
    std::unique_ptr<OperatorProcess> process;
};

/// Two replicas in a namespace of their own, their Lease there too; a node that runs what they start.
///
/// A step that does not come to pass throws std::runtime_error.
class Replicas final {
public:
    Replicas(std::string scenario, Findings& findings);

    const std::string& Ns() const { return namespace_.Name(); }
    const kube::Client& Client() const { return client_; }
    PlayedNode& Node() { return *node_; }
    Replica& A() { return replicas_[0]; }
    Replica& B() { return replicas_[1]; }
    Replica& Leader();
    Replica& Follower();

    /// A leads, B follows.
    void Start();
    /// Of the Lease; "" when there is none or it is free.
    std::string Holder() const;
    struct Succeeded {
        /// Since the old leader's end.
        std::chrono::milliseconds took;
        /// The slowest answer of the API server to one small question meanwhile: how busy this machine was.
        std::chrono::milliseconds slowest_answer;
    };
    /// Throws unless `replica` holds the Lease within the time.
    Succeeded WaitForLeader(const Replica& replica, Steady::time_point from,
                            std::chrono::milliseconds patience = std::chrono::seconds{40}) const;
    /// Throws unless the process ends by itself.
    void WaitForEnd(Replica& replica, std::chrono::milliseconds patience) const;

    void CreateDatabase(const std::string& name) const;
    void WaitUntilRead(const std::string& name) const;
    void MakeDatabase(const std::string& name = "orders") const;
    void Apply(const std::string& version, const std::string& name = "orders") const;
    void Require(const std::string& requirement, const std::string& name = "orders") const;
    void WaitForRunningPod(const std::string& name = "orders") const;
    /// And its run, if it had one, stands in the record.
    void WaitUntilReady(const std::string& name = "orders") const;
    void Wait(const std::function<bool()>& condition, const std::string& what,
              std::chrono::milliseconds patience = support::kPatience) const;

    /// After it nothing of this replica may be accepted, except events and its own releases of the Lease.
    void Supersedes(const Replica& successor, const Replica& former);
    /// Starts it anew, as Kubernetes would: it may lead again.
    void Restart(Replica& replica);

    /// The invariants, on the history. `runs`: migrations that should have run, each once.
    void Check(std::size_t runs);
    /// The first one of a scenario is told with the whole history.
    void Violation(const std::string& text);

    std::string Trace() const;
    Findings& Report() { return findings_; }

private:
    void GrantLease() const;
    void CheckJobs(const std::vector<HistoryEntry>& writes);
    void CheckRecords();
    void CheckSuperseded(const std::vector<HistoryEntry>& writes);

    const std::string scenario_;
    Findings& findings_;
    support::Namespace namespace_;
    kube::Clients clients_;
    kube::Client client_;
    History history_;
    std::vector<Replica> replicas_;
    std::unique_ptr<PlayedNode> node_;
    struct Succession {
        std::string former, successor;
        std::string at;
        /// "" for good.
        std::string until;
    };
    std::vector<Succession> successions_;
    bool is_traced_ = false;
};

}  // namespace test
