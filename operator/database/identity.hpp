#pragma once

#include <string>

#include "database/connection.hpp"

namespace database {

/// "<system identifier>/<oid of the database>": tells a database from a copy of it on another server or under another
/// name. "-" stands for a system identifier that the role may not read (some managed services). A restored base backup
/// keeps its system identifier: this cannot tell it from the original. Throws DbError.
std::string ReadIdentity(Session& session);

}  // namespace database
