#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "api/database.hpp"
#include "jobs/job_settings.hpp"

namespace jobs {

/// A Job that only reads the history table: the agent is its one container. It changes nothing, takes no fence, and may
/// be deleted at any time.
nlohmann::json BuildProbeJob(const api::Database& database, int launch, const std::vector<std::string>& wanted,
                             const JobSettings& settings);

}  // namespace jobs
