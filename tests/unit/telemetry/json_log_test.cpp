#include "telemetry/json_log.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace telemetry {
namespace {

TEST(JsonLog, IsOneObjectWithTheFieldsInOrder) {
    EXPECT_EQ(
        FormatLogLine("2026-11-22T19:47:00.123Z", LogLevel::kWarning, "the watch broke",
                      {{"resource", "jobs.batch"}, {"error", "reset"}}),
        R"({"time":"2026-11-22T19:47:00.123Z","level":"warning","message":"the watch broke","resource":"jobs.batch","error":"reset"})");
}

TEST(JsonLog, EscapesWhatWouldBreakALine) {
    const std::string nasty = "a \"quote\", {braces}, %v, a\nline, \x01 and \\";
    const auto line = FormatLogLine("t", LogLevel::kInfo, nasty, {{"name", nasty}});
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_EQ(nlohmann::json::parse(line)["message"], nasty);
    EXPECT_EQ(nlohmann::json::parse(line)["name"], nasty);
}

TEST(JsonLog, ReplacesWhatIsNotUtf8) {
    const auto line = FormatLogLine("t", LogLevel::kError, "\xff\xfe", {});
    EXPECT_EQ(nlohmann::json::parse(line)["message"], "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(JsonLog, WritesLinesOfItsLevelAndAbove) {
    SetLogLevel(LogLevel::kWarning);
    testing::internal::CaptureStderr();
    Log(LogLevel::kInfo, "not this");
    Log(LogLevel::kError, "{this} one", {{"key", "value"}});
    const auto written = testing::internal::GetCapturedStderr();
    SetLogLevel(LogLevel::kInfo);
    ASSERT_TRUE(written.ends_with('\n'));
    const auto line = nlohmann::json::parse(written);
    EXPECT_EQ(line["message"], "{this} one");
    EXPECT_EQ(line["level"], "error");
    EXPECT_EQ(line["time"].get<std::string>().size(), std::string("2026-11-22T19:47:00.123Z").size());
}

TEST(JsonLog, KnowsItsLevelsByName) {
    EXPECT_TRUE(SetLogLevel("debug"));
    EXPECT_FALSE(SetLogLevel("loud"));
    EXPECT_TRUE(SetLogLevel("info"));
}

}  // namespace
}  // namespace telemetry
