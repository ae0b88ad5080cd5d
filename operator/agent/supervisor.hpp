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
/// not answer cannot keep the process from ending: after `patience` the process speaks its `last_words` and leaves
/// without `work`. Returns what `work` returned.
int Supervise(const std::function<int(std::stop_token)>& work, std::chrono::milliseconds patience,
              const std::function<void()>& last_words);

/// Last words for a pod of ours: nobody knows whether the migration reached its version.
std::function<void()> ReportSilence(ReportFile& report);

}  // namespace agent
