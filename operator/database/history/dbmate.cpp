#include "database/history/reader.hpp"

namespace database::history {

/// schema_migrations(version): the numbers of the files, as text.
version::Reading ReadDbmate(const Question& question) {
    return ReadEveryMigration(question, {{"", "schema_migrations"}},
                              "SELECT version, 'applied', NULL FROM {table} ORDER BY version");
}

}  // namespace database::history
