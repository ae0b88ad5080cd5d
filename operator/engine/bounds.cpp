#include "engine/bounds.hpp"

#include <algorithm>
#include <string>

#include "api/reasons.hpp"
#include "core/text.hpp"
#include "engine/concerns.hpp"
#include "engine/judge.hpp"
#include "engine/known_versions.hpp"
#include "engine/lookup.hpp"
#include "engine/queue.hpp"
#include "engine/range.hpp"
#include "engine/reading.hpp"
#include "engine/retry.hpp"
#include "engine/tuning.hpp"

namespace engine {
namespace {

using api::Phase;

constexpr Phase kPhases[] = {Phase::Contract, Phase::Down};

const std::string& BoundVersion(const api::Migration& migration) {
    return migration.spec.phase == Phase::Contract ? migration.spec.minimum_version : migration.spec.version;
}

/// A bound never moves outwards for a new run: what it kept out is kept out still.
bool IsTighter(const api::Database& database, Phase phase, const std::string& version, const std::string& than) {
    const auto order = CompareIn(database, version, than);
    if (!order) return false;
    return phase == Phase::Contract ? std::is_gt(*order) : std::is_lt(*order);
}

void Set(const api::Database& database, const api::Migration& migration, core::Time now, api::DatabaseStatus& status) {
    const auto phase = migration.spec.phase;
    auto& slot = BoundOf(status, phase);
    api::Bound bound{.version = BoundVersion(migration),
                     .migration = migration.key.name,
                     .key = migration.run_key,
                     .time = now,
                     .wait_start = std::nullopt,
                     .provisional = true};
    if (slot) {
        bound.previous_version = slot->version;
        bound.previous_migration = slot->migration;
        if (IsTighter(database, phase, slot->version, bound.version)) bound.version = slot->version;
    }
    slot = std::move(bound);
}

void GoBack(std::optional<api::Bound>& bound, core::Time now) {
    if (bound->previous_version.empty()) {
        bound.reset();
        return;
    }
    bound = {.version = bound->previous_version, .migration = bound->previous_migration, .key = {}, .time = now};
}

void Settle(api::Bound& bound) {
    bound.provisional = false;
    bound.previous_version.clear();
    bound.previous_migration.clear();
}

bool Shows(const std::vector<api::ObservedBound>& observed, const std::string& database, const api::Bound& bound) {
    return std::any_of(observed.begin(), observed.end(), [&](const auto& entry) {
        return entry.database == database && entry.version == bound.version && entry.time == bound.time;
    });
}

/// The Ledger was written by what this bound says.
bool LedgerShows(const World& world, Phase phase, const api::Bound& bound) {
    if (!world.ledger) return false;
    const auto& observed = phase == Phase::Contract ? world.ledger->observed_floor : world.ledger->observed_ceiling;
    return Shows(observed, world.key.name, bound);
}

/// The quorum read, once the store shows that it is worth it.
std::optional<Decision> LookAtLedger(const World& world, const api::Migration& migration, core::Time now) {
    const auto phase = migration.spec.phase;
    if (!LedgerShows(world, phase, *BoundOf(world.database->status, phase))) return std::nullopt;
    if (!world.learned.ledger_is_live) return Decision{.step = ReadLedgerLive{}};
    api::DatabaseStatus status = world.database->status;
    BoundOf(status, phase)->wait_start = now;
    return Decision{.step = WriteRecord(world, std::move(status), now)};
}

/// After a Down nothing says of a version with a made-up name whether it lay above: what is not known to be at or below
/// is no longer taken for proven.
void ForgetAbove(const api::Database& before, const std::string& version, api::DatabaseStatus& status) {
    std::erase_if(status.reached, [&](const auto& entry) {
        const auto proven = VersionOf(entry.requirement);
        const auto order = proven ? CompareIn(before, *proven, version) : std::nullopt;
        return !order || std::is_gt(*order);
    });
}

}  // namespace

bool SetsBound(const api::Migration& migration) {
    return migration.spec.phase != Phase::Expand;
}

std::optional<api::Bound>& BoundOf(api::DatabaseStatus& status, Phase phase) {
    return phase == Phase::Down ? status.ceiling : status.floor;
}

const std::optional<api::Bound>& BoundOf(const api::DatabaseStatus& status, Phase phase) {
    return phase == Phase::Down ? status.ceiling : status.floor;
}

Preparation PreparationOf(const World& world, const api::DatabaseStatus& status, const api::Migration& migration,
                          core::Time now) {
    const auto& bound = BoundOf(status, migration.spec.phase);
    if (!bound || bound->key != migration.run_key) return Preparation::NotBegun;
    if (!bound->wait_start) return Preparation::WaitsForLedger;
    return now < *bound->wait_start + world.in_flight_wait ? Preparation::WaitsForRequests : Preparation::Done;
}

const api::Migration* NextBoundSetter(const World& world, const api::Database& database, core::Time now) {
    return FirstInQueue(
        world, [&](const auto& migration) { return SetsBound(migration) && WantsRun(database, migration, now); });
}

std::optional<Decision> DecideBounds(const World& world, core::Time now) {
    const auto& database = *world.database;
    const auto* next = NextBoundSetter(world, database, now);
    const bool is_down_already = next != nullptr && next->spec.phase == Phase::Down && next->spec.run.empty() &&
                                 IsNothingAbove(database, next->spec.version);
    if (is_down_already) return RecordNothingToRun(world, *next, now);
    api::DatabaseStatus status = database.status;
    for (const Phase phase : kPhases) {
        auto& bound = BoundOf(status, phase);
        if (bound && bound->provisional && (next == nullptr || next->run_key != bound->key)) GoBack(bound, now);
    }
    if (next != nullptr && PreparationOf(world, status, *next, now) == Preparation::NotBegun)
        Set(database, *next, now, status);
    if (status != database.status) return Decision{.step = WriteRecord(world, std::move(status), now)};
    if (next == nullptr || PreparationOf(world, status, *next, now) != Preparation::WaitsForLedger) return std::nullopt;
    return LookAtLedger(world, *next, now);
}

Decision RecordNothingToRun(const World& world, const api::Migration& migration, core::Time now) {
    api::DatabaseStatus status = world.database->status;
    const auto* before = api::FindRun(status, migration.run_key);
    const auto& version = migration.spec.version;
    const std::string what = migration.spec.phase == Phase::Down ? "Nothing above version " + version + " is reached"
                                                                 : "Version " + version + " is reached already";
    api::RunRecord run{.key = migration.run_key,
                       .migration = migration.key.name,
                       .migration_uid = migration.uid,
                       .image = migration.spec.image,
                       .version = version,
                       .outcome = api::RunOutcome::Succeeded,
                       .reason = std::string(api::reasons::kAlreadyReached),
                       .attempts = before != nullptr ? before->attempts : 0,
                       .launches = before != nullptr ? before->launches : NewestLaunch(world, migration),
                       .start_time = now,
                       .completion_time = now,
                       .retry_tokens = {},
                       .requested_by = migration.requested_by,
                       .phase = migration.spec.phase};
    run.message = core::OneLine(
        what + ": Database " + world.key.name + " is at " + AtVersion(status) + ". Nothing had to be run.",
        kLongestRecordMessage);
    run.retry_tokens = TokensUsedUp(world, run.key, before != nullptr ? before->retry_tokens : run.retry_tokens);
    const EndedRun end{
        .outcome = run.outcome, .reason = api::reasons::kAlreadyReached, .message = {}, .attempted = true};
    SettleBounds(*world.database, run, end, now, status);
    std::erase_if(status.runs, [&](const auto& old) { return old.key == run.key; });
    status.runs.insert(status.runs.begin(), std::move(run));
    return {.step = WriteRecord(world, std::move(status), now)};
}

void SettleBounds(const api::Database& before, const api::RunRecord& run, const EndedRun& end, core::Time now,
                  api::DatabaseStatus& status) {
    for (const Phase phase : kPhases) {
        auto& bound = BoundOf(status, phase);
        if (end.attempted && bound && bound->key == run.key) Settle(*bound);
    }
    if (end.outcome != api::RunOutcome::Succeeded) return;
    if (run.phase == Phase::Down) {
        ForgetAbove(before, run.version, status);
        const auto order = status.floor ? CompareIn(before, run.version, status.floor->version) : std::nullopt;
        if (order && std::is_lt(*order))
            status.floor = {.version = run.version, .migration = run.migration, .key = {}, .time = now};
    } else if (status.ceiling) {
        const auto order = run.version.empty() ? std::nullopt : CompareIn(before, run.version, status.ceiling->version);
        if (!order || std::is_gt(*order)) status.ceiling.reset();
    }
}

}  // namespace engine
