#include "database/history/reader.hpp"

namespace database::history {

/// _sqlx_migrations: success is false while a migration without a transaction runs, and stays so when it fails.
version::Reading ReadSqlx(const Question& question) {
    return ReadEveryMigration(question, {{"", "_sqlx_migrations"}},
                              "SELECT version, CASE WHEN success THEN 'applied' ELSE 'failed' END, "
                              "'migration ' || version || ' (' || description || ') has begun and not ended' "
                              "FROM {table} ORDER BY version");
}

}  // namespace database::history
