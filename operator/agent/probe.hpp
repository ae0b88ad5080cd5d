#pragma once

#include "agent/configuration.hpp"
#include "agent/report_file.hpp"
#include "agent/stop_signal.hpp"
#include "agent/timing.hpp"

namespace agent {

/// What the main container of a probe Job does: reads the version, without the fence, and reports it as `after`.
/// Reading does not change anything, so probes and runs do not exclude each other. Errors are retried for a few
/// seconds, then reported. Returns the exit code.
int ProbeOnce(const Configuration& configuration, ReportFile& report, const StopSignal& stop, const Timing& timing);

}  // namespace agent
