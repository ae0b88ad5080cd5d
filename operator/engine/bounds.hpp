#pragma once

#include <optional>

#include "api/database.hpp"
#include "api/migration.hpp"
#include "core/time.hpp"
#include "engine/classify.hpp"
#include "engine/decision.hpp"
#include "engine/world.hpp"

/// Floor and ceiling over their life. A Contract raises the floor, a Down lowers the ceiling, each before anything of
/// it runs, so that nothing new comes for which it is too late:
///
///  1. Database.status has the bound, provisional, for the run key of this Migration.
///  2. The Ledger is without what lies outside and says so (observedFloor, observedCeiling); a quorum read showed it.
///  3. World::in_flight_wait passes: an API request that was judged by an older Ledger may be in flight that long. Its
///     start is kept with the bound, so that a restart does not forget it.
///  4. A quorum list shows nothing outside the bound (old_pods.hpp); then comes the launch, as of any run.
///
/// Until 4 the run is not active: other runs of the database go on, those that would bring what it takes away excepted
/// (start_conditions.hpp).
///
/// The floor goes back when its run is given up and its migration container never started; once it started, the floor
/// stays whatever came of it: a failed DROP leaves no trace in the version table.
///
/// A Down that was proven moves a floor above it down to where the database went: what the Contract took away may be
/// there again, but of older versions nothing is known any more.
///
/// The ceiling is lifted when a run that brings a version above it is proven, not with its intent: between the two the
/// table may still name versions that a Down began to take away. So an Expand above a ceiling runs although the table
/// has its version.
namespace engine {

/// How far the steps before the launch of a Contract or a Down have come.
enum class Preparation { NotBegun, WaitsForLedger, WaitsForRequests, Done };
Preparation PreparationOf(const World& world, const api::DatabaseStatus& status, const api::Migration& migration,
                          core::Time now);

/// Phase Contract or Down.
bool SetsBound(const api::Migration& migration);

/// The bound of a phase that sets one.
std::optional<api::Bound>& BoundOf(api::DatabaseStatus& status, api::Phase phase);
const std::optional<api::Bound>& BoundOf(const api::DatabaseStatus& status, api::Phase phase);

/// The Contract or Down whose steps are taken now: one at a time, in the order of the queue.
const api::Migration* NextBoundSetter(const World& world, const api::Database& database, core::Time now);

/// bounds.cpp: steps 1 to 3, and the way back.
std::optional<Decision> DecideBounds(const World& world, core::Time now);

/// Nothing has to run: the record says so from now on, so that the Migration does not begin when that changes.
Decision RecordNothingToRun(const World& world, const api::Migration& migration, core::Time now);

/// How the end of a run changes the bounds. `status` has them as before, and no result yet; `before` is the database as
/// it was before the run's reading.
void SettleBounds(const api::Database& before, const api::RunRecord& run, const EndedRun& end, core::Time now,
                  api::DatabaseStatus& status);

}  // namespace engine
