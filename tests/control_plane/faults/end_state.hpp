#pragma once

#include <nlohmann/json.hpp>

#include "support/recorder.hpp"

namespace faults {

/// The objects of a namespace without what differs from run to run: no times, UIDs, revisions, or names made of them.
/// Migrations, Databases, Ledger, Deployments, and how many Jobs and pods of migrations are left in which state.
nlohmann::json EndState(const support::History& history);

/// How often what was created and deleted: "create jobs", "create pods", "delete migrations", ... Of Jobs and pods only
/// those of migrations: a probe changes nothing and may be asked again.
nlohmann::json Counts(const support::History& history);

/// The lines in which two states differ; empty when they are equal.
std::string Difference(const nlohmann::json& expected, const nlohmann::json& found);

}  // namespace faults
