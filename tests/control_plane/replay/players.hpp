#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "explorer/objects.hpp"
#include "explorer/scenario.hpp"

/// Objects and statuses as users and nodes write them, made from the model's.
namespace replay {

/// What the kubelet reports of a pod in this state.
nlohmann::json PodStatus(const explorer::Pod& pod);

nlohmann::json DatabaseObject(const std::string& ns, const explorer::Database& database);
/// It may be deleted at any time: the annotation that says so is there from the start.
nlohmann::json MigrationObject(const std::string& ns, const explorer::Migration& migration,
                               const explorer::Scenario& scenario);
nlohmann::json MigrationSpec(const explorer::Migration& migration, const explorer::Scenario& scenario);
nlohmann::json DeploymentObject(const std::string& ns, const std::string& name, const std::string& requires_text);
/// Somebody's Job that never makes a pod.
nlohmann::json ForeignJob(const std::string& ns, const std::string& name);

}  // namespace replay
