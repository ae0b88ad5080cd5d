#pragma once

#include <chrono>
#include <cstddef>

namespace engine {

/// At most one probe a minute for one database, whatever asks for it: a probe costs a pod and three writes (DESIGN
/// section 5).
inline constexpr std::chrono::seconds kProbeInterval{60};

/// A probe that did not end by then is replaced: its pod may be of an image that the operator no longer uses, or on a
/// node that is gone. It normally takes seconds; a Secret or a node may come minutes later.
inline constexpr std::chrono::seconds kProbeDeadline{600};

/// A Job that the API server refused is tried again after this: a quota may have been freed, a policy corrected. Each
/// try is one request.
inline constexpr std::chrono::seconds kRefusedJobInterval{15};

/// The active run's Job is there but in no watch: somebody took a label off it. Its end is seen by asking: two
/// requests.
inline constexpr std::chrono::seconds kUnwatchedJobInterval{10};

/// How old the word on who holds the fence may be. People wait for it with their eyes on the condition; each time costs
/// one small list, and a write only when the holder changed.
inline constexpr std::chrono::seconds kFenceHolderInterval{30};

/// How long an API request may be in flight that was judged by an older Ledger: the API server ends a request after 60
/// s
/// (--request-timeout), and its policies see a new Ledger within milliseconds; the rest is for both, and for clocks
/// that differ a little between two replicas of the operator.
inline constexpr std::chrono::seconds kInFlightWait{65};

/// Old pods are looked for again after this: a pod ends within its grace period, 30 s by default. It costs a list of
/// each kind that makes pods, in one namespace, while a Contract or a Down waits.
inline constexpr std::chrono::seconds kOldPodsInterval{10};
/// And so soon when a gated workload changed: during a rollout each pod changes it.
inline constexpr std::chrono::seconds kOldPodsAfterNews{2};

/// Bytes; the CRD's maxLength of the message in a record. The API server refuses a status with a longer one as a whole,
/// and names, versions and the node's words may add up to more.
inline constexpr std::size_t kLongestRecordMessage = 1024;

}  // namespace engine
