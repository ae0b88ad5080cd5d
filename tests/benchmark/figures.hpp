#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

/// Figures, for people: each a line that begins with BENCHMARK. Nothing here fails because a machine is slow.
namespace benchmark {

using Duration = std::chrono::microseconds;
using Samples = std::vector<Duration>;

/// By the steady clock, as whoever waits for the answer sees it.
Duration Took(const std::function<void()>& what);

/// Milliseconds. The samples need not be sorted; 0 if there are none.
double Percentile(Samples samples, std::size_t percent);

/// "BENCHMARK <text>"
void Print(const std::string& text);
/// "p50 1.23 ms, p99 4.56 ms, max 7.89 ms of 200"
std::string Summary(const Samples& samples);
/// What else the machine does: figures of a busy machine are no figures.
void PrintLoad();

/// With `digits` after the point.
std::string Number(double value, int digits = 2);

}  // namespace benchmark
