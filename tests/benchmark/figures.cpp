#include "benchmark/figures.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace benchmark {

Duration Took(const std::function<void()>& what) {
    const auto start = std::chrono::steady_clock::now();
    what();
    return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - start);
}

double Percentile(Samples samples, std::size_t percent) {
    if (samples.empty()) return 0;
    const auto at = samples.begin() + static_cast<std::ptrdiff_t>((samples.size() - 1) * percent / 100);
    std::nth_element(samples.begin(), at, samples.end());
    return std::chrono::duration<double, std::milli>(*at).count();
}

void Print(const std::string& text) {
    std::printf("BENCHMARK %s\n", text.c_str());
    std::fflush(stdout);
}

std::string Summary(const Samples& samples) {
    return "p50 " + Number(Percentile(samples, 50)) + " ms, p99 " + Number(Percentile(samples, 99)) + " ms, max " +
           Number(Percentile(samples, 100)) + " ms of " + std::to_string(samples.size());
}

void PrintLoad() {
    std::array<double, 3> load{};
    if (getloadavg(load.data(), static_cast<int>(load.size())) < 0) return;
    Print("(load of the machine in the last minute: " + Number(load[0], 1) + ", on " +
          std::to_string(std::thread::hardware_concurrency()) + " cores)");
}

std::string Number(double value, int digits) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", digits, value);
    return text.data();
}

}  // namespace benchmark
