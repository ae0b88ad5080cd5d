#include "engine/reading.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/judge.hpp"
#include "engine/lost.hpp"
#include "engine/support/readings.hpp"
#include "support/crd_schema.hpp"

namespace engine {
namespace {

using readings::At;
using readings::kStart;
using readings::Reading;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Json = nlohmann::json;

std::vector<std::string> Reached(const api::DatabaseStatus& status) {
    std::vector<std::string> texts;
    for (const auto& entry : status.reached)
        texts.push_back(entry.requirement);
    return texts;
}

TEST(ApplyReading, WithdrawsAVersionThatIsGoneFromTheList) {
    auto database = At("20261122000000");
    database.spec.history.tool = version::Tool::Rails;
    auto reading = Reading({"20261122000000"});
    reading.reading.reached = {"20261121000000"};
    const std::vector<std::string> named{"orders@20261121000000"};
    auto status = database.status;
    ApplyReading(database, reading, {.requirements = named, .contents = {}}, kStart, status);
    EXPECT_THAT(Reached(status), ElementsAre("orders@20261121000000"));
    reading.reading.reached.clear();
    reading.reading.absent = {"20261121000000"};
    ApplyReading(database, reading, {.requirements = named, .contents = {}}, kStart, status);
    EXPECT_THAT(Reached(status), IsEmpty());
}

TEST(ApplyReading, AddsWhatIsNamedAndProven) {
    const auto database = At("0001");
    auto status = database.status;
    ApplyReading(database, Reading({"0002"}),
                 {.requirements = {"orders@0001", "orders@0002", "orders@0003", "orders@cafe"}, .contents = {}}, kStart,
                 status);
    EXPECT_EQ(status.version, "0002");
    EXPECT_EQ(status.verified_by, "probe-2");
    EXPECT_THAT(Reached(status), ElementsAre("orders@0002", "orders@0001"));
}

TEST(ApplyReading, KeepsWhatTheServerOffersNow) {
    api::Database database = At("0001");
    auto reading = Reading({"0001"});
    reading.connection_check = true;
    ApplyReading(database, reading, {}, kStart, database.status);
    EXPECT_TRUE(database.status.connection_check);
    ApplyReading(database, Reading({"0001"}, seconds{20}), {}, kStart, database.status);
    EXPECT_FALSE(database.status.connection_check) << "another server: an option that it does not know locks us out";
}

TEST(ApplyReading, AnOlderReadingNeverOverwritesANewer) {
    const auto database = At("0002");
    auto status = database.status;
    ApplyReading(database, Reading({"0001"}, seconds{-1}), {}, kStart, status);
    EXPECT_EQ(status, database.status);
    ApplyReading(database, Reading({"0003"}, seconds{0}), {}, kStart, status);
    EXPECT_EQ(status.version, "0003");
}

TEST(ApplyReading, AReadingOfAnotherGenerationProvesNothing) {
    auto database = At("0002");
    database.generation = 2;
    auto status = database.status;
    ApplyReading(database, Reading({"0003"}), {}, kStart, status);
    EXPECT_EQ(status, database.status);
    auto reading = Reading({"0001"}, seconds{-100});
    reading.generation = 2;
    ApplyReading(database, reading, {}, kStart, status);
    EXPECT_EQ(status.version, "0001") << "the first of a new generation, however old the last of the former was";
}

TEST(ApplyReading, WhatTheTableDisprovesLeavesAndWhatItCannotTellStays) {
    const auto database = At("0003");
    auto status = database.status;
    status.reached = {{"orders@0003", kStart}, {"orders@0001", kStart}, {"orders@cafe", kStart}};
    ApplyReading(database, Reading({"0002"}), {}, kStart, status);
    EXPECT_THAT(Reached(status), ElementsAre("orders@0001", "orders@cafe"));
    ApplyReading(database, Reading({}, seconds{20}), {}, kStart, status);
    EXPECT_THAT(Reached(status), IsEmpty());
}

TEST(ApplyReading, AnotherIdentityUnderAnotherSpecVoidsTheRecord) {
    auto database = At("0003");
    database.status.reached = {{"orders@cafe", kStart}};
    database.status.runs = {{.key = "running", .outcome = api::RunOutcome::Active},
                            {.key = "done", .version = "cafe", .outcome = api::RunOutcome::Succeeded}};
    database.generation = 2;
    for (const bool same : {true, false}) {
        auto status = database.status;
        auto reading = Reading({"0003"});
        reading.generation = 2;
        if (!same) reading.identity = "9999/1";
        ApplyReading(database, reading, {}, kStart, status);
        EXPECT_EQ(status.reached.empty(), !same);
        EXPECT_EQ(status.runs.size(), same ? 2U : 1U);
        EXPECT_EQ(status.runs.front().key, "running");
        EXPECT_EQ(status.identity, reading.identity);
    }
}

TEST(ApplyReading, AnotherIdentityUnderTheSameSpecWithdrawsWhatWasProvenAndKeepsTheRecord) {
    auto database = At("cafe");
    database.status.reached = {{"orders@cafe", kStart}};
    database.status.runs = {
        {.key = "done", .version = "cafe", .outcome = api::RunOutcome::Succeeded, .completion_time = kStart}};
    auto reading = Reading({"dead"});
    reading.identity = "9999/1";
    ApplyReading(database, reading, {}, kStart, database.status);
    EXPECT_THAT(Reached(database.status), IsEmpty());
    ASSERT_EQ(database.status.runs.size(), 1U);
    EXPECT_EQ(JudgeVersion(database, "cafe"), Verdict::VersionUnknown) << "it was proven in the other database";
    EXPECT_TRUE(IsLost(database, database.status.runs.front()));
}

TEST(ApplyReading, APositionThatTheRecordKnowsAsOlderDisprovesWhatCameLater) {
    auto database = At("beef");
    const auto run = [](const char* version) {
        return api::RunRecord{.key = version, .version = version, .outcome = api::RunOutcome::Succeeded};
    };
    database.status.runs = {run("beef"), run("dead"), run("cafe")};
    database.status.reached = {{"orders@beef", kStart}, {"orders@dead", kStart}, {"orders@cafe", kStart}};
    ApplyReading(database, Reading({"dead"}), {}, kStart, database.status);
    EXPECT_THAT(Reached(database.status), ElementsAre("orders@dead", "orders@cafe"));
    EXPECT_EQ(JudgeVersion(database, "beef"), Verdict::VersionUnknown);
    EXPECT_EQ(JudgeVersion(database, "cafe"), Verdict::Holds);
    ApplyReading(database, Reading({"f00d"}, seconds{20}), {}, kStart, database.status);
    EXPECT_THAT(Reached(database.status), ElementsAre("orders@dead", "orders@cafe"))
        << "somebody else migrated on, as far as anybody can tell";
}

TEST(ApplyReading, WhatAReachedVersionIncludesIsReached) {
    auto database = At("cafe");
    const Named named{.requirements = {"orders@beef"}, .contents = {{"beef", {"dead", "a,b"}}}};
    ApplyReading(database, Reading({"cafe"}), named, kStart, database.status);
    EXPECT_THAT(Reached(database.status), IsEmpty());
    ApplyReading(database, Reading({"beef"}, seconds{20}), named, kStart, database.status);
    EXPECT_THAT(Reached(database.status), ElementsAre("orders@a%2Cb", "orders@dead", "orders@beef"));
    const auto proven = database.status.reached;
    ApplyReading(database, Reading({"beef"}, seconds{30}), named, kStart + seconds{60}, database.status);
    EXPECT_EQ(database.status.reached, proven) << "proven once";
}

TEST(ApplyReading, WhatSomebodyNamesIsKeptBeforeWhatIsOnlyIncluded) {
    const auto database = At("cafe");
    auto status = database.status;
    Named named{.requirements = {"orders@cafe"}, .contents = {{"cafe", {}}}};
    for (int i = 0; i < 250; ++i)
        named.contents.front().includes.push_back("included-" + std::to_string(i));
    ApplyReading(database, Reading({"cafe"}), named, kStart, status);
    EXPECT_EQ(status.reached.size(), 200U);
    EXPECT_EQ(status.reached.back().requirement, "orders@cafe");
}

TEST(ApplyReading, ADirtyReadingProvesNothingNewAndKeepsWhatWasProven) {
    const auto database = At("0001");
    auto status = database.status;
    status.reached = {{"orders@0001", kStart}};
    auto reading = Reading({"0002"});
    reading.reading.dirty = true;
    ApplyReading(database, reading, {.requirements = {"orders@0002"}, .contents = {}}, kStart, status);
    EXPECT_TRUE(status.dirty);
    EXPECT_THAT(Reached(status), ElementsAre("orders@0001"));
    ApplyReading(database, Reading({"0002"}, seconds{20}), {.requirements = {"orders@0002"}, .contents = {}}, kStart,
                 status);
    EXPECT_FALSE(status.dirty);
    EXPECT_THAT(Reached(status), ElementsAre("orders@0002", "orders@0001"));
}

NewReading DirtyReading(std::vector<std::string> versions, seconds created = seconds{10}) {
    auto reading = Reading(std::move(versions), created);
    reading.reading.dirty = true;
    return reading;
}

TEST(ApplyReading, GoingBackToWhatRanYesterdayWorksThoughTodaysRunLeftTheDatabaseDirty) {
    // Nobody names 0001 or 0003 when 0004 fails half-way: yesterday's manifests did.
    auto database = At("0003_c");
    database.spec.baseline = {"0001"};
    for (const auto tool : {version::Tool::GolangMigrate, version::Tool::Atlas}) {
        auto dirty = database;
        dirty.spec.history.tool = tool;
        ApplyReading(dirty, DirtyReading({"0004_d"}), {.requirements = {"orders@0004"}, .contents = {}}, kStart,
                     dirty.status);
        EXPECT_EQ(JudgeVersion(dirty, "0003"), Verdict::Holds);
        EXPECT_EQ(JudgeVersion(dirty, "0003_c"), Verdict::Holds);
        EXPECT_EQ(JudgeVersion(dirty, "0001"), Verdict::Holds) << "its owner says so";
        EXPECT_EQ(JudgeVersion(dirty, "0004"), Verdict::Dirty);
        EXPECT_EQ(JudgeVersion(dirty, "0005"), Verdict::NotReached);
        ApplyReading(dirty, DirtyReading({"0004_d"}, seconds{20}), {.requirements = {"orders@0004"}, .contents = {}},
                     kStart, dirty.status);
        EXPECT_EQ(JudgeVersion(dirty, "0003"), Verdict::Holds) << "read again";
        EXPECT_EQ(JudgeVersion(dirty, "0004"), Verdict::Dirty);
    }
}

TEST(ApplyReading, WhatADirtyReadingTakesBackIsNotKept) {
    auto database = At("5");
    database.spec.history.tool = version::Tool::GolangMigrate;
    ApplyReading(database, DirtyReading({"3"}), {.requirements = {"orders@3", "orders@5"}, .contents = {}}, kStart,
                 database.status);
    EXPECT_EQ(JudgeVersion(database, "5"), Verdict::NotReached) << "a way down that stopped";
    EXPECT_EQ(JudgeVersion(database, "3"), Verdict::Holds) << "contained when it was at 5";
    EXPECT_THAT(Reached(database.status), ElementsAre("orders@3"));
}

TEST(ApplyReading, NothingWasProvenInAnotherDatabaseOrByAReadingOfAnotherSpec) {
    auto database = At("0003");
    auto reading = DirtyReading({"0004"});
    reading.identity = "9999/1";
    auto status = database.status;
    ApplyReading(database, reading, {.requirements = {"orders@0002"}, .contents = {}}, kStart, status);
    EXPECT_THAT(Reached(status), IsEmpty());

    database.generation = 2;
    reading = DirtyReading({"0004"});
    reading.generation = 2;
    status = database.status;
    ApplyReading(database, reading, {.requirements = {"orders@0002"}, .contents = {}}, kStart, status);
    EXPECT_THAT(Reached(status), IsEmpty());

    database = At("0003");
    database.status.dirty = true;
    status = database.status;
    ApplyReading(database, DirtyReading({"0004"}), {.requirements = {"orders@0002"}, .contents = {}}, kStart, status);
    EXPECT_THAT(Reached(status), IsEmpty()) << "dirty already";
}

TEST(ApplyReading, KeepsWhatMendingTakesWithinTheLimitsOfTheSchema) {
    auto database = At("0001");
    auto reading = DirtyReading({"0002"});
    reading.reading.dirty_detail = "stopped";
    reading.reading.half_done = "0002";
    reading.reading.lock = version::ToolLock{"public.lock", "pod", "then", "later"};
    ApplyReading(database, reading, {}, kStart, database.status);
    EXPECT_EQ(KeptReading(database.status), reading.reading);
    for (std::string* text :
         {&reading.reading.dirty_detail, &reading.reading.half_done, &reading.reading.lock->table,
          &reading.reading.lock->holder, &reading.reading.lock->since, &reading.reading.lock->until})
        *text = std::string(5000, 'x') + "\n";
    reading.job_created += seconds{10};
    ApplyReading(database, reading, {}, kStart, database.status);
    const support::CrdSchema schema("databases");
    auto object =
        Json::parse(R"({"spec": {"connection": {"secretRef": {"name": "s"}}, "history": {"tool": "Alembic"}}})");
    object["status"] = api::PrintDatabaseStatus(database.status);
    EXPECT_EQ(schema.Problems(object), std::vector<std::string>{});
    ApplyReading(database, Reading({"0002"}, seconds{30}), {}, kStart, database.status);
    EXPECT_EQ(database.status.tool_lock, std::nullopt);
    EXPECT_EQ(database.status.half_done, "");
}

TEST(ApplyReading, KeepsTheNewestTwoHundred) {
    const auto database = At("0001");
    auto status = database.status;
    std::vector<std::string> named;
    for (int i = 0; i < 250; ++i)
        named.push_back("orders@" + std::to_string(1000 + i));
    ApplyReading(database, Reading({"9999"}), {.requirements = named, .contents = {}}, kStart, status);
    EXPECT_EQ(status.reached.size(), api::kKeptReached);
}

TEST(ApplyReading, ATruncatedReadingIsRememberedAsOne) {
    auto database = At("0001");
    auto reading = Reading({"0005_a"});
    reading.reading.truncated = true;
    ApplyReading(database, reading, {}, kStart, database.status);
    EXPECT_EQ(database.status.version, "0005_a,...");
    EXPECT_TRUE(KeptReading(database.status).truncated);
    std::vector<std::string> heads;
    for (int i = 0; i < 200; ++i)
        heads.push_back("head_" + std::to_string(i));
    ApplyReading(database, Reading(heads, seconds{20}), {}, kStart, database.status);
    EXPECT_LE(database.status.version.size(), 1024U);
    EXPECT_TRUE(KeptReading(database.status).truncated);
    EXPECT_EQ(KeptReading(database.status).versions.front(), "head_0");
}

TEST(KeptReading, IsWhatWasRead) {
    for (const auto& versions : std::vector<std::vector<std::string>>{{}, {"0001"}, {"a", "b"}, {"a,b", "c"}}) {
        auto database = At("");
        ApplyReading(database, Reading(versions), {}, kStart, database.status);
        EXPECT_EQ(KeptReading(database.status).versions, versions);
    }
}

}  // namespace
}  // namespace engine
