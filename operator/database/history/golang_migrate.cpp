#include "database/history/reader.hpp"

namespace database::history {

/// schema_migrations(version, dirty): one row, the version that was reached or is being worked at. It is dirty while
/// that runs, and stays so when it fails. -1 is no version.
version::Reading ReadGolangMigrate(const Question& question) {
    const auto table = FindTable(question, {{"", "schema_migrations"}});
    version::Reading reading;
    if (!table) return reading;
    reading.initialised = true;
    for (const Row& row : question.session.Query("SELECT version, dirty FROM " + *table + " LIMIT 2")) {
        const std::string version = row.at(0).value_or("");
        if (row.at(1) == "t") {
            reading.dirty = true;
            reading.dirty_detail = "the migration to or from version " + version + " has begun and not ended";
            reading.half_done = version;
        }
        if (version != "-1") reading.versions.push_back(version);
    }
    return reading;
}

}  // namespace database::history
