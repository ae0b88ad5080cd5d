#pragma once

#include "explorer/transition.hpp"

/// What happens by itself around the operator: watches, the Job controller, the garbage collector, kubelet and agent.
/// Each function hands on the states that one such step can lead to.
namespace explorer {

/// A store sees the next state of its kind, or the newest at once (what lies between is dropped).
void Deliver(Emitter& out);

/// Exactly one pod per Job; conditions only when the pod has ended; a deleted pod is counted, then it vanishes, and is
/// not replaced (podReplacementPolicy Failed, podFailurePolicy FailJob, backoffLimit 0).
void ControlJobs(Emitter& out);

/// Jobs whose owner is gone, pods whose Job is gone, Jobs under foreground deletion.
void CollectGarbage(Emitter& out);

/// Pods go on: agent, fence, migration container, version table, end. Waiting for ever is always possible, too.
void RunPods(Emitter& out);

/// The end of a pod's containers.
enum class End : std::uint8_t {
    Success,       ///< exit 0, the version reached
    Failure,       ///< exit 1
    Retriable,     ///< exit 75, which the scenarios list
    OutOfMemory,   ///< 137
    FalseSuccess,  ///< exit 0, nothing done
    Dirty,         ///< exit 1, and the history table says half-way
    CannotStart,   ///< the command is not there
    Killed,        ///< the pod was deleted
};
/// Added to an End in Action::how: the agent leaves no report.
inline constexpr std::uint8_t kSilent = 16;

/// The pod as its kubelet reports it after that end; the real database changes with it.
Pod EndedPod(State& state, const Scenario& scenario, const Pod& pod, End end, bool has_report);

}  // namespace explorer
