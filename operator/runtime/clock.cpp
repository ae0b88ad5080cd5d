#include "runtime/clock.hpp"

#include <cstdio>

namespace runtime {
namespace {

class RealClock final : public Clock {
public:
    core::Time Now() const override {
        return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    }
    SteadyTime Steady() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace

const Clock& SystemClock() {
    static const RealClock clock;
    return clock;
}

std::string FormatMicroTime(std::chrono::system_clock::time_point time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(time - seconds).count();
    auto text = core::FormatTime(seconds);
    char fraction[16];
    std::snprintf(fraction, sizeof fraction, ".%06dZ", static_cast<int>(micros));
    text.replace(text.size() - 1, 1, fraction);
    return text;
}

}  // namespace runtime
