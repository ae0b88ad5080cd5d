#pragma once

#include <chrono>
#include <string>

#include "core/time.hpp"

namespace runtime {

using SteadyTime = std::chrono::steady_clock::time_point;

/// The time for everyone who decides by it. Decisions compare what the API server stored (wall clock, whole seconds);
/// waiting and leases use the steady clock only.
class Clock {
public:
    virtual ~Clock() = default;

    virtual core::Time Now() const = 0;
    virtual SteadyTime Steady() const = 0;
};

/// The machine's clock. Lives for the whole process.
const Clock& SystemClock();

/// metav1.MicroTime of now, as Leases and Events hold it: "2026-11-22T19:47:00.123456Z".
std::string FormatMicroTime(std::chrono::system_clock::time_point time);

}  // namespace runtime
