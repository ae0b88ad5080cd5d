#include "api/reasons.hpp"
#include "engine/cause.hpp"
#include "engine/concerns.hpp"
#include "engine/explain.hpp"
#include "engine/lookup.hpp"

namespace engine {
namespace {

api::RunStatus RunStatusFor(const World& world, const api::DatabaseStatus& record, const api::Migration& migration,
                            const View& view) {
    const auto* run = api::FindRun(record, migration.run_key);
    // A run that goes on under an earlier spec is still what runs; Ready speaks of the present spec.
    const auto* active = ActiveRun(record);
    if (active != nullptr && active->migration == migration.key.name && active->migration_uid == migration.uid)
        run = active;
    api::RunStatus shown{.key = migration.run_key, .image = migration.spec.image, .version = migration.spec.version};
    if (run != nullptr && run->migration == migration.key.name) {
        shown.key = run->key;
        shown.launch = run->launches;
        shown.active = run->outcome == api::RunOutcome::Active;
        shown.attempt = run->attempts + (shown.active ? 1 : 0);
        // A Job that is shown and does not exist is gone, and may have run: one that was never made is not shown.
        if (!shown.active || JobWasThere(world, *run)) shown.job_name = run->job_name;
        shown.image = run->image;
        shown.version = run->version;
        shown.start_time = run->start_time;
    }
    const bool waits = view.summary == api::Summary::Working && view.reason != api::reasons::kMigrationRunning;
    if (!view.waiting_for.empty()) {
        shown.waiting_for = view.waiting_for;
    } else if (waits) {
        shown.waiting_for = {view.reason};
    }
    return shown;
}

bool SaysTheSame(const std::vector<api::Condition>& conditions, const View& view, std::int64_t generation) {
    const auto* ready = api::FindCondition(conditions, api::kReady);
    if (ready == nullptr || ready->reason != view.reason || ready->observed_generation != generation) return false;
    // One reason may stand for "still tried" and, later, for "given up".
    if (ready->status != api::ReadyStatus(view.summary)) return false;
    return ready->message == view.message || MessageAlternates(view.reason);
}

std::vector<api::Condition> ConditionsFor(const std::vector<api::Condition>& before, const View& view,
                                          std::int64_t generation, core::Time now) {
    if (SaysTheSame(before, view, generation)) return before;
    return api::Summarize(before, view.summary, view.reason, view.message, generation, now);
}

}  // namespace

api::DatabaseStatus WithConditions(const World& world, api::DatabaseStatus status, core::Time now) {
    const auto generation = world.database->generation;
    status.active = ActiveRun(status) != nullptr;
    status.observed_generation = generation;
    status.conditions = ConditionsFor(status.conditions, ExplainDatabase(world, status), generation, now);
    return status;
}

WriteDatabaseStatus WriteRecord(const World& world, api::DatabaseStatus status, core::Time now) {
    return {
        .database = world.key, .at = world.database->revision, .status = WithConditions(world, std::move(status), now)};
}

api::MigrationStatus MigrationStatusFor(const World& world, const api::DatabaseStatus& record,
                                        const api::Migration& migration, core::Time now) {
    api::MigrationStatus status = migration.status;
    const View view = ExplainMigration(world, record, migration, now);
    status.observed_generation = migration.generation;
    status.run = RunStatusFor(world, record, migration, view);
    status.conditions = ConditionsFor(migration.status.conditions, view, migration.generation, now);
    return status;
}

Note ConditionNote(const api::Migration& migration, const api::MigrationStatus& status) {
    const auto* ready = api::FindCondition(status.conditions, api::kReady);
    return {.kind = Note::On::Migration,
            .object = migration.key,
            .uid = migration.uid,
            .warning = ready->status == api::ConditionStatus::False || IsCause(ready->reason),
            .reason = ready->reason,
            .text = ready->message};
}

std::optional<Decision> DecideStatus(const World& world, core::Time now) {
    static const api::DatabaseStatus kNoRecord;
    const auto& record = world.database ? world.database->status : kNoRecord;
    for (const auto& migration : world.migrations) {
        auto status = MigrationStatusFor(world, record, *migration, now);
        if (status == migration->status) continue;
        const auto* before = api::FindCondition(migration->status.conditions, api::kReady);
        const auto* after = api::FindCondition(status.conditions, api::kReady);
        std::vector<Note> notes;
        const bool is_news = before == nullptr || before->reason != after->reason;
        if (is_news && after->reason != api::reasons::kMigrationRunning)
            notes.push_back(ConditionNote(*migration, status));
        return Decision{.step = WriteMigrationStatus{.migration = migration->key,
                                                     .at = migration->revision,
                                                     .status = std::move(status),
                                                     .history_limit = migration->spec.history_limit},
                        .notes = std::move(notes)};
    }
    if (!world.database) return std::nullopt;
    auto write = WriteRecord(world, world.database->status, now);
    if (write.status == world.database->status) return std::nullopt;
    return Decision{.step = std::move(write)};
}

}  // namespace engine
