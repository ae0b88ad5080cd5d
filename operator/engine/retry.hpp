#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/database.hpp"
#include "api/migration.hpp"
#include "core/time.hpp"
#include "engine/classify.hpp"
#include "engine/world.hpp"

/// Whether a run that ended without success is attempted again. The default is no: most errors of a migration are
/// permanent, and each attempt takes locks.
namespace engine {

/// When a failed run is attempted again by itself; nullopt: never. `attempts` counts this one already.
///
/// Only while attempts are left, and only for what the owner listed (retryExitCodes), for a lock that was not had (the
/// agent's own cancel, or what the output says: text may permit a retry, never a success), and for a disruption after
/// which the database is where it was. Never while it is dirty, and never when the launch had more than one pod.
std::optional<core::Time> RetryTime(const Evidence& evidence, const EndedRun& end, int attempts, core::Time now);

/// Exponential from `backoff` to `max_backoff`, and up to a fifth more, derived from key and attempt: replicas and
/// restarts come to the same pause, and Migrations that failed together do not come back together.
std::chrono::seconds Backoff(const api::Attempts& attempts, std::string_view key, int attempt);

/// The Migration carries a value of tidegate.io/retry that no launch of this run has used up.
bool RetryIsAsked(const api::Migration& migration, const api::RunRecord& run);

/// The tokens that are used up once the run with this key is launched: the launch is what all Migrations with the key
/// asked for, so all that they carry. `before` is what was used up already. Kept are those that a Migration still
/// carries, else two Migrations with one key would grant each other launches for ever, and the newest of the others.
std::vector<std::string> TokensUsedUp(const World& world, std::string_view key, std::vector<std::string> before);

/// The agent cancelled a statement of the migration because others waited behind it (spec.lockWatch). Says nothing of
/// how the run ended: the tool may have tried again by itself.
bool WasCancelledForALock(const observed::PodFacts& pod);

/// The output says that a lock was not had: SQLSTATE 55P03, 40P01 or 40001, or PostgreSQL's English words for them.
bool SaysLockFailure(std::string_view output);

}  // namespace engine
