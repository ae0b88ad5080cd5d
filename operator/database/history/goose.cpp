#include "database/history/reader.hpp"

namespace database::history {

/// goose_db_version: the last row of a version counts; older releases wrote one for each way up and down. Row 0 marks
/// the table as made.
version::Reading ReadGoose(const Question& question) {
    return ReadEveryMigration(question, {{"", "goose_db_version"}},
                              "SELECT version_id, CASE WHEN is_applied THEN 'applied' ELSE 'reverted' END, NULL "
                              "FROM (SELECT DISTINCT ON (version_id) * FROM {table} WHERE version_id > 0 ORDER BY "
                              "version_id, id DESC) h ORDER BY id");
}

}  // namespace database::history
