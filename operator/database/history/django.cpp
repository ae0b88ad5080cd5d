#include "database/history/reader.hpp"

namespace database::history {

/// django_migrations(app, name). A squashed migration has rows of its own and for those that it replaces.
version::Reading ReadDjango(const Question& question) {
    return ReadEveryMigration(question, {{"", "django_migrations"}},
                              "SELECT app || '.' || name, 'applied', NULL FROM {table} ORDER BY id");
}

}  // namespace database::history
