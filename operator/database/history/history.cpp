#include "database/history/history.hpp"

#include <cstdlib>

#include "database/history/reader.hpp"
#include "version/order.hpp"

namespace database::history {
namespace {

using version::Tool;

struct Entry {
    Tool tool;
    version::Reading (*read)(const Question&);
    /// By the driver that the tool comes with; false where that is not certain, which only costs time.
    bool driver_carries_tag;
    std::optional<version::ToolLock> (*read_lock)(const Question&) = nullptr;
};

constexpr Entry kEntries[] = {
    {Tool::Flyway, &ReadFlyway, false},                            // pgjdbc
    {Tool::Liquibase, &ReadLiquibase, false, &ReadLiquibaseLock},  // pgjdbc
    {Tool::Alembic, &ReadAlembic, true},                           // psycopg: libpq
    {Tool::Rails, &ReadRails, true},                               // pg: libpq
    {Tool::GolangMigrate, &ReadGolangMigrate, true},
    {Tool::Dbmate, &ReadDbmate, true},                // lib/pq
    {Tool::Django, &ReadDjango, true},                // psycopg: libpq
    {Tool::Atlas, &ReadAtlas, true},                  // lib/pq
    {Tool::Goose, &ReadGoose, true, &ReadGooseLock},  // pgx
    {Tool::Prisma, &ReadPrisma, false},
    {Tool::Knex, &ReadKnex, true, &ReadKnexLock},  // node-postgres
    {Tool::EFCore, &ReadEFCore, false},
    {Tool::Sqlx, &ReadSqlx, true},
    {Tool::Diesel, &ReadDiesel, true},        // libpq
    {Tool::Sequelize, &ReadSequelize, true},  // node-postgres
    {Tool::TypeORM, &ReadTypeORM, true},      // node-postgres
    {Tool::Custom, &ReadCustom, false},
};

const Entry& Find(Tool tool) {
    for (const Entry& entry : kEntries) {
        if (entry.tool == tool) return entry;
    }
    std::abort();
}

/// A hint: what goes wrong with it (a missing grant, a lock on that table, a table of another shape) must not cost the
/// reading of the history.
std::optional<version::ToolLock> ReadLock(Connection& connection, const Source& source) {
    const auto read = Find(source.tool).read_lock;
    std::optional<version::ToolLock> lock;
    if (read == nullptr) return lock;
    try {
        connection.ReadOnly(
            [&](Session& session) { lock = read({.session = session, .source = source, .wanted = {}}); });
    } catch (const DbError& e) {
        if (e.Kind() == DbErrorKind::Unreachable) throw;
    }
    return lock;
}

[[noreturn]] void RefuseTableName(const std::string& text) {
    throw DbError{DbErrorKind::BadConfiguration,
                  "spec.history.table of the Database is \"" + text +
                      "\"; write it as table or schema.table, and a part that holds a dot in double quotes"};
}

}  // namespace

std::optional<TableName> ParseTableName(const std::string& text) {
    if (text.empty()) return std::nullopt;
    std::vector<std::string> parts;
    std::size_t at = 0;
    while (true) {
        const bool quoted = at < text.size() && text[at] == '"';
        if (quoted) ++at;
        const auto end = std::min(text.find(quoted ? '"' : '.', at), text.size());
        if (end == at || (quoted && end == text.size())) RefuseTableName(text);
        parts.push_back(text.substr(at, end - at));
        at = quoted ? end + 1 : end;
        if (at == text.size()) break;
        if (text[at] != '.') RefuseTableName(text);
        ++at;
    }
    if (parts.size() > 2) RefuseTableName(text);
    return TableName{.schema = parts.size() == 2 ? parts[0] : "", .table = parts.back()};
}

version::Reading Read(Connection& connection, const Source& source, const std::vector<std::string>& wanted) {
    version::Reading reading;
    connection.ReadOnly([&](Session& session) {
        reading = Find(source.tool).read({.session = session, .source = source, .wanted = wanted});
    });
    reading.lock = ReadLock(connection, source);
    std::vector<std::string> reached;
    for (const std::string& version : wanted) {
        if (version::Reached(source.Scheme(), reading, version) == version::Standing::Reached)
            reached.push_back(version);
    }
    reading.reached = std::move(reached);
    return reading;
}

bool DriverCarriesTag(Tool tool) {
    return Find(tool).driver_carries_tag;
}

}  // namespace database::history
