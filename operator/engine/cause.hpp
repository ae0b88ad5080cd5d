#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/time.hpp"
#include "observed/job_facts.hpp"
#include "observed/pod_facts.hpp"

namespace engine {

/// Why the containers of a Job of ours do not run although they should.
struct Cause {
    std::string reason;
    std::string message;
    /// Waiting for the fence is no fault and has no deadline.
    bool is_fence = false;
};

/// nullopt: nothing is wrong as far as can be seen. `job` and `pod` may be nullptr (not there yet).
/// The kubelet's and the agent's own words are part of the message; what to do stands behind them.
std::optional<Cause> FindCause(const observed::JobFacts* job, const observed::PodFacts* pod, core::Time now);

/// The agent runs and does not hold the fence, but it cannot be told yet whether it is connected and waits for it.
bool MayYetWaitForFence(const observed::PodFacts& pod, core::Time now);

/// When FindCause may answer differently without any object having changed; nullopt: never.
std::optional<core::Time> NextLookForCause(const observed::JobFacts* job, const observed::PodFacts* pod,
                                           core::Time now);

/// The Job is there for longer than it takes the Job controller to make its pod: something refuses the pod.
bool PodIsOverdue(const observed::JobFacts& job, core::Time now);

/// A reason of FindCause.
bool IsCause(std::string_view reason);

/// One whose message may change to and fro while nothing changes (pull error, back-off): written once, not each time.
bool MessageAlternates(std::string_view reason);

}  // namespace engine
