#include "database/history/reader.hpp"

namespace database::history {

/// The user's own query, in the same transaction that cannot write. Before the first migration the table that it names
/// may not be there; what is misspelled looks the same.
version::Reading ReadCustom(const Question& question) try {
    // Behind "--" at its end there is a new line; a semicolon would end the statement too early.
    std::string query = question.source.query;
    const auto last = query.find_last_not_of("; \t\r\n");
    query.resize(last == std::string::npos ? 0 : last + 1);
    // A statement with a parameter can be one statement only: no COMMIT gets out of the transaction.
    const Rows rows = question.session.Query("SELECT * FROM (" + query + "\n) AS tidegate_history LIMIT $1::bigint",
                                             {std::to_string(kMostRows + 1)});
    version::Reading reading{.initialised = true, .truncated = rows.size() > kMostRows};
    for (const Row& row : rows) {
        if (!row.at(0)) continue;
        if (row.size() > 1 && row[1] == "t") {
            reading.dirty = true;
            reading.dirty_detail = "spec.history.query says so of version " + OneLine(*row[0]);
            reading.half_done = *row[0];
        }
        reading.versions.push_back(*row[0]);
    }
    return reading;
} catch (const NoSuchTable&) {
    return {};
}

}  // namespace database::history
