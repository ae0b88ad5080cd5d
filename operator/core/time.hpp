#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace core {

/// Whole seconds since the epoch, UTC: what the API server stores in metav1.Time.
using Time = std::chrono::sys_seconds;

/// RFC 3339, UTC: "2026-11-22T19:47:00Z".
std::string FormatTime(Time time);

/// RFC 3339 with "Z"; fractions of a second (metav1.MicroTime) are cut off. nullopt when the text is not such a time.
std::optional<Time> ParseTime(std::string_view text);

/// A duration for people: "45s", "3m12s", "2h05m".
std::string FormatDuration(std::chrono::seconds duration);

}  // namespace core
