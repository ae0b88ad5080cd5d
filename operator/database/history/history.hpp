#pragma once

#include <string>
#include <vector>

#include "database/connection.hpp"
#include "version/reading.hpp"
#include "version/tool.hpp"

/// The history tables of migration tools. A tool is one file here and one line in the table of history.cpp.
namespace database::history {

/// What the tool's own table says now, read in a transaction that cannot write and does not stay open. Of `wanted`,
/// those that the table proves are in Reading::reached.
///
/// An absent table is a value (not initialised). Throws DbError: Busy when somebody holds a lock on the table,
/// InsufficientPrivilege when the role may not read it.
version::Reading Read(Connection& connection, version::Tool tool, const std::vector<std::string>& wanted);

/// Whether sessions of the tool carry the application_name that PGAPPNAME gives them, so that a session of a migration
/// whose pod is gone can be recognised. True where the tool's usual driver is built on libpq or does as it does.
bool DriverCarriesTag(version::Tool tool);

/// Finds `table` as the tool would, along the role's search_path: quoted and with its schema, ready for a FROM. nullopt
/// when there is none.
std::optional<std::string> FindTable(Session& session, const std::string& table);

/// Rows of a history table that are read at most: more than any project has, few enough for 14 MiB of memory.
inline constexpr std::size_t kMostRows = 5000;

// history/<tool>.cpp
version::Reading ReadAlembic(Session& session);

}  // namespace database::history
