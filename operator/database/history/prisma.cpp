#include "database/history/reader.hpp"

namespace database::history {

/// _prisma_migrations: a row for each attempt. One that neither ended nor was given up is in the way of all others.
version::Reading ReadPrisma(const Question& question) {
    return ReadEveryMigration(
        question, {{"", "_prisma_migrations"}},
        "SELECT migration_name, "
        "CASE WHEN rolled_back_at IS NOT NULL THEN 'given up' WHEN finished_at IS NULL THEN 'failed' ELSE 'applied' "
        "END, "
        "'migration ' || migration_name || ' has begun and not ended' "
        "FROM {table} ORDER BY started_at");
}

}  // namespace database::history
