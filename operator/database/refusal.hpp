#pragma once

#include <chrono>
#include <string>

#include "database/connection_string.hpp"
#include "database/db_error.hpp"

namespace database {

/// Why a connection attempt failed. libpqxx keeps only the server's text, which is in the server's language; this asks
/// once more through libpq alone, which can be told to show the SQLSTATE instead. When the second attempt succeeds
/// (the server has just come up), the answer is Unreachable: try again.
///
/// `text` is what the first attempt said, for the message.
DbError ExplainRefusal(const ConnectionString& string, const std::string& text, std::chrono::seconds timeout);

}  // namespace database
