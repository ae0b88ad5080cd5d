#include "api/agent_report.hpp"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace api {
namespace {

AgentReport Full() {
    AgentReport report;
    report.phase = AgentPhase::Refused;
    report.tool = "Alembic";
    report.identity = "7300000000000000001/16384";
    report.before = version::Reading{.initialised = true, .versions = {"0001_initial"}, .reached = {"0001"}};
    report.after = version::Reading{.initialised = true,
                                    .versions = {"0002_a", "0002_b"},
                                    .dirty = true,
                                    .dirty_detail = "half-way",
                                    .reached = {"0001", "0002_a"},
                                    .truncated = true};
    report.after->half_done = "0002_b";
    report.after->lock = version::ToolLock{"public.locks", "pod-1 (10.0.0.7)", "2026-11-22 19:48:30", "later"};
    report.waiting_for = AgentReport::Holder{4711, "tidegate/1234", core::ParseTime("2026-11-22T19:47:00Z")};
    report.error = AgentReport::Error{std::string{agent_error::kBusy}, "try \"again\"\nlater"};
    report.connection_check = true;
    report.locks = AgentReport::Locks{
        .longest_wait = std::chrono::seconds{12},
        .longest_blocking = std::chrono::seconds{7},
        .cancels = 2,
        .blockers = {{4712, "billing", "idle in transaction", std::chrono::seconds{90}}, {0, "", "", std::nullopt}}};
    report.fence_lost = 3;
    report.start_time = core::ParseTime("2026-11-22T19:48:00Z");
    report.fence_time = core::ParseTime("2026-11-22T19:49:00Z");
    report.end_time = core::ParseTime("2026-11-22T19:50:00Z");
    return report;
}

std::string Changed(const char* pointer, const nlohmann::json& value) {
    auto json = nlohmann::json::parse(Print(Full()));
    json[nlohmann::json::json_pointer{pointer}] = value;
    return json.dump();
}

TEST(AgentReport, IsReadBackAsItWasPrinted) {
    EXPECT_EQ(ParseAgentReport(Print(Full())), Full());
    EXPECT_EQ(ParseAgentReport(Print(AgentReport{}) + "\n"), AgentReport{});
}

TEST(AgentReport, IsOneLine) {
    EXPECT_EQ(Print(Full()).find('\n'), std::string::npos);
}

TEST(AgentReport, IgnoresWhatANewerAgentAdds) {
    EXPECT_EQ(ParseAgentReport(Changed("/newField", {{"a", 1}})), Full());
    EXPECT_EQ(ParseAgentReport(Changed("/before/newField", 7)), Full());
}

TEST(AgentReport, RefusesWrongTypes) {
    const nlohmann::json values[] = {
        nullptr, -1, 1.5, 4294967296, nlohmann::json::array({1}), nlohmann::json::object({{"initialised", 1}})};
    for (const char* field : {"/v",
                              "/phase",
                              "/tool",
                              "/identity",
                              "/before",
                              "/after",
                              "/waitingFor",
                              "/error",
                              "/fenceLost",
                              "/startTime",
                              "/before/initialised",
                              "/before/versions",
                              "/before/reached",
                              "/after/dirty",
                              "/connectionCheck",
                              "/locks/longestWaitSeconds",
                              "/locks/longestBlockingSeconds",
                              "/locks/cancels",
                              "/locks/blockers",
                              "/locks/blockers/0",
                              "/locks/blockers/0/pid",
                              "/locks/blockers/0/applicationName",
                              "/locks/blockers/0/state",
                              "/locks/blockers/0/ageSeconds",
                              "/after/dirtyDetail",
                              "/after/halfDone",
                              "/after/toolLock",
                              "/after/toolLock/table",
                              "/after/toolLock/holder",
                              "/after/toolLock/since",
                              "/after/toolLock/until",
                              "/waitingFor/pid",
                              "/waitingFor/since",
                              "/error/reason",
                              "/error/message"}) {
        for (const auto& value : values) {
            if (std::string_view{field} == "/waitingFor" && value.is_object()) continue;
            if (std::string_view{field} == "/error" && value.is_object()) continue;
            if (std::string_view{field} == "/after/toolLock" && value.is_object()) continue;
            if (std::string_view{field} == "/locks/blockers/0" && value.is_object()) continue;
            EXPECT_EQ(ParseAgentReport(Changed(field, value)), std::nullopt) << field << " " << value;
        }
    }
}

TEST(AgentReport, RefusesWhatIsNoReport) {
    for (const char* text : {"", "null", "[]", "{}", "\"x\"", "{\"v\":1}", "{\"v\":1,\"phase\":\"Dancing\"}",
                             "{\"v\":2,\"phase\":\"Done\"}", "{\"phase\":\"Done\"}", "{\"v\":1,\"phase\":\"Done\"",
                             "{\"v\":1,\"phase\":\"Done\"} x", "segmentation fault"}) {
        EXPECT_EQ(ParseAgentReport(text), std::nullopt) << text;
    }
    EXPECT_EQ(ParseAgentReport(Changed("/startTime", "yesterday")), std::nullopt);
    EXPECT_EQ(ParseAgentReport(Print(Full()) + std::string(5000, ' ')), std::nullopt);
}

TEST(AgentReport, NeverExceedsWhatKubernetesKeeps) {
    AgentReport report = Full();
    report.error->message.assign(100000, 'x');
    report.waiting_for->application_name.assign(100000, 'y');
    report.identity.assign(1000, 'z');
    report.before->dirty_detail.assign(5000, '"');
    report.after->half_done.assign(5000, '"');
    report.before->lock = version::ToolLock{};
    for (auto* reading : {&report.before, &report.after}) {
        for (auto* text : {&(*reading)->lock->table, &(*reading)->lock->holder, &(*reading)->lock->since})
            text->assign(1000, '"');
    }
    report.locks->blockers.assign(
        kMostBlockers, {4712, std::string(63, '"'), "idle in transaction (aborted)", std::chrono::seconds{90000}});
    report.before->versions.assign(300, "0001_initial");
    report.after->reached.assign(300, "0002_second");
    for (const std::size_t limit : {kReportLimit, std::size_t{1024}}) {
        const std::string line = Print(report, limit);
        EXPECT_LE(line.size(), limit);
        const auto read = ParseAgentReport(line);
        ASSERT_TRUE(read);
        EXPECT_EQ(read->phase, report.phase);
        EXPECT_EQ(read->error->reason, agent_error::kBusy);
        EXPECT_TRUE(read->after->truncated);
    }
}

TEST(AgentReport, SaysThatNothingWaitedAndNotThatNobodyLooked) {
    AgentReport report;
    EXPECT_EQ(Print(report).find("locks"), std::string::npos);
    report.locks = AgentReport::Locks{};
    const auto read = ParseAgentReport(Print(report));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->locks, AgentReport::Locks{});
}

TEST(AgentReport, CutsWhatMattersLeastFirst) {
    AgentReport report = Full();
    report.after->truncated = false;
    report.after->reached.assign(300, "0002_second");
    const auto read = ParseAgentReport(Print(report));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->after->versions, report.after->versions);
    EXPECT_LT(read->after->reached.size(), 300U);
    EXPECT_FALSE(read->after->reached.empty());
    EXPECT_TRUE(read->after->truncated);
}

TEST(AgentReport, SurvivesTextThatIsNotUtf8) {
    AgentReport report = Full();
    report.error->message = "r\xF4le \xFF";
    const auto read = ParseAgentReport(Print(report));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->error->message, "r\xEF\xBF\xBDle \xEF\xBF\xBD");
}

TEST(AgentReport, CutsBetweenCharacters) {
    AgentReport report = Full();
    report.error->message.clear();
    for (int i = 0; i < 400; ++i)
        report.error->message += "\xC3\xB6";
    const auto read = ParseAgentReport(Print(report));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->error->message.size() % 2, 0U);
    EXPECT_EQ(read->error->message.find("\xEF\xBF\xBD"), std::string::npos);
}

}  // namespace
}  // namespace api
