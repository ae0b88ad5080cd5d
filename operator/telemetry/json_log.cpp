#include "telemetry/json_log.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/formatter.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "core/time.hpp"

namespace telemetry {
namespace {

using Level = spdlog::level::level_enum;

constexpr std::array kLevels{
    std::pair{LogLevel::kDebug, std::string_view("debug")}, std::pair{LogLevel::kInfo, std::string_view("info")},
    std::pair{LogLevel::kWarning, std::string_view("warning")}, std::pair{LogLevel::kError, std::string_view("error")}};

Level SpdlogLevel(LogLevel level) {
    switch (level) {
        case LogLevel::kDebug:
            return Level::debug;
        case LogLevel::kInfo:
            return Level::info;
        case LogLevel::kWarning:
            return Level::warn;
        case LogLevel::kError:
            return Level::err;
    }
    return Level::err;
}

/// The line is complete already: spdlog's patterns cannot escape.
class Verbatim final : public spdlog::formatter {
public:
    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
        out.append(message.payload.data(), message.payload.data() + message.payload.size());
        out.push_back('\n');
    }
    std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<Verbatim>(); }
};

spdlog::logger& Logger() {
    // Never destroyed: threads may log until the process ends.
    static auto* const logger = [] {
        auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
        sink->set_formatter(std::make_unique<Verbatim>());
        auto* const made = new spdlog::logger("tidegate", std::move(sink));
        made->set_level(Level::info);
        return made;
    }();
    return *logger;
}

std::string Now() {
    const auto now = std::chrono::system_clock::now();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
    const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(now - seconds).count();
    auto text = core::FormatTime(seconds);
    char fraction[16];
    std::snprintf(fraction, sizeof fraction, ".%03dZ", static_cast<int>(millis));
    return text.replace(text.size() - 1, 1, fraction);
}

}  // namespace

std::string FormatLogLine(std::string_view time, LogLevel level, std::string_view message, LogFields fields) {
    nlohmann::ordered_json line;
    line["time"] = time;
    for (const auto& [known, name] : kLevels) {
        if (known == level) line["level"] = name;
    }
    line["message"] = message;
    for (const auto& [key, value] : fields)
        line[std::string(key)] = value;
    return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void Log(LogLevel level, std::string_view message, LogFields fields) noexcept {
    try {
        auto& logger = Logger();
        if (!logger.should_log(SpdlogLevel(level))) return;
        logger.log(SpdlogLevel(level), std::string_view(FormatLogLine(Now(), level, message, fields)));
    } catch (...) {
        // Out of memory, or stderr is gone: there is nobody to tell.
    }
}

void SetLogLevel(LogLevel level) {
    Logger().set_level(SpdlogLevel(level));
}

bool SetLogLevel(std::string_view level) {
    for (const auto& [known, name] : kLevels) {
        if (name != level) continue;
        SetLogLevel(known);
        return true;
    }
    return false;
}

}  // namespace telemetry
