#include "telemetry/process_metrics.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

namespace telemetry {
namespace {

/// The fields of /proc/self/stat after the command, which may hold spaces and brackets itself.
std::istringstream StatAfterCommand() {
    std::ifstream file("/proc/self/stat");
    std::string line;
    std::getline(file, line);
    const auto end = line.rfind(')');
    return std::istringstream(end == std::string::npos ? std::string() : line.substr(end + 1));
}

double BootTime() {
    std::ifstream file("/proc/stat");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("btime ")) return std::stod(line.substr(6));
    }
    return 0;
}

}  // namespace

ProcessFigures ReadProcess() {
    ProcessFigures figures;
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    auto stat = StatAfterCommand();
    std::string field;
    // Numbered as in proc(5); the state is the third.
    for (int number = 3; stat >> field; ++number) {
        if (number == 14 || number == 15) figures.cpu_seconds += std::stod(field) / ticks;
        if (number == 20) figures.threads = std::stod(field);
        if (number == 22) figures.start_time = BootTime() + std::stod(field) / ticks;
        if (number == 23) figures.virtual_bytes = std::stod(field);
        if (number == 24) figures.resident_bytes = std::stod(field) * static_cast<double>(sysconf(_SC_PAGESIZE));
    }
    std::error_code ignored;
    for (auto files = std::filesystem::directory_iterator("/proc/self/fd", ignored);
         files != std::filesystem::directory_iterator(); files.increment(ignored)) {
        figures.open_files += 1;
    }
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.most_files = static_cast<double>(limit.rlim_cur);
    return figures;
}

}  // namespace telemetry
