#pragma once

#include <functional>

#include "api/database.hpp"
#include "api/migration.hpp"
#include "core/time.hpp"
#include "engine/world.hpp"

/// Which Migrations of a database want a run, and whose turn it is.
namespace engine {

/// It asks for a run that was not had yet, or may be had again. Whether it may begin is another question
/// (start_conditions.hpp). An Expand whose version is there wants none; a Contract or a Down says so in the record.
bool WantsRun(const api::Database& database, const api::Migration& migration, core::Time now);

/// Of those that `may_start`: lower version first where the names tell, else the older Migration, else by name; nullptr
/// when there is none.
const api::Migration* FirstInQueue(const World& world, const std::function<bool(const api::Migration&)>& may_start);

}  // namespace engine
