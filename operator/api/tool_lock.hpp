#pragma once

#include <nlohmann/json_fwd.hpp>

#include "version/reading.hpp"

namespace api {

/// A lock of the migration tool's own as the agent reports it and as a Database shows it (`toolLock`); what is not
/// known is left out.
nlohmann::json PrintToolLock(const version::ToolLock& lock);

}  // namespace api
