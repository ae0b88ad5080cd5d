#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/agent_report.hpp"
#include "api/locking.hpp"
#include "database/lock_watch.hpp"

namespace agent {

/// What is to be said and done about lock waits (spec.lockWatch). Pure: fed with looks, and with the time of each.
///
/// A session of the migration stands in the way when it waits for a lock while others wait for it: that is how a
/// statement of milliseconds stops a table for as long as somebody else's transaction lasts. The wait of both together
/// counts, so of the shorter one: a migration may wait for hours as long as nobody stands behind it, and others may
/// wait for a migration that works. With Cancel its statement is cancelled when that has lasted for `after`.
///
/// Durations are the server's own, so that a wait is acted on `after` it began however rarely it is looked. Where the
/// server does not tell (before PostgreSQL 14) they count from the look that first saw the wait, and waits of one
/// session that follow each other without a look between them count as one.
class LockPolicy {
public:
    using Instant = std::chrono::steady_clock::time_point;

    struct Step {
        /// Sessions of the migration whose statement is to be cancelled, now.
        std::vector<database::LockSession> cancel;
        /// For the log: each wait that lasts is said once.
        std::vector<std::string> lines;
        /// When to look again.
        std::chrono::milliseconds next_look{0};
    };

    /// `look_interval`: how often to look when nothing is due earlier.
    LockPolicy(api::LockWatch settings, std::chrono::milliseconds look_interval);

    Step Observe(const database::LockLook& look, Instant now);

    /// What was seen until now; `cancels` is 0: only who cancels knows what came of it.
    const api::AgentReport::Locks& Seen() const { return seen_; }

private:
    /// A session that waits, as of the last look.
    struct Waiting {
        std::string started;
        Instant since{};
        bool is_said = false;
        std::optional<Instant> cancelled;
    };
    using Waits = std::map<int, Waiting>;
    using Milliseconds = std::chrono::milliseconds;

    /// Brings `waits` up to date with a look; how long each of them has waited, in its order.
    std::vector<Milliseconds> Follow(const std::vector<database::LockWait>& look, Instant now, Waits& waits) const;
    void Remember(const database::LockLook& look, const std::vector<Milliseconds>& own,
                  const std::vector<Milliseconds>& others);
    void CancelIfDue(const database::LockWait& wait, Milliseconds in_the_way, Instant now, Step& step);
    void Say(const database::LockLook& look, const std::vector<Milliseconds>& own,
             const std::vector<Milliseconds>& others, Step& step);

    api::LockWatch settings_;
    Milliseconds look_interval_;
    Waits own_, others_;
    api::AgentReport::Locks seen_;
};

}  // namespace agent
