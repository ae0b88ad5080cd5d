#include "observed/startup_failure.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace observed {
namespace {

using Json = nlohmann::json;

/// As the kubelet of Kubernetes 1.36 writes it.
Json Unhealthy(const std::string& message) {
    return {{"metadata", {{"name", "orders-x-1-abcde.18a3"}, {"creationTimestamp", "2026-11-23T06:10:00Z"}}},
            {"involvedObject",
             {{"kind", "Pod"}, {"name", "orders-x-1-abcde"}, {"fieldPath", "spec.initContainers{tidegate-agent}"}}},
            {"reason", "Unhealthy"},
            {"message", message},
            {"firstTimestamp", "2026-11-23T06:10:00Z"},
            {"lastTimestamp", "2026-11-23T06:11:00Z"},
            {"eventTime", nullptr},
            {"count", 31}};
}

TEST(StartupFailure, IsWhatTheAgentPrintedOnOneLine) {
    const auto failure = ParseStartupFailure(Unhealthy("Startup probe failed: waiting for the fence\n"));
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->words, "waiting for the fence");
    EXPECT_EQ(failure->time, core::ParseTime("2026-11-23T06:11:00Z"));
    EXPECT_EQ(ParseStartupFailure(Unhealthy("(combined from similar events): Startup probe failed: a\nb "))->words,
              "a b");
    EXPECT_LE(ParseStartupFailure(Unhealthy("Startup probe failed: " + std::string(9000, 'x')))->words.size(), 400U);
}

TEST(StartupFailure, TakesTheTimeOfTheNewestRepetition) {
    auto event = Unhealthy("Startup probe failed: a");
    event["series"] = {{"count", 2}, {"lastObservedTime", "2026-11-23T06:12:00.123456Z"}};
    EXPECT_EQ(ParseStartupFailure(event)->time, core::ParseTime("2026-11-23T06:12:00Z"));
    for (const char* field : {"series", "lastTimestamp", "firstTimestamp"})
        event.erase(field);
    EXPECT_EQ(ParseStartupFailure(event)->time, core::ParseTime("2026-11-23T06:10:00Z"));
}

TEST(StartupFailure, IsNotOfAnotherContainerNorOfAnotherProbe) {
    auto event = Unhealthy("Startup probe failed: a");
    event["involvedObject"]["fieldPath"] = "spec.initContainers{cloud-sql-proxy}";
    EXPECT_EQ(ParseStartupFailure(event), std::nullopt);
    EXPECT_EQ(ParseStartupFailure(Unhealthy("Liveness probe failed: a")), std::nullopt);
    EXPECT_EQ(ParseStartupFailure(Unhealthy("Startup probe failed: ")), std::nullopt);
    EXPECT_EQ(ParseStartupFailure(Unhealthy("Startup probe failed: \n")), std::nullopt);
    for (const char* text : {"{}", "[]", "null", R"({"involvedObject": 1, "message": {}})"})
        EXPECT_EQ(ParseStartupFailure(Json::parse(text)), std::nullopt) << text;
}

TEST(StartupFailure, TheJobInTheWayIsTheOneOfTheTag) {
    EXPECT_EQ(JobInTheWay("held by server process 7 (\"tidegate/5f0c-A9\", client 10.0.0.7)").value, "5f0c-A9");
    EXPECT_EQ(JobInTheWay("held by server process 7 (\"psql\")").value, "");
    EXPECT_EQ(JobInTheWay("tidegate/").value, "");
}

}  // namespace
}  // namespace observed
