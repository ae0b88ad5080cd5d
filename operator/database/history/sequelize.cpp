#include "database/history/reader.hpp"

namespace database::history {

/// SequelizeMeta(name), which Umzug writes for sequelize-cli: the names of the files.
version::Reading ReadSequelize(const Question& question) {
    return ReadEveryMigration(question, {{"", "SequelizeMeta"}},
                              "SELECT name, 'applied', NULL FROM {table} ORDER BY name");
}

}  // namespace database::history
