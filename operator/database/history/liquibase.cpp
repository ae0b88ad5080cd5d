#include "database/history/reader.hpp"

namespace database::history {

/// databasechangelog: one row for each changeset. It is asked about by its id, author:id, file::id::author (as
/// Liquibase prints it), or by the tag that it carries. The order of execution says nothing about what is still to
/// come. FAILED is a changeset that was allowed to fail: it is not there, and nothing is half done.
///
/// Its lock is a row of databasechangeloglock, which is made before the history.
version::Reading ReadLiquibase(const Question& question) {
    return ReadEveryMigration(question, {{"", "databasechangelog"}},
                              "SELECT id, CASE exectype WHEN 'FAILED' THEN 'failed softly' ELSE 'applied' END, NULL, "
                              "tag, author || ':' || id, filename || '::' || id || '::' || author "
                              "FROM {table} ORDER BY orderexecuted, dateexecuted");
}

std::optional<version::ToolLock> ReadLiquibaseLock(const Question& question) {
    return ReadLock(question, {.history = "databasechangelog", .suffix = "lock", .table = "databasechangeloglock"},
                    "SELECT row ->> 'lockedby', pg_catalog.replace(pg_catalog.substr(row ->> 'lockgranted', 1, 19), "
                    "'T', ' '), NULL "
                    "FROM {table} WHERE row ->> 'locked' = 'true' LIMIT 1");
}

}  // namespace database::history
