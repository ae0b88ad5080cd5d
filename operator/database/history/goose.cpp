#include "database/history/reader.hpp"

namespace database::history {
namespace {

std::string Utc(const std::string& column) {
    return "pg_catalog.to_char(pg_catalog.timezone('UTC', (row ->> '" + column +
           "')::pg_catalog.timestamptz), 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')";
}

}  // namespace

/// goose_db_version: the last row of a version counts; older releases wrote one for each way up and down. Row 0 marks
/// the table as made. Its lock, where a program of its user asks for one in a table, is a lease in goose_lock.
version::Reading ReadGoose(const Question& question) {
    return ReadEveryMigration(question, {{"", "goose_db_version"}},
                              "SELECT version_id, CASE WHEN is_applied THEN 'applied' ELSE 'reverted' END, NULL "
                              "FROM (SELECT DISTINCT ON (version_id) * FROM {table} WHERE version_id > 0 ORDER "
                              "BY version_id, id DESC) h ORDER BY id");
}

std::optional<version::ToolLock> ReadGooseLock(const Question& question) {
    return ReadLock(question, {.history = "goose_db_version", .suffix = "", .table = "goose_lock"},
                    "SELECT row ->> 'locked_by', " + Utc("locked_at") + ", " + Utc("lease_expires_at") +
                        " FROM {table} WHERE row ->> 'locked' = 'true' AND "
                        "(row ->> 'lease_expires_at')::pg_catalog.timestamptz > pg_catalog.now() LIMIT 1");
}

}  // namespace database::history
