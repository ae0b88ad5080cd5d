#pragma once

#include <optional>
#include <string>
#include <vector>

#include "database/connection.hpp"
#include "version/reading.hpp"
#include "version/tool.hpp"

/// The history tables of migration tools. A tool is one file here and one line in the table of history.cpp.
namespace database::history {

/// A table as its creator spelled it: nothing is folded to lower case.
struct TableName {
    /// Empty: along the role's search_path, as the tool finds it.
    std::string schema;
    std::string table;

    bool operator==(const TableName&) const = default;
};

/// Whose table to read, and where it is.
struct Source {
    version::Tool tool = version::Tool::Alembic;
    version::Order order = version::Order::ByTool;
    /// nullopt: where the tool has it by default.
    std::optional<TableName> table;
    /// Of tool Custom: its first column is a version that the database is at, a second one, if any, is true when that
    /// version was left half done.
    std::string query;

    version::Scheme Scheme() const { return {tool, order}; }
};

/// "table" or "schema.table"; a part that holds a dot is written in double quotes. nullopt when it is empty. Throws
/// DbError{BadConfiguration} for anything else.
std::optional<TableName> ParseTableName(const std::string& text);

/// What the tool's own table says now, read in a transaction that cannot write and does not stay open. Of `wanted`,
/// those that the table proves are in Reading::reached.
///
/// An absent table is a value (not initialised). Throws DbError: Busy when somebody holds a lock on the table,
/// InsufficientPrivilege when the role may not read it.
version::Reading Read(Connection& connection, const Source& source, const std::vector<std::string>& wanted);

/// Whether sessions of the tool carry the application_name that PGAPPNAME gives them, so that a session of a migration
/// whose pod is gone can be recognised. True where the tool's usual driver is built on libpq or does as it does.
bool DriverCarriesTag(version::Tool tool);

}  // namespace database::history
