#pragma once

#include <string>
#include <string_view>

#include "api/database.hpp"
#include "api/migration.hpp"
#include "core/time.hpp"
#include "engine/reading.hpp"
#include "engine/world.hpp"

/// Versions that were there and are there no more: the database was restored to an older state, or migrated back by
/// hand. Nothing is run again by itself for it.
namespace engine {

/// The database had the version of this run, by this run or when its Migration came, and has it no more. False for a
/// run that brought no named version, and while the database is not read.
bool IsLost(const api::Database& database, const api::RunRecord& run);

/// What happened to the Migration's version, and how to have it run again.
std::string LostMessage(const api::Migration& migration, std::string_view database, const api::DatabaseStatus& status);

/// ApplyReading() for all that the world names. Besides, for each Migration whose version the reading takes away: the
/// retry tokens that it carries are used up, and one that needed no run because its version was there (AlreadyReached)
/// gets an entry in the record. So nothing that was said before the loss lets a run begin after it.
///
/// While the Database was not read before (its spec changed), a loss is not told from a first reading: then the record
/// alone counts.
void RecordReading(const World& world, const NewReading& reading, core::Time now, api::DatabaseStatus& status);

/// The second part of RecordReading(), where versions went without a reading: by a Down that began.
void WithdrawLost(const World& world, core::Time now, api::DatabaseStatus& status);

}  // namespace engine
