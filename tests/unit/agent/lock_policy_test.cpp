#include "agent/lock_policy.hpp"

#include <gmock/gmock.h>

namespace agent {
namespace {

using database::LockLook;
using database::LockSession;
using database::LockWait;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr LockPolicy::Instant kStart{};
constexpr milliseconds kInterval{1000};
constexpr api::LockWatch kCancel{.after = seconds{5}, .action = api::LockWatch::Action::Cancel};
constexpr api::LockWatch kReport{.after = seconds{5}, .action = api::LockWatch::Action::Report};

const LockSession kOwner{.pid = 1, .application_name = "billing", .state = "idle in transaction", .age = seconds{90}};
const LockSession kMigration{
    .pid = 2, .application_name = "tidegate/job", .state = "active", .age = seconds{9}, .started = "12:00"};
const LockSession kReader{.pid = 3, .application_name = "web", .state = "active", .started = "12:01"};

using Waited = std::optional<milliseconds>;

/// The migration waits for billing; web waits for the migration.
LockLook InTheWay(Waited migration, Waited reader) {
    return {.own = {{kMigration, migration, {kOwner}}}, .others = {{kReader, reader, {kMigration}}}};
}

LockLook Alone(Waited migration) {
    return {.own = {{kMigration, migration, {kOwner}}}, .others = {}};
}

TEST(LockPolicy, CancelsWhoStandsInTheWayForLongEnough) {
    LockPolicy policy{kCancel, kInterval};
    EXPECT_THAT(policy.Observe(InTheWay(milliseconds{4990}, milliseconds{4980}), kStart).cancel, IsEmpty());
    EXPECT_THAT(policy.Observe(InTheWay(milliseconds{5010}, milliseconds{5000}), kStart + milliseconds{20}).cancel,
                ElementsAre(kMigration));
}

TEST(LockPolicy, LooksAgainWhenItIsDueAndNotASecondLater) {
    LockPolicy policy{kCancel, kInterval};
    const auto step = policy.Observe(InTheWay(milliseconds{9000}, milliseconds{4300}), kStart);
    EXPECT_EQ(step.next_look, milliseconds{700});
    EXPECT_EQ(policy.Observe(InTheWay(milliseconds{9700}, milliseconds{4999}), kStart + milliseconds{699}).next_look,
              milliseconds{10})
        << "not at once: the server's clock is not ours";
    EXPECT_EQ(policy.Observe({}, kStart + seconds{2}).next_look, kInterval);
    EXPECT_EQ(
        (LockPolicy{kReport, kInterval}.Observe(InTheWay(milliseconds{9000}, milliseconds{4300}), kStart)).next_look,
        kInterval);
}

TEST(LockPolicy, TheWaitOfBothTogetherCounts) {
    // The migration works while the reader waits for it, then waits itself: only since then it is in the way for
    // nothing.
    LockPolicy policy{kCancel, kInterval};
    EXPECT_THAT(policy.Observe(InTheWay(milliseconds{1000}, milliseconds{60000}), kStart).cancel, IsEmpty());
    LockPolicy other{kCancel, kInterval};
    EXPECT_THAT(other.Observe(InTheWay(milliseconds{60000}, milliseconds{1000}), kStart).cancel, IsEmpty());
}

TEST(LockPolicy, LetsAMigrationWaitAsLongAsNobodyStandsBehindIt) {
    LockPolicy policy{kCancel, kInterval};
    for (int i = 0; i < 100; ++i)
        EXPECT_THAT(policy.Observe(Alone(seconds{i}), kStart + seconds{i}).cancel, IsEmpty());
    EXPECT_EQ(policy.Seen().longest_wait, seconds{99});
}

TEST(LockPolicy, LetsAMigrationWorkHoweverLongOthersWaitForIt) {
    LockPolicy policy{kCancel, kInterval};
    const LockLook look{.own = {}, .others = {{kReader, seconds{100}, {kMigration}}}};
    EXPECT_THAT(policy.Observe(look, kStart).cancel, IsEmpty());
    EXPECT_EQ(policy.Seen().longest_blocking, seconds{100});
    EXPECT_EQ(policy.Seen().longest_wait, seconds{0});
}

TEST(LockPolicy, CancelsOnlyTheSessionBehindWhichSomebodyWaits) {
    LockSession second = kMigration;
    second.pid = 22;
    LockLook look = InTheWay(seconds{50}, seconds{50});
    look.own.push_back({second, seconds{50}, {kOwner}});
    LockPolicy policy{kCancel, kInterval};
    EXPECT_THAT(policy.Observe(look, kStart).cancel, ElementsAre(kMigration));
}

TEST(LockPolicy, ReportCancelsNothing) {
    LockPolicy policy{kReport, kInterval};
    for (int i = 0; i < 100; ++i)
        EXPECT_THAT(policy.Observe(InTheWay(seconds{i}, seconds{i}), kStart + seconds{i}).cancel, IsEmpty());
}

TEST(LockPolicy, CancelsAWaitOnceALookAndTheNextOneAgain) {
    LockPolicy policy{kCancel, kInterval};
    ASSERT_THAT(policy.Observe(InTheWay(seconds{6}, seconds{6}), kStart).cancel, SizeIs(1));
    const auto soon = milliseconds{10};
    EXPECT_THAT(policy.Observe(InTheWay(seconds{6} + soon, seconds{6} + soon), kStart + soon).cancel, IsEmpty());
    EXPECT_THAT(policy.Observe(InTheWay(seconds{7}, seconds{7}), kStart + seconds{1}).cancel, SizeIs(1))
        << "it did not help";
    // The tool tries again by itself: that wait has its own time.
    EXPECT_THAT(policy.Observe(InTheWay(milliseconds{100}, seconds{1}), kStart + seconds{9}).cancel, IsEmpty());
    EXPECT_THAT(policy.Observe(InTheWay(seconds{5}, seconds{6}), kStart + seconds{14}).cancel, SizeIs(1));
}

TEST(LockPolicy, CountsFromItsFirstLookWhereTheServerDoesNotTell) {
    LockPolicy policy{kCancel, kInterval};
    for (int i = 0; i < 5; ++i) {
        EXPECT_THAT(policy.Observe(InTheWay(std::nullopt, std::nullopt), kStart + seconds{i}).cancel, IsEmpty());
    }
    EXPECT_THAT(policy.Observe(InTheWay(std::nullopt, std::nullopt), kStart + seconds{5}).cancel, SizeIs(1));
    policy.Observe({}, kStart + seconds{6});
    EXPECT_THAT(policy.Observe(InTheWay(std::nullopt, std::nullopt), kStart + seconds{7}).cancel, IsEmpty())
        << "another wait";
}

TEST(LockPolicy, ASessionThatTookTheProcessIdOfAnotherWaitsAnew) {
    LockPolicy policy{kCancel, kInterval};
    policy.Observe(InTheWay(std::nullopt, std::nullopt), kStart);
    LockLook look = InTheWay(std::nullopt, std::nullopt);
    look.own[0].session.started = "12:02";
    EXPECT_THAT(policy.Observe(look, kStart + seconds{5}).cancel, IsEmpty());
}

TEST(LockPolicy, RemembersWhatWasLongestAndWhoWasInTheWayLast) {
    LockPolicy policy{kReport, kInterval};
    policy.Observe(InTheWay(milliseconds{3001}, milliseconds{200}), kStart);
    policy.Observe(InTheWay(milliseconds{100}, milliseconds{50}), kStart + seconds{9});
    policy.Observe({}, kStart + seconds{10});
    const auto& seen = policy.Seen();
    EXPECT_EQ(seen.longest_wait, seconds{4}) << "rounded up";
    EXPECT_EQ(seen.longest_blocking, seconds{1});
    EXPECT_EQ(seen.cancels, 0);
    EXPECT_THAT(seen.blockers,
                ElementsAre(api::AgentReport::Blocker{1, "billing", "idle in transaction", seconds{90}}));
}

TEST(LockPolicy, RemembersAFewOfManyBlockers) {
    LockLook look = Alone(seconds{1});
    look.own[0].blockers.assign(50, kOwner);
    LockPolicy policy{kReport, kInterval};
    policy.Observe(look, kStart);
    EXPECT_THAT(policy.Seen().blockers, SizeIs(api::kMostBlockers));
}

TEST(LockPolicy, SaysEachWaitThatLastsOnce) {
    LockPolicy policy{kReport, kInterval};
    EXPECT_THAT(policy.Observe(InTheWay(seconds{4}, seconds{4}), kStart).lines, IsEmpty());
    EXPECT_THAT(policy.Observe(InTheWay(seconds{5}, seconds{5}), kStart + seconds{1}).lines,
                ElementsAre(testing::AllOf(HasSubstr("the migration (server process 2"),
                                           HasSubstr("server process 1 (\"billing\", idle in transaction"),
                                           HasSubstr("waiting behind it: 1")),
                            testing::AllOf(HasSubstr("server process 3 (\"web\""), HasSubstr("for the migration"))));
    EXPECT_THAT(policy.Observe(InTheWay(seconds{6}, seconds{6}), kStart + seconds{2}).lines, IsEmpty());
    EXPECT_THAT(policy.Observe(InTheWay(seconds{5}, seconds{5}), kStart + seconds{20}).lines, SizeIs(2)) << "new ones";
}

}  // namespace
}  // namespace agent
