#include "database/history/reader.hpp"

namespace database::history {

/// alembic_version(version_num): one row per head, no row at base. Alembic changes it in the migration's own
/// transaction, so there is nothing like a dirty mark.
version::Reading ReadAlembic(const Question& question) {
    const auto table = FindTable(question, {{"", "alembic_version"}});
    version::Reading reading;
    if (!table) return reading;
    reading.initialised = true;
    const Rows rows =
        question.session.Query("SELECT version_num FROM " + *table + " ORDER BY 1 LIMIT " + std::to_string(kMostRows));
    for (const Row& row : rows) {
        if (row.at(0)) reading.versions.push_back(*row[0]);
    }
    return reading;
}

}  // namespace database::history
