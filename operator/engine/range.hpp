#pragma once

#include <compare>
#include <optional>
#include <string_view>

#include "api/database.hpp"
#include "version/order.hpp"
#include "version/reading.hpp"

/// The range of versions that workloads may need at present: not below the floor, which a Contract raises, and not
/// above the ceiling, which a Down lowers (api::Bound). Whether a version is reached is another question (judge.hpp).
namespace engine {

enum class Place { Inside, BelowFloor, AboveCeiling, Undecided };

/// Which of two versions comes first in this database: by their names where these tell, else by the version table
/// (what is there besides the only position came before it), else by the record of runs and what the owner declares
/// (baseline). nullopt: nothing tells.
std::optional<std::strong_ordering> CompareIn(const api::Database& database, std::string_view a, std::string_view b);

/// A version of another line than the bound's (Django: another app) is inside: neither says anything about the other.
Place PlaceOf(const api::Database& database, std::string_view version);

/// The same of what the image of a run holds: by its version, else by when it ran.
Place PlaceOfImage(const api::Database& database, const api::RunRecord& run);

/// A Down that has begun was to take the version away: whatever the table says, it counts as gone until a run brings it
/// again. Before the migration container has begun nothing is gone.
bool IsTakenDown(const api::Database& database, std::string_view version);

/// Nothing above `version` is reached, as far as the reading and the record tell; false when they do not tell.
bool IsNothingAbove(const api::Database& database, std::string_view version);

/// What a reading after a Down says of it: Reached when nothing above `version` is left, NotReached when something is.
/// `before` is the database as it was known until then.
version::Standing StandingOfDown(const api::Database& before, const version::Reading& after, std::string_view version);

}  // namespace engine
