#pragma once

#include <string>

#include "database/connection.hpp"

namespace database {

/// How this session is protected, as the server sees it, for people: "encrypted by TLSv1.3", or "not encrypted".
/// Throws DbError when the connection breaks.
std::string DescribeEncryption(Session& session);

}  // namespace database
