#include "support/memory_sampler.hpp"

#include <cmath>
#include <condition_variable>
#include <fstream>
#include <limits>

namespace support {
namespace {

double Field(pid_t pid, const std::string& name) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(name + ":")) return std::stod(line.substr(name.size() + 1));
    }
    return 0;
}

double Slope(const std::vector<MemorySampler::Sample>& all, double MemorySampler::Sample::*field) {
    const auto from = all.size() / 3;
    const auto count = static_cast<double>(all.size() - from);
    if (count < 3) return std::numeric_limits<double>::quiet_NaN();
    double t = 0, y = 0, tt = 0, ty = 0;
    for (auto i = from; i < all.size(); ++i) {
        t += all[i].seconds;
        y += all[i].*field;
        tt += all[i].seconds * all[i].seconds;
        ty += all[i].seconds * (all[i].*field);
    }
    return (count * ty - t * y) / (count * tt - t * t) * 3600;
}

}  // namespace

MemorySampler::MemorySampler(std::function<pid_t()> pid, std::chrono::milliseconds interval)
    : pid_(std::move(pid)), thread_([this, interval](const std::stop_token& stop) {
          std::mutex mutex;
          std::condition_variable_any never;
          std::unique_lock lock(mutex);
          while (!never.wait_for(lock, stop, interval, [] { return false; }) && !stop.stop_requested())
              Take();
      }) {}

MemorySampler::~MemorySampler() = default;

void MemorySampler::Take() {
    const auto pid = pid_();
    const Sample sample{std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count(),
                        Field(pid, "VmRSS"), Field(pid, "RssAnon")};
    const std::lock_guard lock(mutex_);
    if (sample.rss_kib > 0) samples_.push_back(sample);
}

std::vector<MemorySampler::Sample> MemorySampler::Samples() const {
    const std::lock_guard lock(mutex_);
    return samples_;
}

double MemorySampler::RssSlope() const {
    return Slope(Samples(), &Sample::rss_kib);
}

double MemorySampler::AnonymousSlope() const {
    return Slope(Samples(), &Sample::anonymous_kib);
}

}  // namespace support
