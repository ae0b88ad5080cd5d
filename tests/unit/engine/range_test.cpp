#include "engine/range.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/reasons.hpp"
#include "engine/decide.hpp"
#include "engine/judge.hpp"
#include "engine/known_versions.hpp"

namespace engine {
namespace {

using std::chrono::hours;

const core::Time kStart = *core::ParseTime("2026-11-22T12:00:00Z");

api::Database At(const std::string& version) {
    api::Database database;
    database.key = {"shop", "orders"};
    database.generation = 1;
    database.status.verified_time = kStart;
    database.status.verified_generation = 1;
    database.status.version = version;
    return database;
}

/// Newest first, an hour apart: the first ended at kStart.
void Record(api::Database& database, const std::vector<std::string>& versions) {
    for (std::size_t i = 0; i < versions.size(); ++i) {
        database.status.runs.push_back({.key = versions[i],
                                        .image = "orders:" + versions[i],
                                        .version = versions[i],
                                        .outcome = api::RunOutcome::Succeeded,
                                        .attempts = 1,
                                        .launches = 1,
                                        .completion_time = kStart - hours{static_cast<int>(i)}});
    }
}

void Raise(api::Database& database, const std::string& version) {
    database.status.floor = {.version = version, .migration = "contract", .key = "k", .time = kStart};
}

void Lower(api::Database& database, const std::string& version) {
    database.status.ceiling = {.version = version, .migration = "down", .key = "k", .time = kStart};
}

Verdict Asked(const api::Database& database, const std::string& text, const std::vector<std::string>& images = {}) {
    return Judge(api::ParseRequirements(text).requirements.front(), &database, images);
}

TEST(Range, IsByNamesWhereTheyTell) {
    struct {
        const char* version;
        Verdict verdict;
    } const cases[] = {{"0001", Verdict::BelowFloor},      {"0002", Verdict::Holds},
                       {"0002_add_email", Verdict::Holds}, {"0003", Verdict::Holds},
                       {"0004", Verdict::AboveCeiling},    {"0009", Verdict::NotReached},
                       {"1", Verdict::BelowFloor}};
    auto database = At("0005");
    Raise(database, "0002");
    Lower(database, "0003");
    for (const auto& [version, verdict] : cases)
        EXPECT_EQ(Asked(database, std::string("orders@") + version), verdict) << version;
}

TEST(Range, OfNamesWithoutAnOrderIsDecidedByTheTable) {
    auto database = At("cafe");
    Record(database, {"cafe", "dead"});
    Raise(database, "cafe");
    EXPECT_EQ(Asked(database, "orders@dead"), Verdict::BelowFloor);
    EXPECT_EQ(Asked(database, "orders@cafe"), Verdict::Holds);
    database.status.version = "cafe,beef";
    database.status.runs.clear();
    database.spec.baseline = {"dead"};
    EXPECT_EQ(Asked(database, "orders@beef"), Verdict::VersionUnknown) << "another head";
    EXPECT_EQ(Asked(database, "orders@dead"), Verdict::VersionUnknown) << "of two heads neither tells";
}

TEST(Range, OfNamesWithoutAnOrderIsDecidedByTheRecord) {
    auto database = At("feed");
    Record(database, {"feed", "cafe", "dead"});
    Raise(database, "cafe");
    EXPECT_EQ(Asked(database, "orders@dead"), Verdict::BelowFloor);
    EXPECT_EQ(Asked(database, "orders@feed"), Verdict::Holds);
    database.spec.baseline = {"0ld"};
    EXPECT_EQ(Asked(database, "orders@0ld"), Verdict::BelowFloor) << "it was there before Tidegate came";
}

TEST(Range, WhereNothingTellsIsUnknown) {
    auto database = At("feed");
    database.spec.baseline = {"dead", "cafe"};
    Raise(database, "cafe");
    EXPECT_EQ(Asked(database, "orders@dead"), Verdict::VersionUnknown);
    EXPECT_EQ(Asked(database, "orders@feed"), Verdict::Holds);
}

TEST(Range, OfAnotherLineIsInside) {
    auto database = At("billing.0007_a,orders.0003_b");
    database.spec.history.tool = version::Tool::Django;
    Raise(database, "orders.0003");
    EXPECT_EQ(Asked(database, "orders@billing.0007"), Verdict::Holds);
    EXPECT_EQ(Asked(database, "orders@orders.0003"), Verdict::Holds);
}

TEST(Range, OfAnImageIsThatOfItsRun) {
    auto database = At("0003");
    Record(database, {"0003", "0002", "0001"});
    Raise(database, "0002");
    EXPECT_EQ(Asked(database, "orders@image", {"orders:0001"}), Verdict::BelowFloor);
    EXPECT_EQ(Asked(database, "orders@image", {"orders:0002"}), Verdict::Holds);
    EXPECT_EQ(Asked(database, "orders@image", {"orders:0001", "orders:0003"}), Verdict::Holds);
    EXPECT_EQ(Asked(database, "orders@image", {"orders:9"}), Verdict::NotReached);
}

TEST(Range, OfAnImageWithoutAVersionIsByWhenItRan) {
    auto database = At("0003");
    Record(database, {"0003", "", "0002", ""});
    database.status.runs[1].image = "orders:between";
    database.status.runs[3].image = "orders:before";
    Raise(database, "0002");
    EXPECT_EQ(Asked(database, "orders@image", {"orders:between"}), Verdict::Holds);
    EXPECT_EQ(Asked(database, "orders@image", {"orders:before"}), Verdict::BelowFloor);
    Raise(database, "0002_other");
    EXPECT_EQ(Asked(database, "orders@image", {"orders:before"}), Verdict::VersionUnknown);
}

TEST(Range, OfAnImageWithoutAVersionIsByWhatTheTableSaidAfterItWhereThatIsKnown) {
    auto database = At("0003");
    Record(database, {"", ""});
    auto& runs = database.status.runs;
    runs[0].image = "orders:3";
    runs[0].version_after = "0003";
    runs[1].image = "orders:1";
    runs[1].version_after = "0001";
    Raise(database, "0002");
    EXPECT_EQ(Asked(database, "orders@image", {"orders:3"}), Verdict::Holds);
    EXPECT_EQ(Asked(database, "orders@image", {"orders:1"}), Verdict::BelowFloor);
}

TEST(Range, OfAnImageAmongTheEarlierRunsIsTheSame) {
    auto database = At("0003");
    database.status.earlier_runs = {{.key = "k3", .image = "orders:3", .version = "0003", .completion_time = kStart},
                                    {.key = "k1", .image = "orders:1", .version = "0001", .completion_time = kStart}};
    Raise(database, "0002");
    EXPECT_EQ(Asked(database, "orders@image", {"orders:3"}), Verdict::Holds);
    EXPECT_EQ(Asked(database, "orders@image", {"orders:1"}), Verdict::BelowFloor);
    const auto ledger =
        DecideLedger({.ns = "shop", .ledger = {}, .databases = {std::make_shared<const api::Database>(database)}});
    EXPECT_EQ(std::get<WriteLedger>(*ledger.step).satisfied, std::vector<std::string>{"orders@image=orders:3"});
}

TEST(Range, TheImageOfADownProvesNothing) {
    auto database = At("0001");
    Record(database, {"0001"});
    database.status.runs[0].phase = api::Phase::Down;
    EXPECT_EQ(Asked(database, "orders@image", {"orders:0001"}), Verdict::NotReached);
}

TEST(Range, NothingIsTakenDownBeforeTheDownHasBegun) {
    auto database = At("0003");
    Lower(database, "0002");
    EXPECT_TRUE(IsTakenDown(database, "0003"));
    EXPECT_FALSE(IsTakenDown(database, "0002"));
    database.status.ceiling->provisional = true;
    EXPECT_FALSE(IsTakenDown(database, "0003"));
}

TEST(StandingOfDown, TellsWhetherAnythingAboveIsLeft) {
    using version::Standing;
    const auto before = At("0003");
    const auto after = [](std::vector<std::string> versions) {
        return version::Reading{.initialised = !versions.empty(), .versions = std::move(versions)};
    };
    EXPECT_EQ(StandingOfDown(before, after({"0001"}), "0001"), Standing::Reached);
    EXPECT_EQ(StandingOfDown(before, after({}), "0001"), Standing::Reached);
    EXPECT_EQ(StandingOfDown(before, after({"0002"}), "0001"), Standing::NotReached);
    EXPECT_EQ(StandingOfDown(before, after({"cafe"}), "0001"), Standing::Unknown);
    auto cut = after({"0001"});
    cut.truncated = true;
    EXPECT_EQ(StandingOfDown(before, cut, "0001"), Standing::Unknown);
    auto listed = after({"0001"});
    listed.reached = {"0001", "0003"};
    EXPECT_EQ(StandingOfDown(before, listed, "0001"), Standing::NotReached)
        << "a table with a row for each migration still has it";
}

TEST(StandingOfDown, OfNamesWithoutAnOrderTakesTheRecord) {
    using version::Standing;
    auto before = At("feed");
    Record(before, {"feed", "cafe"});
    const version::Reading at_cafe{.initialised = true, .versions = {"cafe"}};
    const version::Reading at_feed{.initialised = true, .versions = {"feed"}};
    EXPECT_EQ(StandingOfDown(before, at_cafe, "cafe"), Standing::Reached);
    EXPECT_EQ(StandingOfDown(before, at_feed, "cafe"), Standing::NotReached);
}

TEST(KnownVersions, DoesNotHoldWhatADownTookAway) {
    auto database = At("dead");
    Record(database, {"dead", "feed", "cafe"});
    database.status.runs[0].phase = api::Phase::Down;
    EXPECT_NE(JudgeVersion(database, "feed"), Verdict::Holds);
    EXPECT_NE(JudgeVersion(database, "cafe"), Verdict::Holds) << "nobody knows whether it lay above";
    database.status.runs[0].version = "cafe";
    database.status.version = "cafe";
    EXPECT_EQ(JudgeVersion(database, "cafe"), Verdict::Holds);
    EXPECT_NE(JudgeVersion(database, "feed"), Verdict::Holds);
    // Brought again.
    database.status.runs[1].completion_time = kStart + hours{1};
    std::swap(database.status.runs[0], database.status.runs[1]);
    database.status.version = "feed";
    EXPECT_EQ(JudgeVersion(database, "feed"), Verdict::Holds);
    EXPECT_EQ(JudgeVersion(database, "cafe"), Verdict::Holds);
}

TEST(KnownVersions, ARecordThatNothingHadToRunBroughtNothing) {
    auto database = At("0005");
    Record(database, {"0003"});
    database.status.runs[0].reason = api::reasons::kAlreadyReached;
    database.status.reached = {{.requirement = "orders@0003", .time = kStart}};
    EXPECT_FALSE(WasProvenHere(database.status, database.status.runs[0]));
    EXPECT_EQ(Asked(database, "orders@image", {"orders:0003"}), Verdict::NotReached);
}

}  // namespace
}  // namespace engine
