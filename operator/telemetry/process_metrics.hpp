#pragma once

namespace telemetry {

/// What /proc says about this process, as the process_* metrics show it. Fields that cannot be read are 0.
struct ProcessFigures {
    double cpu_seconds = 0;
    double resident_bytes = 0;
    double virtual_bytes = 0;
    double open_files = 0;
    double most_files = 0;
    double threads = 0;
    /// Unix time.
    double start_time = 0;
};

ProcessFigures ReadProcess();

}  // namespace telemetry
