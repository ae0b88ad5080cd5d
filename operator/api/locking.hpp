#pragma once

#include <chrono>
#include <optional>
#include <string_view>

/// What a Database says of locks: spec.limits and spec.lockWatch.
namespace api {

/// Limits that every session of a migration begins with. nullopt: the server's own.
struct Limits {
    std::optional<std::chrono::seconds> lock_timeout, statement_timeout;

    bool operator==(const Limits&) const = default;
};

/// What the agent does about lock waits.
struct LockWatch {
    enum class Action {
        Report,  ///< say who waits for whom
        Cancel,  ///< also cancel the migration's own statement that waits with others waiting behind it
    };

    /// Half of the 10 s that tools take as a lock timeout: long enough that an ordinary transaction is over, short
    /// enough that clients that are kept waiting have not given up.
    std::chrono::seconds after{5};
    Action action = Action::Report;

    bool operator==(const LockWatch&) const = default;
};
/// As in spec.lockWatch.action.
std::string_view Name(LockWatch::Action action);
std::optional<LockWatch::Action> ParseLockWatchAction(std::string_view name);

}  // namespace api
