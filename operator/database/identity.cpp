#include "database/identity.hpp"

namespace database {

std::string ReadIdentity(Session& session) {
    const Row row = session
                        .Query(
                            "SELECT oid, pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')"
                            " FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()")
                        .at(0);
    // Two statements: the privilege is checked when a statement is planned, whatever a CASE in it says.
    std::string system = "-";
    if (row.at(1) == "t") {
        system =
            session.Query("SELECT system_identifier FROM pg_catalog.pg_control_system()").at(0).at(0).value_or("-");
    }
    return system + "/" + row.at(0).value_or("-");
}

}  // namespace database
