#include "agent/lock_watcher.hpp"

#include <algorithm>

namespace agent {

using database::DbError;
using database::DbErrorKind;

LockWatcher::LockWatcher(const std::string& tag, api::LockWatch settings, std::chrono::milliseconds look_interval,
                         ReportFile& report, StateDirectory& state)
    : watch_{tag}, policy_{settings, look_interval}, look_interval_{look_interval}, report_{report}, state_{state} {}

std::chrono::milliseconds LockWatcher::Look(database::Connection& connection) {
    try {
        return Observe(connection).next_look;
    } catch (const DbError& e) {
        if (e.Kind() == DbErrorKind::Unreachable) throw;
        SayOnce("cannot look at the locks: " + std::string{e.what()});
        return look_interval_;
    }
}

LockPolicy::Step LockWatcher::Observe(database::Connection& connection) {
    const auto step = policy_.Observe(watch_.Look(connection), std::chrono::steady_clock::now());
    for (const std::string& line : step.lines)
        Say(line);
    const auto cancels = std::count_if(step.cancel.begin(), step.cancel.end(),
                                       [&](const auto& session) { return Cancel(connection, session); });
    Report(static_cast<int>(cancels));
    return step;
}

bool LockWatcher::Cancel(database::Connection& connection, const database::LockSession& session) {
    const std::string who = "server process " + std::to_string(session.pid);
    try {
        if (session.started.empty()) {
            SayOnce("may not cancel " + who +
                    " of the migration: the role in the Secret does not see when it started; let the migration log in "
                    "as the same role");
            return false;
        }
        if (!watch_.Cancel(connection, session)) return false;
        Say("cancelled the statement of the migration in " + who +
            ": it waited for a lock and others waited behind it");
        return true;
    } catch (const DbError& e) {
        if (e.Kind() != DbErrorKind::InsufficientPrivilege) throw;
        SayOnce("may not cancel " + who + " of the migration: " + e.what());
        return false;
    }
}

void LockWatcher::Report(int cancels) {
    const auto reported = report_.Current().locks;
    auto locks = reported.value_or(api::AgentReport::Locks{});
    const auto& seen = policy_.Seen();
    locks.longest_wait = std::max(locks.longest_wait, seen.longest_wait);
    locks.longest_blocking = std::max(locks.longest_blocking, seen.longest_blocking);
    locks.cancels += cancels;
    if (!seen.blockers.empty()) locks.blockers = seen.blockers;
    if (reported == locks) return;
    // First what outlives this process: nothing that was reported is forgotten when it is killed in between.
    auto incumbent = report_.Current();
    incumbent.locks = locks;
    state_.MarkIncumbent(incumbent);
    report_.Update([&](api::AgentReport& r) { r.locks = locks; });
}

void LockWatcher::SayOnce(const std::string& line) {
    if (line == said_) return;
    said_ = line;
    Say(line);
}

}  // namespace agent
