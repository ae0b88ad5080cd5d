#include "database/history/reader.hpp"

namespace database::history {

/// migrations(timestamp, name): the name of the class ends with the timestamp, which may be given alone.
version::Reading ReadTypeORM(const Question& question) {
    return ReadEveryMigration(question, {{"", "migrations"}},
                              "SELECT name, 'applied', NULL, timestamp::text FROM {table} ORDER BY timestamp, id");
}

}  // namespace database::history
