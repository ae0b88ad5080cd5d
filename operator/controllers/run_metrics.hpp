#pragma once

#include <string_view>

#include "api/migration.hpp"
#include "telemetry/metrics.hpp"

namespace controllers {

/// What /metrics says of ended runs. Labels name no object: there may be thousands; which Migration it was stands in
/// its status.history.
///
///   tidegate_migration_lock_wait_seconds   histogram, one value for each ended launch whose agent watched the locks;
///                                          0 when nothing waited. Label who="migration": the longest that it was seen
///                                          to wait for a lock (history: longestLockWaitSeconds); who="others": the
///                                          longest that somebody else was seen to wait for it (longestBlockingSeconds)
inline constexpr std::string_view kLockWaitSeconds = "tidegate_migration_lock_wait_seconds";

/// Call it once `entry` stands in the Migration's history. An operator that ends between the two leaves it out.
void CountEnded(const api::HistoryEntry& entry, telemetry::Metrics& metrics);

}  // namespace controllers
