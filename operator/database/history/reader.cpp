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
    if (state == "failed") return survey.HalfDone(OneLine(TextOf(row.at(2))));
    if (name.empty()) return;
    if (state == "baseline") return survey.Baseline(name);
    if (state != "applied") return;
    std::vector<std::string> other_names;
    for (std::size_t i = 3; i < row.size(); ++i) {
        if (row[i]) other_names.push_back(*row[i]);
    }
    survey.Applied(name, other_names);
}

}  // namespace

std::optional<std::string> FindTable(const Question& question, const std::vector<TableName>& usual) {
    const auto& named = question.source.table;
    for (const TableName& name : named ? std::vector{*named} : usual) {
        // format() quotes; the cast of the result of to_regclass would leave the schema out when it is on the path.
        const Rows rows = question.session.Query(
            "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c"
            " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.oid = pg_catalog.to_regclass(CASE $1 WHEN '' THEN '' ELSE pg_catalog.quote_ident($1) || '.' END"
            " || pg_catalog.quote_ident($2))",
            {name.schema, name.table});
        if (!rows.empty()) return rows.front().at(0);
    }
    return std::nullopt;
}

version::Reading ReadEveryMigration(const Question& question, const std::vector<TableName>& usual,
                                    std::string_view select) {
    const auto table = FindTable(question, usual);
    if (!table) return {};
    std::string query{select};
    query.replace(query.find(kTable), kTable.size(), *table);
    question.session.Query("DECLARE tidegate_history NO SCROLL CURSOR FOR " + query);
    version::Survey survey{question.source.Scheme(), question.wanted};
    Rows rows;
    do {
        rows = question.session.Query("FETCH " + std::to_string(kPiece) + " FROM tidegate_history");
        for (const Row& row : rows)
            Take(row, survey);
    } while (rows.size() == kPiece);
    return survey.Finish();
}

}  // namespace database::history
