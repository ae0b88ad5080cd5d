#pragma once

#include <chrono>
#include <string>

#include "agent/configuration.hpp"
#include "agent/stop_signal.hpp"

namespace agent {

struct WaitOptions {
    /// One requirement with a version, as in `tidegate.io/requires`.
    std::string requirement;
    std::chrono::seconds timeout{600};
    /// Between two looks at the table: a rollout waits for minutes, a server must not notice.
    std::chrono::milliseconds interval{2000};
};

/// The init container: returns when the database's own history table shows the version, and no migration that ended
/// half-way. Prints what it waits for, once per change, to standard output.
///
/// Needs nothing but the connection: no operator, no policy, no right in the cluster. For that it knows less than the
/// gate: no floor or ceiling, no `includes` or `baseline`, and nothing of what was proven before a table became dirty.
///
/// Guarantees: never longer than `timeout` and one reading (6 s); one connection, closed when it returns. An error of
/// the database is waited out like a version that is not there yet.
///
/// Returns kDone; kNotReady after the timeout; kUsage for a requirement that is none, or that names an image, about
/// which no table says anything; kStoppedBeforeReady; ExitCodeOf the error that lasted to the timeout.
int Wait(const Configuration& configuration, const WaitOptions& options, const StopSignal& stop);

}  // namespace agent
