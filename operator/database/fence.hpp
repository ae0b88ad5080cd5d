#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/time.hpp"
#include "database/connection.hpp"
#include "database/fence_rule.hpp"

namespace database {

/// The lock that keeps every other run, of whatever cluster, away from this database: pg_try_advisory_lock with a
/// constant key of two integers. Migration tools use keys of one bigint, which live in another space; PostgreSQL keeps
/// advisory locks per database.
///
/// Guarantees: at most one session holds it; polled, never waited for inside the server (CREATE INDEX CONCURRENTLY
/// would wait for us). Not guaranteed: that the migration stops when the connection and with it the lock is lost; that
/// is what FenceRule, the tags of sessions and the looks of LockWatch are for.
///
/// Belongs to one connection at a time; tell it with Disconnected() when that one is gone.
class Fence {
public:
    /// The key of the lock, to be looked for in pg_locks (classid, objid; objsubid is 2).
    static constexpr const char* kLockName = "advisory lock (1296648018, 1)";

    struct Holder {
        int pid = 0;
        std::string application_name;
        /// When its session began. Nobody in the server knows when it took the lock.
        std::optional<core::Time> since;
        /// Else it only wears the tag of a run.
        bool has_lock = false;
        /// Address; empty when the role may not see it, or for a local connection.
        std::string client;

        bool operator==(const Holder&) const = default;
    };

    /// `tag` is the application_name of the run's sessions ("tidegate/<uid>"); the connection gets it once the fence is
    /// held. It must not be the connection's name before: waiting agents would take each other for running migrations.
    Fence(std::string tag, FenceRule::Role role, bool driver_carries_tag, FenceTiming timing);

    /// One look, and one try when the rule allows it. True: held. Throws DbError.
    bool Poll(Connection& connection);

    /// Gives the lock back; for the orderly end. Throws DbError.
    void Release(Connection& connection);

    /// `role`: what we are when we come back.
    void Disconnected(FenceRule::Role role);

    bool IsHeld() const { return held_; }
    /// Who is in the way as of the last Poll; nullopt when nobody is and only time is waited for.
    const std::optional<Holder>& InTheWay() const { return in_the_way_; }
    /// That time.
    std::chrono::milliseconds QuietTime() const { return rule_.Needed(); }

private:
    FenceSighting Look(Connection& connection);

    std::string tag_;
    FenceRule rule_;
    bool held_ = false;
    std::optional<Holder> in_the_way_;
};

}  // namespace database
