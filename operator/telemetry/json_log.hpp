#pragma once

#include <string>
#include <string_view>

#include "runtime/observer.hpp"

namespace telemetry {

using runtime::LogField;
using runtime::LogFields;
using runtime::LogLevel;

/// One JSON object per line on stderr: {"time":"2026-11-22T19:47:00.123Z","level":"info","message":...,<fields>}.
/// Thread-safe. Values are escaped by the JSON library; what is not UTF-8 is replaced. Never give it a Secret's value.
void Log(LogLevel level, std::string_view message, LogFields fields = {}) noexcept;

/// Lines below are not written. Default: info.
void SetLogLevel(LogLevel level);
/// "debug", "info", "warning" or "error"; false (and no change) for anything else.
bool SetLogLevel(std::string_view level);

/// The line that Log writes, without its newline.
std::string FormatLogLine(std::string_view time, LogLevel level, std::string_view message, LogFields fields);

}  // namespace telemetry
