#include "api/conditions.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace api {
namespace {

using std::chrono::seconds;

const core::Time kStart = *core::ParseTime("2026-11-22T12:00:00Z");

TEST(Conditions, ThreeOfThemSayOneThing) {
    struct Case {
        Summary summary;
        ConditionStatus ready, reconciling, stalled;
    };
    const Case cases[] = {
        {Summary::Ready, ConditionStatus::True, ConditionStatus::False, ConditionStatus::False},
        {Summary::Working, ConditionStatus::Unknown, ConditionStatus::True, ConditionStatus::False},
        {Summary::Failed, ConditionStatus::False, ConditionStatus::False, ConditionStatus::True},
    };
    for (const auto& [summary, ready, reconciling, stalled] : cases) {
        const auto conditions = Summarize({}, summary, "Reason", "message", 7, kStart);
        ASSERT_EQ(conditions.size(), 3U);
        EXPECT_EQ(FindCondition(conditions, kReady)->status, ready);
        EXPECT_EQ(FindCondition(conditions, kReconciling)->status, reconciling);
        EXPECT_EQ(FindCondition(conditions, kStalled)->status, stalled);
        EXPECT_EQ(ReadyStatus(summary), ready);
        for (const auto& condition : conditions) {
            EXPECT_EQ(condition.observed_generation, 7);
            EXPECT_EQ(condition.reason, "Reason");
            EXPECT_EQ(condition.message, "message");
            EXPECT_EQ(condition.last_transition, kStart);
        }
    }
}

TEST(Conditions, ATransitionTimeMovesOnlyWithTheStatus) {
    const auto working = Summarize({}, Summary::Working, "A", "a", 1, kStart);
    const auto still = Summarize(working, Summary::Working, "B", "b", 2, kStart + seconds{5});
    for (const auto& condition : still)
        EXPECT_EQ(condition.last_transition, kStart);
    const auto failed = Summarize(still, Summary::Failed, "C", "c", 2, kStart + seconds{9});
    for (const auto& condition : failed)
        EXPECT_EQ(condition.last_transition, kStart + seconds{9}) << condition.type;
    const auto ready = Summarize(failed, Summary::Ready, "D", "d", 2, kStart + seconds{20});
    EXPECT_EQ(FindCondition(ready, kReady)->last_transition, kStart + seconds{20});
    EXPECT_EQ(FindCondition(ready, kReconciling)->last_transition, kStart + seconds{9});
    EXPECT_EQ(FindCondition(ready, kStalled)->last_transition, kStart + seconds{20});
}

TEST(Conditions, PrintAndParseAgree) {
    for (const auto summary : {Summary::Ready, Summary::Working, Summary::Failed}) {
        const auto conditions = Summarize({}, summary, "Reason", "a \"message\"", 3, kStart);
        EXPECT_EQ(ParseConditions(PrintConditions(conditions)), conditions);
    }
}

TEST(Conditions, ALongMessageIsCutBetweenCharacters) {
    std::string message = "x";
    while (message.size() < 10'000)
        message += "\xC3\xA4";
    const auto conditions = Summarize({}, Summary::Failed, "Reason", message, 1, kStart);
    EXPECT_LE(conditions[0].message.size(), 4096U);
    EXPECT_NO_THROW(PrintConditions(conditions).dump());
}

}  // namespace
}  // namespace api
