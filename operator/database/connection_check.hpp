#pragma once

#include "database/connection.hpp"

namespace database {

/// Asks the server to end the session's statement when its client is gone (client_connection_check_interval), and says
/// whether it does. Without it a statement of a killed process goes on until it has something to write.
///
/// False: PostgreSQL before 14, a platform that cannot, or a service that forbids it. There the option in PGOPTIONS
/// would make the server refuse the whole connection ("unrecognized configuration parameter"), so it must not be sent:
/// that is what this is for. Throws DbError when the connection breaks.
bool AskForConnectionCheck(Session& session);

}  // namespace database
