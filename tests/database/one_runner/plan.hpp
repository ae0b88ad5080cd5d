#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace one_runner {

using Milliseconds = std::chrono::milliseconds;

/// What happens to a pod, and what faults and arrivals are timed by.
enum class Event {
    /// Its agent was started.
    Arrived,
    /// The agent says that it holds the fence; the kubelet has not looked yet.
    Holds,
    /// `tidegate-agent ready` ended with 0: the migration container is about to be created.
    Ready,
    /// The migration's process exists; it has no session yet.
    Spawned,
    InSession,
    /// The migration's process ended.
    MigrationEnded,
    /// The first fault hit it.
    Faulted,
};

enum class Fault {
    /// SIGKILL; the kubelet starts it again with the same state directory: an incumbent, if it held the fence.
    KillAgent,
    /// SIGKILL; its server process goes on.
    KillMigration,
    /// Both; the pod does not come back (a node lost, a pod deleted by force).
    KillPod,
    /// SIGSTOP, later SIGCONT.
    StopAgent,
    StopMigration,
    /// pg_terminate_backend of the session that holds the fence.
    TerminateFence,
    TerminateMigration,
    /// Loses its session while it cannot see it.
    StopAgentAndTerminateFence,
    /// The pod's connections are reset, and refused for a while.
    CutNetwork,
    /// Nothing arrives any more on the pod's connections, for a while.
    StallNetwork,
    /// pg_ctl restart -m fast, -m immediate.
    RestartServer,
    CrashServer,
    /// SIGKILL of one server process, which makes the server end and recover all of them.
    CrashBackend,
};

struct Trigger {
    int pod;
    Event event;
    Milliseconds delay;
};

struct PlannedFault {
    Fault fault;
    /// Whom it hits: the trigger's pod.
    Trigger when;
    /// How long it lasts, where that means something; for KillAgent: until it is started again.
    Milliseconds lasts;
};

struct PlannedPod {
    std::string job_uid;
    /// nullopt: at once.
    std::optional<Trigger> arrives;
    /// Behind a proxy whose connections can be cut.
    bool proxied = false;
    /// The kubelet's time between two probes, and between the last one and the container's start.
    Milliseconds probe_pause;
    Milliseconds container_start;
    /// The kubelet sees that the agent died before it starts the migration's container.
    bool kubelet_is_quick = true;
    int sessions = 1;
    Milliseconds hold;
    Milliseconds gap;
    bool reconnects = false;
};

/// One round, drawn from its number alone: pods of one or several Jobs that all want the same database, and what is
/// done to them.
///
/// Every plan stays inside of what a fence can promise (database/fence_rule.hpp): while a migration's process exists
/// without any session in the server, its agent is away for at most 2/5 of FenceTiming::settle, which is 2 s of 5: what
/// a kubelet needs to start the agent's container again.
struct Plan {
    std::uint64_t seed;
    std::vector<PlannedPod> pods;
    std::vector<PlannedFault> faults;
};

struct Surroundings {
    /// FenceTiming of the agents: all times of a plan are drawn as parts of these.
    Milliseconds quiet;
    Milliseconds settle;
    /// The server may be restarted; by other rounds, too.
    bool server_restarts = false;
};

Plan Draw(std::uint64_t seed, const Surroundings& surroundings);

const char* Name(Event event);
const char* Name(Fault fault);
/// Several lines for people.
std::string Print(const Plan& plan);

}  // namespace one_runner
