#include "engine/earlier_runs.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "engine/judge.hpp"
#include "engine/known_versions.hpp"

namespace engine {
namespace {

/// The CRD's maxItems. The API server refuses a status with more as a whole.
constexpr std::size_t kMostEarlierRuns = 400;

std::set<std::string> UsedImages(const World& world) {
    std::set<std::string> images;
    for (const auto& workload : world.workloads) {
        for (const auto& container : workload->containers)
            images.insert(container.image);
    }
    return images;
}

/// What ran in another database before it was replaced says nothing of this one.
void Keep(const api::RunRecord& run, api::DatabaseStatus& status) {
    if (!WasProvenHere(status, run)) return;
    std::erase_if(status.earlier_runs, [&](const auto& old) { return old.key == run.key; });
    status.earlier_runs.insert(status.earlier_runs.begin(), {.key = run.key,
                                                             .image = run.image,
                                                             .version = run.version,
                                                             .version_after = run.version_after,
                                                             .phase = run.phase,
                                                             .completion_time = run.completion_time});
}

}  // namespace

void TrimRuns(const World& world, api::DatabaseStatus& status) {
    const auto is_named = [&](const api::RunRecord& run) {
        return std::any_of(world.migrations.begin(), world.migrations.end(),
                           [&](const auto& migration) { return migration->run_key == run.key; });
    };
    std::vector<api::RunRecord> kept, old;
    std::size_t others = 0;
    for (auto& run : status.runs) {
        const bool stays = run.outcome == api::RunOutcome::Active || is_named(run) || ++others <= api::kKeptRuns;
        (stays ? kept : old).push_back(std::move(run));
    }
    status.runs = std::move(kept);
    // The newest comes first in both.
    for (auto run = old.rbegin(); run != old.rend(); ++run)
        Keep(*run, status);

    const auto used = UsedImages(world);
    std::size_t unused = 0;
    std::erase_if(status.earlier_runs, [&](const auto& run) {
        if (api::FindRun(status, run.key) != nullptr) return true;
        return !used.contains(run.image) && ++unused > api::kKeptEarlierRuns;
    });
    if (status.earlier_runs.size() > kMostEarlierRuns) status.earlier_runs.resize(kMostEarlierRuns);
}

api::RunRecord AsRecord(const api::EarlierRun& run) {
    return {.key = run.key,
            .image = run.image,
            .version = run.version,
            .version_after = run.version_after,
            .outcome = api::RunOutcome::Succeeded,
            .completion_time = run.completion_time,
            .phase = run.phase};
}

bool RanEarlier(const api::Database& database, std::string_view key) {
    const auto& runs = database.status.earlier_runs;
    const auto run = std::find_if(runs.begin(), runs.end(), [&](const auto& entry) { return entry.key == key; });
    if (run == runs.end()) return false;
    // A Down proves no image, and yet has run.
    return run->phase == api::Phase::Down ? WasProvenHere(database.status, AsRecord(*run))
                                          : ProvesImage(database, AsRecord(*run));
}

}  // namespace engine
