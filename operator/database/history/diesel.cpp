#include "database/history/reader.hpp"

namespace database::history {

/// __diesel_schema_migrations(version): the numbers of the folders without their dashes.
version::Reading ReadDiesel(const Question& question) {
    return ReadEveryMigration(question, {{"", "__diesel_schema_migrations"}},
                              "SELECT version, 'applied', NULL FROM {table} ORDER BY version");
}

}  // namespace database::history
