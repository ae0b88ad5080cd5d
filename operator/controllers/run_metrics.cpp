#include "controllers/run_metrics.hpp"

#include <string>
#include <vector>

namespace controllers {
namespace {

/// Seconds: from what nobody notices over what clients give up on (10 to 60) to a table that stood still for an hour.
const std::vector<double> kBuckets{0, 1, 2, 5, 10, 30, 60, 300, 900, 3600};

}  // namespace

void CountEnded(const api::HistoryEntry& entry, telemetry::Metrics& metrics) {
    const auto observe = [&](const char* who, std::optional<std::chrono::seconds> longest) {
        if (!longest) return;
        metrics.Observe(std::string(kLockWaitSeconds),
                        "Longest lock wait seen during a migration: of the migration, and of others for it.",
                        {{"who", who}}, kBuckets, static_cast<double>(longest->count()));
    };
    observe("migration", entry.longest_lock_wait);
    observe("others", entry.longest_blocking);
}

}  // namespace controllers
