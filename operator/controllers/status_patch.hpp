#pragma once

#include <nlohmann/json_fwd.hpp>

#include "engine/decision.hpp"

namespace controllers {

/// JSON Patch operations on the status subresource. The client adds the test of the revision, so positions in lists are
/// those that the decision saw.
nlohmann::json DatabaseStatusPatch(const engine::WriteDatabaseStatus& step);
nlohmann::json MigrationStatusPatch(const engine::WriteMigrationStatus& step);

}  // namespace controllers
