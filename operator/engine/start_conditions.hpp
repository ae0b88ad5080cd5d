#pragma once

#include <optional>
#include <vector>

#include "api/database.hpp"
#include "api/migration.hpp"
#include "core/time.hpp"
#include "engine/explain.hpp"
#include "engine/world.hpp"

namespace engine {

/// What a run of this Migration waits for before it may stand in the queue, in the order in which it comes to pass;
/// empty: nothing. One answer for the launch, the status and whoever explains.
///
/// For every run: spec.suspend is not set; the Database was read; no Contract or Down comes first whose change this run
/// would contain, or undo. For a Contract and a Down then their own steps (bounds.hpp): the Ledger, the requests in
/// flight, the old pods. Old pods are waited for unless a quorum list of this very pass shows none.
///
/// What the fence waits for shows only when the Job is there: it is the last in `waitingFor`, and not here.
///
/// `database` may be one step ahead of the World's.
std::vector<View> StartConditions(const World& world, const api::Database& database, const api::Migration& migration,
                                  core::Time now);

/// All that is missing is to be looked for: old pods, by a new quorum list.
bool IsTimeToLookForOldPods(const World& world, const api::Migration& migration, core::Time now);

/// When it is, at the latest, if nothing else happens; nullopt: not before something happens.
std::optional<core::Time> NextLookForOldPods(const World& world, const api::Migration& migration, core::Time now);

}  // namespace engine
