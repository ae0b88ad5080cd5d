#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "core/object_key.hpp"
#include "core/revision.hpp"
#include "core/time.hpp"
#include "core/uid.hpp"

/// Foreign objects, cut down to what a decision reads.
namespace observed {

/// A Job of ours. Only its conditions say that it ended: `status.failed > 0` is also true for one that has not.
struct JobFacts {
    enum class Role { Migrate, Probe, Unknown };
    enum class State {
        Active,
        Complete,  ///< condition Complete
        Failed,    ///< condition Failed; FailureTarget alone is not an end: pods may still run
    };

    core::ObjectKey key;
    core::Uid uid;
    core::Revision revision;
    core::Time created;
    bool deleting = false;
    Role role = Role::Unknown;
    /// Full names from the annotations, not the shortened labels.
    std::string database;
    std::string migration;
    /// Controller owner: the Migration, or the Database for a probe.
    core::Uid owner;
    std::string run_key;
    int launch = 0;
    /// Generation of the Database whose Secret and tool it was built with.
    std::int64_t database_generation = 0;
    State state = State::Active;
    std::string failure_reason;
    std::optional<core::Time> end_time;
    /// spec.suspend.
    bool asked_to_suspend = false;
    /// It is asked to, and the Job controller has acted on it: it makes no pod any more, and has deleted those it made.
    bool suspended = false;
    /// Pods that ended are counted before they may vanish (their finalizer batch.kubernetes.io/job-tracking).
    int ended_pods = 0;

    bool Ended() const { return state != State::Active; }
    /// Nothing will run under it any more, as long as nobody resumes it. A Job that is suspended while its first pod is
    /// made, and whose pod fails, never gets a condition: the Job controller (1.36) finds that a finished Job lacks its
    /// startTime, for ever. No second pod follows an ended one (backoffLimit 0).
    bool AtRest() const { return Ended() || suspended || (asked_to_suspend && ended_pods > 0); }
    /// At rest, and no pod of it ever came to an end: with no pod left, none ever was.
    bool EndedNoPod() const { return suspended && ended_pods == 0; }
    bool operator==(const JobFacts&) const = default;
};

JobFacts ParseJob(const nlohmann::json& object);

}  // namespace observed
