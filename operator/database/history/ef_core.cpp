#include "database/history/reader.hpp"

namespace database::history {

/// __EFMigrationsHistory(MigrationId): its columns are spelled otherwise where a naming convention is used.
version::Reading ReadEFCore(const Question& question) {
    return ReadEveryMigration(
        question, {{"", "__EFMigrationsHistory"}},
        "SELECT coalesce(row ->> 'MigrationId', row ->> 'migration_id', row ->> 'migrationid'), 'applied', NULL "
        "FROM (SELECT pg_catalog.to_jsonb(h) AS row FROM {table} h) h ORDER BY 1");
}

}  // namespace database::history
