#pragma once

#include <optional>

#include "core/time.hpp"
#include "engine/decision.hpp"
#include "engine/world.hpp"

/// The concerns of Decide, one file each, in the order in which they are asked. nullopt: nothing to do here, go on with
/// the next concern. A Decision without a step ends the pass: something is waited for.
namespace engine {

/// result.cpp: a run has ended or its Job is gone: judge it, show it, record it.
std::optional<Decision> DecideResult(const World& world, core::Time now);

/// progress.cpp: what may not go on: an active run past a deadline or superseded before it began, or a Job of a launch
/// that is over.
std::optional<Decision> DecideProgress(const World& world, core::Time now);

/// probe.cpp: the database has to be read, or a reading is there. `asked`: the active run has
/// ended and only a new reading can say how.
std::optional<Decision> DecideProbe(const World& world, core::Time now, bool asked = false);

/// launch.cpp: whose turn it is; intent first, then the Job.
std::optional<Decision> DecideLaunch(const World& world, core::Time now);

/// holder.cpp: who keeps the active run's pod from the fence.
std::optional<Decision> DecideFenceHolder(const World& world, core::Time now);

/// status.cpp: what Migrations and the Database show.
std::optional<Decision> DecideStatus(const World& world, core::Time now);

/// retention.cpp: recorded Jobs beyond historyLimit, and old probes.
std::optional<Decision> DecideRetention(const World& world);

/// When the World may decide differently although nothing changed.
std::optional<core::Time> NextLook(const World& world, core::Time now);

// Shared by the concerns.

/// When the last reading is too old (spec.recheckSeconds); nullopt: never.
std::optional<core::Time> RecheckDue(const api::Database& database);

/// The pod of the active run, if it waits for the fence.
const observed::PodFacts* PodThatWaitsForFence(const World& world, core::Time now);

/// When a launch that has not begun is ended. `run.start_time` is set.
core::Time StartDue(const api::RunRecord& run, const api::Migration& migration, const observed::PodFacts& pod);

/// The status with its conditions brought in line; `active` follows the record.
api::DatabaseStatus WithConditions(const World& world, api::DatabaseStatus status, core::Time now);

/// The step that gives the Database this status, WithConditions. `world.database` is set.
WriteDatabaseStatus WriteRecord(const World& world, api::DatabaseStatus status, core::Time now);

/// What the Migration's status shall be when the record says `record`.
api::MigrationStatus MigrationStatusFor(const World& world, const api::DatabaseStatus& record,
                                        const api::Migration& migration, core::Time now);

/// An event that repeats the Ready condition.
Note ConditionNote(const api::Migration& migration, const api::MigrationStatus& status);

}  // namespace engine
