#pragma once

#include <optional>
#include <stop_token>

#include <nlohmann/json_fwd.hpp>

#include "engine/decision.hpp"
#include "kube/client.hpp"

namespace controllers {

/// The Migration as it is now, read live, if it still asks for the run of this step: what is about to be created runs
/// what its owner says now, not what a store shows. Where its image stands in a Deployment, that is read live, too, and
/// spec.image of the answer is what is written there.
///
/// What is changed between this and the create is noticed by the next decision, which gives a launch up that has not
/// begun.
std::optional<nlohmann::json> ReadMigrationFor(const engine::CreateMigrationJob& step, const kube::Client& client,
                                               const std::stop_token& stop);

}  // namespace controllers
