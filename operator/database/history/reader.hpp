#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "database/history/history.hpp"

/// What the files of the tools are made of.
namespace database::history {

/// One reading: behind the session is a read-only transaction with short timeouts.
struct Question {
    Session& session;
    const Source& source;
    const std::vector<std::string>& wanted;
};

/// Where the history is: the Source's table if it names one, else the first of `usual` that is there. Quoted and with
/// its schema, ready for a FROM. nullopt when there is none.
std::optional<std::string> FindTable(const Question& question, const std::vector<TableName>& usual);

/// The rows of a position, and nothing more of them than a project has and memory allows.
inline constexpr std::size_t kMostRows = 5000;

inline constexpr std::string_view kTable = "{table}";

/// Where a tool keeps its lock, beside its history: in the same schema.
struct LockPlace {
    /// The history's name when the Source names none.
    std::string history;
    /// What is appended to the history's name.
    std::string suffix;
    /// Where the tool has it whatever the history is called; empty: nowhere else.
    std::string table;
};

/// The lock if it is taken. `select` is a query with kTable for the table, whose rows are JSON objects named `row`; its
/// columns: who took it, since when, until when. It gives no row for a lock that is free. nullopt also when there is no
/// such table.
std::optional<version::ToolLock> ReadLock(const Question& question, const LockPlace& place, std::string_view select);

/// Reads a table with a row for each migration, in pieces. `select` is a query with kTable for the table; its columns:
///  1. the version's name,
///  2. what the row says of it: "applied"; "baseline" (it and all before it count as applied); "failed" (left half
///     done); anything else: it is not there,
///  3. when it failed: what is to be known about that, one line,
///  4. and on: other names of the same version.
version::Reading ReadEveryMigration(const Question& question, const std::vector<TableName>& usual,
                                    std::string_view select);

// <tool>.cpp
version::Reading ReadFlyway(const Question& question);
version::Reading ReadLiquibase(const Question& question);
version::Reading ReadAlembic(const Question& question);
version::Reading ReadRails(const Question& question);
version::Reading ReadGolangMigrate(const Question& question);
version::Reading ReadDbmate(const Question& question);
version::Reading ReadDjango(const Question& question);
version::Reading ReadAtlas(const Question& question);
version::Reading ReadGoose(const Question& question);
version::Reading ReadPrisma(const Question& question);
version::Reading ReadKnex(const Question& question);
version::Reading ReadEFCore(const Question& question);
version::Reading ReadSqlx(const Question& question);
version::Reading ReadDiesel(const Question& question);
version::Reading ReadSequelize(const Question& question);
version::Reading ReadTypeORM(const Question& question);
version::Reading ReadCustom(const Question& question);

// Of tools whose lock is a row in a table.
std::optional<version::ToolLock> ReadLiquibaseLock(const Question& question);
std::optional<version::ToolLock> ReadGooseLock(const Question& question);
std::optional<version::ToolLock> ReadKnexLock(const Question& question);

}  // namespace database::history
