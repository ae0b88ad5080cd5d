#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/database.hpp"
#include "core/time.hpp"
#include "version/reading.hpp"

/// What is known of a database besides the reading of its version table: what its owner declares (`baseline`), and what
/// the record of runs says.
namespace engine {

/// The requirement stands among those that were proven (DatabaseStatus::reached).
bool WasReached(const api::DatabaseStatus& status, std::string_view requirement);

/// The version of a single requirement DATABASE@VERSION; nullopt for anything else.
std::optional<std::string> VersionOf(const std::string& requirement);

/// A run that was proven (not one that had nothing to run, AlreadyReached), in this database and not in one that was in
/// its place before (DatabaseStatus::identity_since).
bool WasProvenHere(const api::DatabaseStatus& status, const api::RunRecord& run);

/// When a run of the record brought the version first; nullopt: none did.
std::optional<core::Time> BroughtAt(const api::DatabaseStatus& status, std::string_view version);

/// For version::Reached(). Of a table that has a row for each migration only what is declared: a row that is gone means
/// that the migration was taken back. Of one that holds a position also the versions of proven runs, as far as neither
/// the present position nor a later Down says that they were taken back.
std::vector<std::string> KnownVersions(const api::DatabaseSpec& spec, const api::DatabaseStatus& status,
                                       const version::Reading& reading);

/// The record says that `version` was proven later than all that the table's position says now, so the database went
/// back behind it. This is how a restore is noticed where versions are hashes. Only for tables that hold a position.
bool IsTakenBack(const api::DatabaseSpec& spec, const api::DatabaseStatus& status, const version::Reading& reading,
                 std::string_view version);

}  // namespace engine
