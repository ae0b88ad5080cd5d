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

}  // namespace database::history
