#include "database/history/reader.hpp"

namespace database::history {

/// atlas_schema_revisions, in a schema of that name or, when the URL names one schema, in that one. `type` is a set of
/// bits: 1 baseline, 2 executed, 4 resolved by hand, whatever the other columns still say. Names that begin with a dot
/// are marks of Atlas itself.
version::Reading ReadAtlas(const Question& question) {
    return ReadEveryMigration(question,
                              {{"atlas_schema_revisions", "atlas_schema_revisions"}, {"", "atlas_schema_revisions"}},
                              "SELECT version, "
                              "CASE WHEN type & 4 = 0 AND (coalesce(error, '') <> '' OR applied < total) THEN 'failed' "
                              "WHEN type & 1 = 1 THEN 'baseline' ELSE 'applied' END, "
                              "'migration ' || version || ' stopped after statement ' || applied || ' of ' || total || "
                              "coalesce(': ' || error, '') "
                              "FROM {table} WHERE version NOT LIKE '.%' ORDER BY version");
}

}  // namespace database::history
