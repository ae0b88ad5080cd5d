#pragma once

#include <chrono>
#include <string>

#include "agent/lock_policy.hpp"
#include "agent/report_file.hpp"
#include "agent/state_directory.hpp"
#include "database/lock_watch.hpp"

namespace agent {

/// Watches the locks around a running migration: looks, does what LockPolicy says, keeps the report.
///
/// It uses the connection that holds the fence: no transaction of it stays open, and its statements wait one second for
/// a lock and ten for an answer. A look is also what shows that this connection lives, and keeps firewalls from taking
/// it for dead. A look that the server refuses costs a line in the log, nothing else: the fence matters more.
class LockWatcher {
public:
    /// `tag`: application_name of the run's sessions.
    LockWatcher(const std::string& tag, api::LockWatch settings, std::chrono::milliseconds look_interval,
                ReportFile& report, StateDirectory& state);

    /// One look; how long until the next. Throws DbError{Unreachable} when the connection is lost.
    std::chrono::milliseconds Look(database::Connection& connection);

private:
    LockPolicy::Step Observe(database::Connection& connection);
    /// True: a statement of the migration was cancelled.
    bool Cancel(database::Connection& connection, const database::LockSession& session);
    /// What earlier processes of this pod reported counts, too.
    void Report(int cancels);
    void SayOnce(const std::string& line);

    const database::LockWatch watch_;
    LockPolicy policy_;
    const std::chrono::milliseconds look_interval_;
    ReportFile& report_;
    StateDirectory& state_;
    std::string said_;
};

}  // namespace agent
