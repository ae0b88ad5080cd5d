#pragma once

#include <string_view>
#include <vector>

#include "engine/decision.hpp"
#include "telemetry/metrics.hpp"

namespace controllers {

/// What /metrics says of the gate.
///
///   tidegate_gate_breakglass_total   counter: workloads that somebody lets go on without proof (tidegate.io/release),
///                                    each value once. Labels: namespace; kind Deployment, Job or CronJob
inline constexpr std::string_view kBreakglassTotal = "tidegate_gate_breakglass_total";

/// Call it once the Ledger lists them. An operator that ends between the two leaves them out.
void CountReleases(const std::vector<engine::Note>& notes, telemetry::Metrics& metrics);

}  // namespace controllers
