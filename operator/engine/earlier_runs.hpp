#pragma once

#include <string_view>

#include "api/database.hpp"
#include "engine/world.hpp"

/// What becomes of the record's older runs. An object has to stay small, and yet coming back to an image that ran opens
/// and runs nothing: proven runs are kept in short for longer (DatabaseStatus::earlier_runs).
namespace engine {

/// Keeps the newest runs, and every key that a Migration still names; of the others the proven ones in short,
/// the newest and those whose image a gated workload still has.
void TrimRuns(const World& world, api::DatabaseStatus& status);

/// As much of the record as is left of it.
api::RunRecord AsRecord(const api::EarlierRun& run);

/// The run with this key is among the earlier ones, and still proven.
bool RanEarlier(const api::Database& database, std::string_view key);

}  // namespace engine
