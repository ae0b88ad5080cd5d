#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "database/connection.hpp"

namespace database {

/// A session that waits or is waited for, as far as our role may see it. Never the text of a statement: it may hold
/// data.
struct LockSession {
    /// 0: a prepared transaction, which no process has.
    int pid = 0;
    std::string application_name;
    /// As in pg_stat_activity ("active", "idle in transaction"); empty when the role may not see it.
    std::string state;
    /// How long its transaction has been open; nullopt when the role may not see it, or when it has none.
    std::optional<std::chrono::seconds> age;
    /// With the pid it names one session for ever: pids are used again. Empty when the role may not see it.
    std::string started;

    bool operator==(const LockSession&) const = default;
};

struct LockWait {
    LockSession session;
    /// By the server's clock; nullopt before PostgreSQL 14, which does not tell.
    std::optional<std::chrono::milliseconds> waited;
    /// At least one.
    std::vector<LockSession> blockers;
};

/// Who waits for whom at one moment.
struct LockLook {
    /// Sessions of the migration that wait for a lock, for whomever.
    std::vector<LockWait> own;
    /// Sessions of others that wait for the migration, because it has the lock or stands in the queue before them.
    /// `blockers` are the migration's sessions only.
    std::vector<LockWait> others;
};

/// Looks at the locks around the sessions of one run, and ends a wait of such a session.
///
/// Guarantees: nobody's session but the run's own is ever touched; looking locks no table of users and leaves no
/// transaction open. PostgreSQL's function for it, which stops the lock manager for a moment, is called only for
/// sessions that wait in the way described.
///
/// Not guaranteed: that a session without the tag (of a driver that ignores PGAPPNAME, as pgjdbc does) is known as the
/// migration's; it is one of the others then. That all are seen where more than a hundred wait: those that wait longest
/// are.
class LockWatch {
public:
    /// `tag`: application_name of the run's sessions. The session that looks may have it, too.
    explicit LockWatch(std::string tag);

    /// Milliseconds where few locks are held. Throws DbError.
    LockLook Look(Session& session) const;

    /// Cancels the statement of a session of the run that Look() showed to wait, if it is still that session and still
    /// waits for a lock. False: it does not any more, or our role may not see when it started. Throws DbError:
    /// InsufficientPrivilege when it is another role's.
    bool Cancel(Session& session, const LockSession& own) const;

private:
    std::string tag_;
};

}  // namespace database
