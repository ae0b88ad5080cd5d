#include "database/history/reader.hpp"

namespace database::history {

/// knex_migrations(id, name, batch): the names of the files.
version::Reading ReadKnex(const Question& question) {
    return ReadEveryMigration(question, {{"", "knex_migrations"}},
                              "SELECT name, 'applied', NULL FROM {table} ORDER BY id");
}

}  // namespace database::history
