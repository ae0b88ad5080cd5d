#include "database/history/reader.hpp"

#include "version/survey.hpp"

namespace database::history {
namespace {

/// Rows of one round trip: few enough for the agent's memory, enough for ten trips to read ten thousand.
constexpr int kPiece = 1000;

std::string TextOf(const std::optional<std::string>& field) {
    return field.value_or("");
}

void Take(const Row& row, version::Survey& survey) {
    const std::string name = TextOf(row.at(0));
    const std::string state = TextOf(row.at(1));
    if (state == "failed") return survey.HalfDone(name, OneLine(TextOf(row.at(2))));
    if (name.empty()) return;
    if (state == "baseline") return survey.Baseline(name);
    if (state != "applied") return;
    std::vector<std::string> other_names;
    for (std::size_t i = 3; i < row.size(); ++i) {
        if (row[i]) other_names.push_back(*row[i]);
    }
    survey.Applied(name, other_names);
}

struct Found {
    std::string schema;
    /// Quoted, with its schema.
    std::string name;
};

std::optional<Found> Find(Session& session, const TableName& table) {
    // format() quotes; the cast of the result of to_regclass would leave the schema out when it is on the path.
    const Rows rows = session.Query(
        "SELECT n.nspname, pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.oid = pg_catalog.to_regclass(CASE $1 WHEN '' THEN '' ELSE pg_catalog.quote_ident($1) || '.' END"
        " || pg_catalog.quote_ident($2))",
        {table.schema, table.table});
    if (rows.empty()) return std::nullopt;
    return Found{.schema = TextOf(rows.front().at(0)), .name = TextOf(rows.front().at(1))};
}

/// Where `place` says that the lock's table is; nullopt: there is none.
std::optional<std::string> FindLockTable(const Question& question, const LockPlace& place) {
    TableName history{.schema = "", .table = place.history};
    if (question.source.table) history = *question.source.table;
    std::string schema = history.schema;
    if (schema.empty()) {
        // Of two schemas of the search_path only one holds both. Before the first run there is no history yet.
        if (const auto found = Find(question.session, history)) schema = found->schema;
    }
    std::vector<std::string> tables;
    if (!place.suffix.empty()) tables.push_back(history.table + place.suffix);
    if (!place.table.empty()) tables.push_back(place.table);
    for (const std::string& table : tables) {
        if (const auto found = Find(question.session, {.schema = schema, .table = table})) return found->name;
    }
    return std::nullopt;
}

std::string Filled(std::string_view select, const std::string& table) {
    std::string query{select};
    return query.replace(query.find(kTable), kTable.size(), table);
}

}  // namespace

std::optional<std::string> FindTable(const Question& question, const std::vector<TableName>& usual) {
    const auto& named = question.source.table;
    for (const TableName& name : named ? std::vector{*named} : usual) {
        if (const auto found = Find(question.session, name)) return found->name;
    }
    return std::nullopt;
}

version::Reading ReadEveryMigration(const Question& question, const std::vector<TableName>& usual,
                                    std::string_view select) {
    const auto table = FindTable(question, usual);
    if (!table) return {};
    question.session.Query("DECLARE tidegate_history NO SCROLL CURSOR FOR " + Filled(select, *table));
    version::Survey survey{question.source.Scheme(), question.wanted};
    Rows rows;
    do {
        rows = question.session.Query("FETCH " + std::to_string(kPiece) + " FROM tidegate_history");
        for (const Row& row : rows)
            Take(row, survey);
    } while (rows.size() == kPiece);
    return survey.Finish();
}

std::optional<version::ToolLock> ReadLock(const Question& question, const LockPlace& place, std::string_view select) {
    const auto table = FindLockTable(question, place);
    if (!table) return std::nullopt;
    const Rows rows =
        question.session.Query(Filled(select, "(SELECT pg_catalog.to_jsonb(l) AS row FROM " + *table + " l) l"));
    if (rows.empty()) return std::nullopt;
    const auto text = [&](std::size_t column) { return OneLine(TextOf(rows.front().at(column))); };
    return version::ToolLock{.table = *table, .holder = text(0), .since = text(1), .until = text(2)};
}

}  // namespace database::history
