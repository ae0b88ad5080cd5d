#include "engine/lost.hpp"

#include <algorithm>

#include "api/reasons.hpp"
#include "core/text.hpp"
#include "engine/judge.hpp"
#include "engine/lookup.hpp"
#include "engine/range.hpp"
#include "engine/retry.hpp"
#include "engine/tuning.hpp"

namespace engine {
namespace {

namespace reasons = api::reasons;

bool IsGone(const api::Database& database, const std::string& version) {
    if (version.empty()) return false;
    if (IsTakenDown(database, version)) return true;
    const auto verdict = JudgeVersion(database, version);
    return verdict == Verdict::NotReached || verdict == Verdict::VersionUnknown;
}

/// The Migration says that its version was there without a run, and speaks of its present spec.
bool NeededNoRun(const api::Migration& migration) {
    const auto* ready = api::FindCondition(migration.status.conditions, api::kReady);
    const auto& shown = migration.status.run;
    return ready != nullptr && ready->reason == reasons::kAlreadyReached && shown && shown->key == migration.run_key;
}

std::string RecordedMessage(const api::Migration& migration, const api::Database& after) {
    return core::OneLine(LostMessage(migration, after.key.name, after.status), kLongestRecordMessage);
}

api::RunRecord LostRecord(const World& world, const api::Migration& migration, const api::Database& after,
                          core::Time now) {
    return {.key = migration.run_key,
            .migration = migration.key.name,
            .migration_uid = migration.uid,
            .image = migration.spec.image,
            .version = migration.spec.version,
            .outcome = api::RunOutcome::NeverStarted,
            .reason = std::string(reasons::kVersionLost),
            .message = RecordedMessage(migration, after),
            .launches = NewestLaunch(world, migration),
            .start_time = now,
            .completion_time = now,
            .retry_tokens = TokensUsedUp(world, migration.run_key, {})};
}

/// Whatever would have let the run begin again belongs to the time before the loss.
void Withdraw(const World& world, const api::Migration& migration, const api::Database& after, api::RunRecord& run) {
    run.retry_tokens = TokensUsedUp(world, run.key, run.retry_tokens);
    run.retry_time.reset();
    if (run.outcome == api::RunOutcome::Succeeded) return;
    run.reason = reasons::kVersionLost;
    run.message = RecordedMessage(migration, after);
}

}  // namespace

bool IsLost(const api::Database& database, const api::RunRecord& run) {
    // What a Down took away is not its own.
    if (run.phase == api::Phase::Down) return false;
    const bool was_there = run.outcome == api::RunOutcome::Succeeded || run.reason == reasons::kVersionLost;
    return was_there && IsGone(database, run.version);
}

std::string LostMessage(const api::Migration& migration, std::string_view database, const api::DatabaseStatus& status) {
    const auto& ceiling = status.ceiling;
    const std::string why =
        ceiling && !ceiling->provisional
            ? "Migration " + ceiling->migration + " (Down) was to take it back to version " + ceiling->version
            : "It was restored to an older state, or migrated back by hand";
    return "Version " + migration.spec.version + " was reached in Database " + std::string(database) +
           " and does not count as reached any more: the database says " + AtVersion(status) + ". " + why +
           ". Nothing is run again by itself: "
           "annotate the Migration tidegate.io/retry=<a new value> to run it again.";
}

void RecordReading(const World& world, const NewReading& reading, core::Time now, api::DatabaseStatus& status) {
    ApplyReading(*world.database, reading, NamedBy(world), now, status);
    WithdrawLost(world, now, status);
}

void WithdrawLost(const World& world, core::Time now, api::DatabaseStatus& status) {
    api::Database after = *world.database;
    after.status = status;
    for (const auto& migration : world.migrations) {
        const auto& version = migration->spec.version;
        if (migration->spec.phase == api::Phase::Down) continue;
        if (!IsGone(after, version) || IsGone(*world.database, version)) continue;
        const auto run = std::find_if(status.runs.begin(), status.runs.end(),
                                      [&](const auto& entry) { return entry.key == migration->run_key; });
        if (run == status.runs.end()) {
            if (NeededNoRun(*migration)) status.runs.push_back(LostRecord(world, *migration, after, now));
        } else if (run->outcome == api::RunOutcome::Succeeded || NeededNoRun(*migration)) {
            Withdraw(world, *migration, after, *run);
        }
    }
}

}  // namespace engine
