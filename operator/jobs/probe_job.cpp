#include "jobs/probe_job.hpp"

#include <nlohmann/json.hpp>

#include "api/names.hpp"
#include "api/run_id.hpp"
#include "jobs/job_parts.hpp"

namespace jobs {

nlohmann::json BuildProbeJob(const api::Database& database, int launch, const std::vector<std::string>& wanted,
                             const JobSettings& settings) {
    using nlohmann::json;
    json pod = {{"automountServiceAccountToken", false},
                {"securityContext", RestrictedPod()},
                {"containers", json::array({AgentContainer(database, "probe", wanted, settings)})},
                {"volumes", AgentVolumes(database)}};
    const auto metadata = JobMetadata({.name = api::ProbeJobName(database.key.name, database.uid, launch),
                                       .role = api::kRoleProbe,
                                       .run_key = {},
                                       .migration = {},
                                       .launch = launch,
                                       .owner = {"Database", database.key.name, database.uid.value}},
                                      database, settings);
    return JobAround(metadata, json::object(), std::move(pod));
}

}  // namespace jobs
