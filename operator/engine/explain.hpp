#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/conditions.hpp"
#include "api/database.hpp"
#include "api/migration.hpp"
#include "api/requirement.hpp"
#include "core/time.hpp"
#include "engine/judge.hpp"
#include "engine/world.hpp"

/// The one text for condition, event, annotation and command line: what happened, to which object, what to do next.
/// Texts hold no running time, so that an unchanged situation is written once.
namespace engine {

/// What an object's conditions shall say.
struct View {
    api::Summary summary = api::Summary::Working;
    std::string reason;
    std::string message;
    /// Of a run that may not start yet: the reasons of all that it waits for, in order.
    std::vector<std::string> waiting_for = {};
};

/// What the Database shows when its status is `status`, which may be one step ahead of the World.
View ExplainDatabase(const World& world, const api::DatabaseStatus& status);

/// What a Migration shows, given the record in `status` (which may be one step ahead of the Database in the World).
View ExplainMigration(const World& world, const api::DatabaseStatus& status, const api::Migration& migration,
                      core::Time now);

/// Why a launch that was created does not run yet, or that it runs.
View ExplainLaunch(const World& world, const api::RunRecord& run, core::Time now);

/// One line for `tidegate.io/waiting-for`: the first requirement that does not hold, why, and what to do.
std::string ExplainHold(const WorkloadWorld& world);

/// A message of the API server or kubelet as part of a sentence: at most `limit` bytes, no trailing period.
std::string Quote(std::string_view words, std::size_t limit = 512);

}  // namespace engine
