#include "database/connection_check.hpp"

namespace database {

bool AskForConnectionCheck(Session& session) {
    try {
        // As in a migration's PGOPTIONS; who may set it in a session may ask for it when it begins.
        const Rows rows = session.Query(
            "SELECT pg_catalog.set_config(name, '5s', false) FROM pg_catalog.pg_settings"
            " WHERE name = 'client_connection_check_interval'");
        return !rows.empty();
    } catch (const DbError& e) {
        if (e.Kind() == DbErrorKind::Unreachable) throw;
        return false;
    }
}

}  // namespace database
