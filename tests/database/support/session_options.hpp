#pragma once

#include <string>

#include "api/database.hpp"

namespace testing_support {

/// The value of PGOPTIONS in the Job that the operator would create for a migration of `database`; empty: none.
std::string SessionOptionsOf(const api::Database& database);

}  // namespace testing_support
