#pragma once

#include <chrono>
#include <functional>
#include <stop_token>

#include "agent/report_file.hpp"

namespace agent {

/// SIGTERM, SIGINT and SIGPIPE no longer interrupt anything. Call it first, before any thread exists: as process 1 of a
/// container a signal that is neither blocked nor handled is lost.
void PrepareSignals();

/// Runs `work` on a thread of its own and turns SIGTERM or SIGINT into its stop request, so that a database that does
/// not answer cannot keep the process from ending with a report: after `patience` the process leaves without `work`.
/// Returns what `work` returned.
int Supervise(const std::function<int(std::stop_token)>& work, ReportFile& report, std::chrono::milliseconds patience);

}  // namespace agent
