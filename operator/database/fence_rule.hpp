#pragma once

#include <chrono>
#include <optional>

namespace database {

/// Times of the fence; injectable so that tests need not wait for them.
struct FenceTiming {
    /// How long the lock must have been seen free by who saw a sign of a run. An incumbent that lost its connection
    /// (server restart, cut network) is back within its connection timeout of 5 s plus a second of backoff; this is
    /// twice that, with a margin.
    std::chrono::milliseconds quiet{15'000};
    /// By who saw none: a run whose migration has no session just now (its image is pulled, its interpreter starts) and
    /// whose agent lost the lock a moment ago shows nothing. The agent is back within a second when its connection was
    /// cut and within three when the kubelet has to start its container again; every migration waits that long.
    std::chrono::milliseconds settle{5'000};
    /// A server younger than this may have incumbents on their way back.
    std::chrono::milliseconds young_server{60'000};
    /// Two polls per second: neither people nor the server notice.
    std::chrono::milliseconds poll{500};
    /// How long a newcomer holds the lock before its migration may start, and how far apart two looks may be for what
    /// is between them to count as seen: so whoever waits has seen every lock behind which a migration may have
    /// started.
    std::chrono::milliseconds Seen() const { return 2 * poll; }
};

/// What one look at the server showed about everybody else.
struct FenceSighting {
    /// Another session holds the lock.
    bool held = false;
    /// A session with a run's tag exists: a migration that is (or was until a moment ago) behind the fence.
    bool tagged = false;
    /// Other sessions of the migration's role exist. They matter where the tool's driver does not carry the tag.
    bool same_role = false;
    /// Since the server started, or recovered from a crash of one of its processes.
    std::chrono::seconds server_age{0};
};

/// When the fence may be tried (DESIGN section 6). Pure: the caller looks, tries and tells.
///
/// An incumbent (an agent whose migration may have started) tries whenever the lock is free. A newcomer tries only when
/// no session with a tag exists either, and only after the lock was seen free without a break: for `quiet` if it ever
/// saw it held, if the server is young, or if the driver does not carry the tag and other sessions of the role exist;
/// else for `settle`. It does not hold the lock meanwhile, so that an incumbent can take it back.
///
/// What the lock alone cannot give, and this rule does: a server restart frees every lock while migrations go on.
///
/// Not guaranteed: anything about a migration that has no session in the server while its agent is away, too, for
/// longer than these times (a node that stands still between the start of the container and its first connection).
/// Nobody in the server can know of it.
class FenceRule {
public:
    enum class Role { Newcomer, Incumbent };
    enum class Move { Wait, Try };
    using Instant = std::chrono::steady_clock::time_point;

    FenceRule(Role role, bool driver_carries_tag, FenceTiming timing);

    Move Observe(const FenceSighting& sighting, Instant now);
    /// The lock was tried and somebody else had it, or had to be given back because of a tag.
    void Lost();
    /// Nothing was seen for a while (our connection broke): what was seen free before does not count. `role`: what we
    /// are from now on.
    void Blind(Role role);
    /// How long the lock must be seen free, as of what was seen until now.
    std::chrono::milliseconds Needed() const { return needs_quiet_ ? timing_.quiet : timing_.settle; }

private:
    Role role_;
    bool driver_carries_tag_;
    FenceTiming timing_;
    bool needs_quiet_ = false;
    std::optional<Instant> free_since_;
    std::optional<Instant> last_look_;
};

}  // namespace database
