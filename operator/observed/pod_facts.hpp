#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "api/agent_report.hpp"
#include "core/object_key.hpp"
#include "core/revision.hpp"
#include "core/time.hpp"
#include "core/uid.hpp"

namespace observed {

/// Reason of a container of which the kubelet knows no end of its own.
inline constexpr std::string_view kStatusUnknown = "ContainerStatusUnknown";

/// One container of a pod of ours, as the kubelet reports it.
struct ContainerFacts {
    enum class State { Unknown, Waiting, Running, Terminated };

    State state = State::Unknown;
    /// Of the present state: ImagePullBackOff, CreateContainerConfigError, StartError, OOMKilled, Error, Completed ...
    std::string reason;
    /// Of a waiting or never-started container: the kubelet's words.
    std::string message;
    /// The startup probe passed (for the agent: it holds the fence).
    bool started = false;
    std::optional<core::Time> start_time, end_time;
    std::optional<int> exit_code;
    std::optional<int> signal;
    int restarts = 0;
    std::string image;
    std::string image_id;

    bool operator==(const ContainerFacts&) const = default;
};

/// A pod of one of our Jobs.
struct PodFacts {
    core::ObjectKey key;
    core::Uid uid;
    core::Revision revision;
    core::Time created;
    /// Name and UID of its Job.
    std::string job;
    core::Uid job_uid;
    /// Of a migration's Job, not of a probe's.
    bool migrates = false;
    /// Full name from the annotation.
    std::string database;
    /// As JobFacts::database_generation.
    std::int64_t database_generation = 0;
    bool deleting = false;
    /// Succeeded or Failed: no container runs any more. A Terminating pod is not terminal.
    bool terminal = false;
    bool scheduled = false;
    /// The scheduler's words while it finds no node.
    std::string unschedulable;
    /// All init containers have ended or, as sidecars, started: the agent holds the fence since then.
    std::optional<core::Time> initialized_time;
    /// Why the pod was disrupted (condition DisruptionTarget, or status.reason such as Evicted); empty if it was not.
    std::string disruption;
    ContainerFacts migration;
    ContainerFacts agent;
    /// The agent's newest word: from its present end, else from the one before its last restart.
    std::optional<api::AgentReport> report;
    /// Termination message of the migration container. Only with Detail::Evidence, or of a pod under deletion: stores
    /// do not keep it.
    std::string log_tail;

    bool operator==(const PodFacts&) const = default;
};

enum class Detail {
    Store,     ///< what every store keeps
    Evidence,  ///< with the log tail, for the one pass that records how a run ended
};

PodFacts ParsePod(const nlohmann::json& object, Detail detail);

/// Whether the migration container's process ever began. A statement about the past: only terminal pods can say No.
enum class Started { No, Yes, Unknown };
Started MigrationStarted(const PodFacts& pod);

}  // namespace observed
