#include "database/fence_rule.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace database {
namespace {

using std::chrono::seconds;

constexpr FenceSighting kFree{false, false, false, seconds{3600}};
constexpr FenceSighting kHeld{true, false, false, seconds{3600}};
constexpr FenceSighting kTagged{false, true, false, seconds{3600}};
constexpr FenceSighting kSameRole{false, false, true, seconds{3600}};
constexpr FenceSighting kYoung{false, false, false, seconds{59}};
constexpr FenceSighting kOfAge{false, false, false, seconds{60}};

/// One look after another, a given number of seconds after the first.
struct Look {
    int at;
    FenceSighting sighting;
    bool tries;
};

struct Case {
    const char* name;
    FenceRule::Role role;
    bool driver_carries_tag;
    std::vector<Look> looks;
};

constexpr auto kNewcomer = FenceRule::Role::Newcomer;
constexpr auto kIncumbent = FenceRule::Role::Incumbent;

const Case kCases[] = {
    {"NewcomerTriesALockThatStayedFreeAWhile",
     kNewcomer,
     true,
     {{0, kFree, false}, {4, kFree, false}, {5, kFree, true}}},
    {"NewcomerWaitsQuietAfterItSawTheLockHeld",
     kNewcomer,
     true,
     {{0, kHeld, false}, {10, kFree, false}, {24, kFree, false}, {25, kFree, true}}},
    {"QuietStartsAgainWhenSomebodyTookIt",
     kNewcomer,
     true,
     {{0, kHeld, false},
      {1, kFree, false},
      {15, kHeld, false},
      {16, kFree, false},
      {30, kFree, false},
      {31, kFree, true}}},
    {"NewcomerWaitsWhileAMigrationsSessionExists",
     kNewcomer,
     true,
     {{0, kTagged, false}, {600, kTagged, false}, {601, kFree, false}, {616, kFree, true}}},
    {"NewcomerWaitsQuietOnAYoungServer",
     kNewcomer,
     true,
     {{0, kYoung, false}, {14, kYoung, false}, {15, kYoung, true}}},
    {"AServerIsYoungForAMinute", kNewcomer, true, {{0, kOfAge, false}, {5, kOfAge, true}}},
    {"OnceYoungQuietIsNeededAlthoughTheServerGrewUp",
     kNewcomer,
     true,
     {{0, kYoung, false}, {2, kOfAge, false}, {15, kOfAge, true}}},
    {"SessionsOfTheRoleDoNotMatterWhenTheDriverCarriesTheTag",
     kNewcomer,
     true,
     {{0, kSameRole, false}, {5, kSameRole, true}}},
    {"SessionsOfTheRoleMeanQuietWhenItDoesNot",
     kNewcomer,
     false,
     {{0, kSameRole, false}, {14, kSameRole, false}, {15, kSameRole, true}}},
    {"WithoutSessionsOfTheRoleTheDriverDoesNotMatter", kNewcomer, false, {{0, kFree, false}, {5, kFree, true}}},
    {"IncumbentTriesAtOnce", kIncumbent, true, {{0, kFree, true}}},
    {"IncumbentTriesOnAYoungServer", kIncumbent, true, {{0, kYoung, true}}},
    {"IncumbentTriesBesideItsOwnMigrationsSessions", kIncumbent, false, {{0, kTagged, true}, {1, kSameRole, true}}},
    {"IncumbentTriesAsSoonAsItIsFree", kIncumbent, true, {{0, kHeld, false}, {1, kFree, true}}},
};

/// Looks from `from` on, as often as an agent does, until just before `until`.
void LookOn(FenceRule& rule, const FenceSighting& sighting, FenceRule::Instant from, FenceRule::Instant until) {
    for (auto at = from + FenceTiming{}.poll; at < until; at += FenceTiming{}.poll)
        rule.Observe(sighting, at);
}

class FenceRuleTable : public testing::TestWithParam<Case> {};

TEST_P(FenceRuleTable, Holds) {
    FenceRule rule{GetParam().role, GetParam().driver_carries_tag, FenceTiming{}};
    const FenceRule::Instant start{};
    const Look* earlier = nullptr;
    for (const Look& look : GetParam().looks) {
        if (earlier) LookOn(rule, earlier->sighting, start + seconds{earlier->at}, start + seconds{look.at});
        earlier = &look;
        EXPECT_EQ(rule.Observe(look.sighting, start + seconds{look.at}) == FenceRule::Move::Try, look.tries)
            << "after " << look.at << " s";
    }
}

INSTANTIATE_TEST_SUITE_P(Table, FenceRuleTable, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string{info.param.name}; });

TEST(FenceRule, ALostRaceMeansQuiet) {
    FenceRule rule{kNewcomer, true, FenceTiming{}};
    const FenceRule::Instant start{};
    rule.Observe(kFree, start);
    LookOn(rule, kFree, start, start + seconds{5});
    ASSERT_EQ(rule.Observe(kFree, start + seconds{5}), FenceRule::Move::Try);
    rule.Lost();
    EXPECT_EQ(rule.Observe(kFree, start + seconds{6}), FenceRule::Move::Wait);
    LookOn(rule, kFree, start + seconds{6}, start + seconds{20});
    EXPECT_EQ(rule.Observe(kFree, start + seconds{20}), FenceRule::Move::Wait);
    LookOn(rule, kFree, start + seconds{20}, start + seconds{21});
    EXPECT_EQ(rule.Observe(kFree, start + seconds{21}), FenceRule::Move::Try);
}

TEST(FenceRule, WhatWasNotSeenDoesNotCountAsFree) {
    FenceRule rule{kNewcomer, true, FenceTiming{}};
    const FenceRule::Instant start{};
    rule.Observe(kHeld, start);
    rule.Observe(kFree, start + seconds{1});
    rule.Blind(kNewcomer);
    EXPECT_EQ(rule.Observe(kFree, start + seconds{20}), FenceRule::Move::Wait);
    LookOn(rule, kFree, start + seconds{20}, start + seconds{35});
    EXPECT_EQ(rule.Observe(kFree, start + seconds{35}), FenceRule::Move::Try);
}

TEST(FenceRule, LooksThatAreTooFarApartDoNotMakeAFreeTime) {
    FenceRule rule{kNewcomer, true, FenceTiming{}};
    const FenceRule::Instant start{};
    rule.Observe(kFree, start);
    LookOn(rule, kFree, start, start + seconds{3});
    // Somebody could have had it in between, for as long as a migration needs to be started behind it.
    EXPECT_EQ(rule.Observe(kFree, start + seconds{5}), FenceRule::Move::Wait);
    LookOn(rule, kFree, start + seconds{5}, start + seconds{10});
    EXPECT_EQ(rule.Observe(kFree, start + seconds{10}), FenceRule::Move::Try);
}

TEST(FenceRule, IsWhatItIsWhenItComesBack) {
    const FenceRule::Instant start{};
    FenceRule incumbent{kNewcomer, true, FenceTiming{}};
    incumbent.Blind(kIncumbent);
    EXPECT_EQ(incumbent.Observe(kYoung, start), FenceRule::Move::Try);

    // It lost the lock before its migration could start: somebody else may have it now, and no tag is its own.
    FenceRule newcomer{kNewcomer, true, FenceTiming{}};
    newcomer.Blind(kNewcomer);
    EXPECT_EQ(newcomer.Observe(kTagged, start), FenceRule::Move::Wait);
}

}  // namespace
}  // namespace database
