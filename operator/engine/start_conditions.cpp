#include "engine/start_conditions.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>

#include "api/reasons.hpp"
#include "engine/bounds.hpp"
#include "engine/judge.hpp"
#include "engine/old_pods.hpp"
#include "engine/queue.hpp"
#include "engine/range.hpp"
#include "engine/tuning.hpp"

namespace engine {
namespace {

namespace reasons = api::reasons;
using api::Phase;
using api::Summary;

View Working(std::string_view reason, std::string message) {
    return {.summary = Summary::Working, .reason = std::string(reason), .message = std::move(message)};
}

/// A later image contains what a Contract takes away, and what a Down takes back would come again.
bool ComesFirst(const api::Database& database, const api::Migration& first, const api::Migration& migration) {
    const auto order = migration.spec.version.empty() || first.spec.version.empty()
                           ? std::nullopt
                           : CompareIn(database, migration.spec.version, first.spec.version);
    if (order) return std::is_gt(*order);
    return first.spec.phase == Phase::Down ||
           std::tie(first.created, first.key.name) < std::tie(migration.created, migration.key.name);
}

const api::Migration* FindFirst(const World& world, const api::Database& database, const api::Migration& migration,
                                core::Time now) {
    if (SetsBound(migration)) {
        const auto* next = NextBoundSetter(world, database, now);
        return next == &migration || next == nullptr || next->key == migration.key ? nullptr : next;
    }
    for (const auto& other : world.migrations) {
        const bool may_be = SetsBound(*other) && other->key != migration.key;
        if (may_be && WantsRun(database, *other, now) && ComesFirst(database, *other, migration)) return other.get();
    }
    return nullptr;
}

std::string Bounds(const api::Migration& migration) {
    return migration.spec.phase == Phase::Contract ? "below version " + migration.spec.minimum_version
                                                   : "above version " + migration.spec.version;
}

const OldPods* KnownOldPods(const World& world, const api::Migration& migration) {
    const auto& known = world.learned.old_pods;
    return known && known->key == migration.run_key ? &*known : nullptr;
}

View ExplainOldPods(const World& world, const api::Database& database, const api::Migration& migration) {
    const auto* known = KnownOldPods(world, migration);
    const auto& version = migration.spec.version;
    if (known == nullptr || known->found.empty()) {
        return Working(reasons::kWaitingForOldPods,
                       "It starts when nothing that needs a version " + Bounds(migration) + " is left.");
    }
    if (const auto* held = FindSkippedStep(database, migration, known->found, world.workloads)) {
        const auto& minimum = migration.spec.minimum_version;
        return {.summary = Summary::Failed,
                .reason = std::string(reasons::kRolloutSkipsStep),
                .message = "Deployment " + held->key.name + " is held for " + Quote(held->requires_text, 200) +
                           ", which only this Migration brings, while its own pods need a version below " + minimum +
                           ", so neither can go on: " + Describe(known->found) + ". Roll out a version that needs " +
                           minimum + " first; this Migration then goes on by itself."};
    }
    const std::string what = migration.spec.phase == Phase::Contract
                                 ? "Still in use below version " + migration.spec.minimum_version
                                 : "Still in use above version " + version;
    const std::string advice =
        migration.spec.phase == Phase::Contract
            ? "Roll out versions that need at least " + migration.spec.minimum_version + ", or remove these"
            : "Roll back to versions that need at most " + version + ", or remove these";
    return Working(reasons::kWaitingForOldPods,
                   what + ": " + Describe(known->found) + ". " + advice + "; it starts when nothing of it is left.");
}

void AddPreparation(const World& world, const api::Database& database, const api::Migration& migration, core::Time now,
                    std::vector<View>& conditions) {
    const auto preparation = PreparationOf(world, database.status, migration, now);
    if (preparation < Preparation::WaitsForRequests) {
        conditions.push_back(Working(reasons::kWaitingForLedger, "Requirements " + Bounds(migration) +
                                                                     " leave the Ledger first; nothing new that "
                                                                     "needs them is let through from then on."));
    }
    if (preparation < Preparation::Done) {
        const auto& bound = BoundOf(database.status, migration.spec.phase);
        const bool is_under_way = preparation == Preparation::WaitsForRequests;
        conditions.push_back(
            Working(reasons::kWaitingForRequests,
                    "Requests that were let through before may be in flight" +
                        (is_under_way ? " until " + core::FormatTime(*bound->wait_start + world.in_flight_wait) : "") +
                        "; then old pods are looked for."));
    }
    const auto* known = KnownOldPods(world, migration);
    const bool are_gone =
        preparation == Preparation::Done && known != nullptr && known->is_live && known->found.empty();
    if (!are_gone) conditions.push_back(ExplainOldPods(world, database, migration));
}

/// A workload of the database changed since the last list.
bool HasNews(const World& world, const OldPods& known) {
    return std::any_of(world.workloads.begin(), world.workloads.end(),
                       [&](const auto& workload) { return workload->revision.value > known.seen; });
}

core::Time LookDue(const World& world, const OldPods& known) {
    return known.asked + (HasNews(world, known) ? kOldPodsAfterNews : kOldPodsInterval);
}

}  // namespace

std::vector<View> StartConditions(const World& world, const api::Database& database, const api::Migration& migration,
                                  core::Time now) {
    std::vector<View> conditions;
    if (migration.spec.suspend) {
        conditions.push_back(
            Working(reasons::kSuspended, "spec.suspend is set: nothing is started until it is removed."));
    }
    if (!IsVerified(database)) {
        const View view = ExplainDatabase(world, database.status);
        conditions.push_back(Working(
            reasons::kWaitingForDatabase,
            "Database " + migration.spec.database + " must be read first (" + view.reason + "): " + view.message));
    }
    if (!conditions.empty()) return conditions;
    if (const auto* first = FindFirst(world, database, migration, now)) {
        const std::string what = first->spec.phase == Phase::Down ? " (Down to version " : " (Contract to version ";
        conditions.push_back(Working(reasons::kWaitingForTurn,
                                     "Waits for its turn on Database " + migration.spec.database + ": Migration " +
                                         first->key.name + what + first->spec.version + ") comes first; see kubectl " +
                                         "describe tgm " + first->key.name + "."));
        return conditions;
    }
    if (SetsBound(migration)) AddPreparation(world, database, migration, now, conditions);
    return conditions;
}

bool IsTimeToLookForOldPods(const World& world, const api::Migration& migration, core::Time now) {
    if (PreparationOf(world, world.database->status, migration, now) != Preparation::Done) return false;
    const auto* known = KnownOldPods(world, migration);
    // A list that showed nothing is followed by the launch at once; where something came between, only a new one
    // counts.
    return known == nullptr || (!known->is_live && (known->found.empty() || now >= LookDue(world, *known)));
}

std::optional<core::Time> NextLookForOldPods(const World& world, const api::Migration& migration, core::Time now) {
    const auto preparation = PreparationOf(world, world.database->status, migration, now);
    if (preparation == Preparation::WaitsForRequests)
        return *BoundOf(world.database->status, migration.spec.phase)->wait_start + world.in_flight_wait;
    if (preparation != Preparation::Done) return std::nullopt;
    const auto* known = KnownOldPods(world, migration);
    return known == nullptr ? std::nullopt : std::optional(LookDue(world, *known));
}

}  // namespace engine
