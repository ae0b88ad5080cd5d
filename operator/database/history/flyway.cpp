#include "database/history/reader.hpp"

namespace database::history {

/// flyway_schema_history: one row for each thing that was done, so that the last row of a version counts: an undo or a
/// migration that `repair` marked as deleted takes it back. Rows without a version are repeatable migrations and the
/// creation of the schema. A failure leaves a row only where it could not be rolled back. Below a baseline Flyway runs
/// nothing.
version::Reading ReadFlyway(const Question& question) {
    return ReadEveryMigration(
        question, {{"", "flyway_schema_history"}},
        "SELECT version, "
        "CASE WHEN NOT success THEN 'failed' WHEN type LIKE '%BASELINE' THEN 'baseline' "
        "WHEN version IS NULL OR type = 'DELETE' OR type LIKE 'UNDO%' THEN 'other' ELSE 'applied' END, "
        "'migration ' || script || ' failed half-way' "
        "FROM (SELECT *, row_number() OVER (PARTITION BY version ORDER BY installed_rank DESC) AS age FROM {table}) h "
        "WHERE age = 1 OR NOT success ORDER BY installed_rank");
}

}  // namespace database::history
