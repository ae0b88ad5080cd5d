#pragma once

#include <chrono>
#include <string>

#include "control_plane/leaders/replicas.hpp"

/// What the scenarios of two replicas share.
namespace test {

// The operator's own figures (DESIGN section 7) and the budgets that follow from them (section 10).
inline constexpr std::chrono::milliseconds kLeaseDuration = std::chrono::seconds{15};
inline constexpr std::chrono::milliseconds kGracefulBudget = std::chrono::seconds{2};
inline constexpr std::chrono::milliseconds kKillBudget{17500};
/// A leader that cannot renew has ended before others may take its lease.
inline constexpr std::chrono::milliseconds kMustHaveEnded = kLeaseDuration;
/// One that learns that it does not lead any more ends at once; what this is longer is a busy machine's.
inline constexpr std::chrono::milliseconds kEndsAtOnce = std::chrono::seconds{10};
/// For something that the operator does within milliseconds.
inline constexpr std::chrono::milliseconds kHeldWithin = std::chrono::seconds{30};

void Signal(const Replica& replica, int signal);

/// How the request begins that creates a Job, and the one that writes the status of `orders`.
std::string Jobs(const Replicas& replicas);
std::string Status(const Replicas& replicas, const std::string& plural);

/// Notes the time; a violation when it is beyond the budget, unless the API server itself was slow meanwhile.
void HandOver(Replicas& replicas, const std::string& kind, const Replicas::Succeeded& succeeded,
              std::chrono::milliseconds budget);

/// Waits for a moment in the leader's rhythm that is another one each time: it renews every 2 s.
void AnyMoment();

}  // namespace test
