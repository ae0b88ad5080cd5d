#include "database/history/reader.hpp"

namespace database::history {

/// knex_migrations(id, name, batch): the names of the files. Its lock is a row of <history>_lock, which tells neither
/// who took it nor when, and goes with the transaction around the run where there is one.
version::Reading ReadKnex(const Question& question) {
    return ReadEveryMigration(question, {{"", "knex_migrations"}},
                              "SELECT name, 'applied', NULL FROM {table} ORDER BY id");
}

std::optional<version::ToolLock> ReadKnexLock(const Question& question) {
    return ReadLock(question, {.history = "knex_migrations", .suffix = "_lock", .table = ""},
                    "SELECT NULL, NULL, NULL FROM {table} WHERE row ->> 'is_locked' = '1' LIMIT 1");
}

}  // namespace database::history
