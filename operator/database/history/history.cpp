#include "database/history/history.hpp"

#include <cstdlib>

#include "version/order.hpp"

namespace database::history {
namespace {

struct Entry {
    version::Tool tool;
    version::Reading (*read)(Session&);
    bool driver_carries_tag;
};

constexpr Entry kEntries[] = {
    {version::Tool::Alembic, &ReadAlembic, true},  // psycopg: libpq
};

const Entry& Find(version::Tool tool) {
    for (const Entry& entry : kEntries) {
        if (entry.tool == tool) return entry;
    }
    std::abort();
}

}  // namespace

version::Reading Read(Connection& connection, version::Tool tool, const std::vector<std::string>& wanted) {
    version::Reading reading;
    connection.ReadOnly([&](Session& session) { reading = Find(tool).read(session); });
    std::vector<std::string> reached;
    for (const std::string& version : wanted) {
        if (version::Reached(tool, reading, version) == version::Standing::Reached) reached.push_back(version);
    }
    reading.reached = std::move(reached);
    return reading;
}

bool DriverCarriesTag(version::Tool tool) {
    return Find(tool).driver_carries_tag;
}

std::optional<std::string> FindTable(Session& session, const std::string& table) {
    // format() quotes; the cast of the result of to_regclass would leave the schema out when it is on the path.
    const Rows rows = session.Query(
        "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.oid = pg_catalog.to_regclass(pg_catalog.quote_ident($1))",
        {table});
    return rows.empty() ? std::nullopt : rows.front().at(0);
}

}  // namespace database::history
