#pragma once

#include <nlohmann/json_fwd.hpp>

#include "api/database.hpp"
#include "api/run_id.hpp"
#include "jobs/job_settings.hpp"

/// Pure builders of the Jobs that Tidegate creates. Settings and their reasons: DESIGN section 5.
namespace jobs {

/// The one-time Job of a run, complete for create. `migration` is the live object: env, volumes and scheduling are
/// taken from its spec as written. Credentials stand in it by secretKeyRef only. Restricted Pod Security by default.
nlohmann::json BuildMigrationJob(const nlohmann::json& migration, const api::Database& database, const api::RunId& run,
                                 const JobSettings& settings);

}  // namespace jobs
