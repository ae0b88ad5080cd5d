#include "core/time.hpp"

#include <cstdio>

namespace core {
namespace {

bool IsDigit(char c) {
    return c >= '0' && c <= '9';
}

/// The number at `at` with `width` digits, or -1.
int Number(std::string_view text, std::size_t at, std::size_t width) {
    if (at + width > text.size()) return -1;
    int value = 0;
    for (const char c : text.substr(at, width)) {
        if (!IsDigit(c)) return -1;
        value = value * 10 + (c - '0');
    }
    return value;
}

}  // namespace

std::string FormatTime(Time time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    char text[40];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return text;
}

std::optional<Time> ParseTime(std::string_view text) {
    constexpr std::string_view kShape = "0000-00-00T00:00:00";
    if (text.size() < kShape.size() + 1 || text.back() != 'Z') return std::nullopt;
    for (const std::size_t at : {4U, 7U, 10U, 13U, 16U}) {
        if (text[at] != kShape[at]) return std::nullopt;
    }
    const std::string_view fraction = text.substr(kShape.size(), text.size() - kShape.size() - 1);
    if (!fraction.empty() && (fraction.front() != '.' || fraction.size() < 2)) return std::nullopt;
    for (std::size_t i = 1; i < fraction.size(); ++i) {
        if (!IsDigit(fraction[i])) return std::nullopt;
    }
    const int year = Number(text, 0, 4), month = Number(text, 5, 2), day = Number(text, 8, 2);
    const int hour = Number(text, 11, 2), minute = Number(text, 14, 2), second = Number(text, 17, 2);
    if (year < 0 || month < 0 || day < 0 || hour < 0 || minute < 0 || second < 0) return std::nullopt;
    if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) return std::nullopt;
    return Time{std::chrono::sys_days{date}} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
           std::chrono::seconds{second};
}

std::string FormatDuration(std::chrono::seconds duration) {
    const auto total = duration.count() < 0 ? 0 : duration.count();
    const auto hours = total / 3600, minutes = total / 60 % 60, seconds = total % 60;
    char text[64];
    if (hours > 0) {
        std::snprintf(text, sizeof text, "%lldh%02lldm", static_cast<long long>(hours),
                      static_cast<long long>(minutes));
    } else if (minutes > 0) {
        std::snprintf(text, sizeof text, "%lldm%02llds", static_cast<long long>(minutes),
                      static_cast<long long>(seconds));
    } else {
        std::snprintf(text, sizeof text, "%llds", static_cast<long long>(seconds));
    }
    return text;
}

}  // namespace core
