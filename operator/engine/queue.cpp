#include "engine/queue.hpp"

#include <algorithm>
#include <tuple>
#include <vector>

#include "api/reasons.hpp"
#include "engine/judge.hpp"
#include "engine/lost.hpp"
#include "engine/range.hpp"
#include "engine/retry.hpp"
#include "version/order.hpp"

namespace engine {
namespace {

namespace reasons = api::reasons;

bool HasLowerVersion(const version::Scheme& scheme, const api::Migration& a, const api::Migration& b) {
    if (a.spec.version.empty() || b.spec.version.empty()) return false;
    return version::Compare(scheme, a.spec.version, b.spec.version) == std::strong_ordering::less;
}

/// What stands in the record runs again only for a reason.
bool MayRunAgain(const api::Database& database, const api::Migration& migration, const api::RunRecord& run,
                 core::Time now) {
    if (run.outcome == api::RunOutcome::Active) return false;
    if (run.outcome == api::RunOutcome::Succeeded) return IsLost(database, run) && RetryIsAsked(migration, run);
    const bool is_superseded = run.outcome == api::RunOutcome::NeverStarted && run.reason == reasons::kSuperseded;
    const bool is_due = run.retry_time && *run.retry_time <= now && run.attempts < migration.spec.attempts.max;
    return is_superseded || is_due || RetryIsAsked(migration, run);
}

}  // namespace

bool WantsRun(const api::Database& database, const api::Migration& migration, core::Time now) {
    if (migration.deleting || migration.spec.suspend) return false;
    const auto* run = api::FindRun(database.status, migration.run_key);
    if (run != nullptr && !MayRunAgain(database, migration, *run, now)) return false;
    if (migration.spec.phase != api::Phase::Expand) return true;
    const auto& version = migration.spec.version;
    return !migration.spec.run.empty() || version.empty() || JudgeVersion(database, version) != Verdict::Holds ||
           IsTakenDown(database, version);
}

const api::Migration* FirstInQueue(const World& world, const std::function<bool(const api::Migration&)>& may_start) {
    std::vector<const api::Migration*> queue;
    for (const auto& migration : world.migrations) {
        if (may_start(*migration)) queue.push_back(migration.get());
    }
    // By age first: the oldest one normally has the lowest version, and one look at the others is enough.
    std::sort(queue.begin(), queue.end(), [](const auto* a, const auto* b) {
        return std::tie(a->created, a->key.name) < std::tie(b->created, b->key.name);
    });
    const auto first = std::find_if(queue.begin(), queue.end(), [&](const auto* migration) {
        return std::none_of(queue.begin(), queue.end(), [&](const auto* other) {
            return HasLowerVersion(world.database->spec.Scheme(), *other, *migration);
        });
    });
    // In two steps, because "lower" does not order every two: of those below which nobody waits, the oldest.
    if (first != queue.end()) return *first;
    // Numbers mixed with times may go round in a circle; then age decides.
    return queue.empty() ? nullptr : queue.front();
}

}  // namespace engine
