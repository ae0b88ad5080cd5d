#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

namespace support {

/// Samples the memory of one process and says whether it grows.
class MemorySampler final {
public:
    /// `pid` is asked each time.
    MemorySampler(std::function<pid_t()> pid, std::chrono::milliseconds interval);
    ~MemorySampler();

    struct Sample {
        double seconds = 0;
        double rss_kib = 0;
        double anonymous_kib = 0;
    };
    std::vector<Sample> Samples() const;
    /// KiB per hour by least squares over all but the first third, in which caches and pools fill; nullopt-like NaN
    /// with less than three samples.
    double RssSlope() const;
    double AnonymousSlope() const;

private:
    void Take();

    const std::function<pid_t()> pid_;
    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    mutable std::mutex mutex_;
    std::vector<Sample> samples_;
    std::jthread thread_;
};

}  // namespace support
