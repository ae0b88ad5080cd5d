#include "engine/repair.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/reasons.hpp"
#include "engine/classify.hpp"
#include "engine/explain.hpp"
#include "engine/retry.hpp"

namespace engine {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using version::Reading;
using version::Tool;

const core::Time kStart = *core::ParseTime("2026-11-22T12:00:00Z");

Reading Dirty(const std::string& version) {
    return {.initialised = true,
            .versions = {version},
            .dirty = true,
            .dirty_detail = "migration " + version + " has begun and not ended",
            .half_done = version};
}

TEST(RepairAdvice, NamesTheCommandOfEachToolThatLeavesAMark) {
    struct Case {
        Tool tool;
        const char* version;
        std::vector<std::string> words;
    };
    const Case cases[] = {
        {Tool::Flyway, "1.11", {"\"flyway repair\""}},
        {Tool::GolangMigrate, "3", {"\"migrate force V\"", "\"migrate force 3\"", "(this run began at 2;"}},
        {Tool::Atlas, "3", {"\"atlas migrate set V\"", "\"atlas migrate set 3\"", "(this run began at 2;"}},
        {Tool::Prisma,
         "20261122_x",
         {"\"prisma migrate resolve --rolled-back 20261122_x\"", "\"prisma migrate resolve --applied 20261122_x\""}},
        {Tool::Sqlx, "3", {"delete the row of version 3"}},
        {Tool::Custom, "3", {"the tool's own command"}},
    };
    const Reading before{.initialised = true, .versions = {"2"}};
    for (const auto& [tool, version, words] : cases) {
        const auto text = RepairAdvice(tool, Dirty(version), &before);
        for (const auto& word : words)
            EXPECT_THAT(text, HasSubstr(word)) << version::Name(tool);
        EXPECT_THAT(text, Not(HasSubstr("{"))) << version::Name(tool);
        EXPECT_EQ(text.back(), '.');
    }
}

TEST(RepairAdvice, NamesAVersionToGoBackToOnlyWhereItIsKnown) {
    EXPECT_THAT(RepairAdvice(Tool::GolangMigrate, Dirty("3")), Not(HasSubstr("began")));
    const Reading dirty = Dirty("3");
    EXPECT_THAT(RepairAdvice(Tool::GolangMigrate, dirty, &dirty), Not(HasSubstr("began"))) << "left by an earlier run";
    const Reading empty{.initialised = true};
    EXPECT_THAT(RepairAdvice(Tool::GolangMigrate, Dirty("1"), &empty), HasSubstr("\"migrate force -- -1\""));
}

TEST(RepairAdvice, OfAnOlderAgentSaysWhereTheVersionGoes) {
    Reading old = Dirty("3");
    old.half_done.clear();
    EXPECT_THAT(RepairAdvice(Tool::Prisma, old), HasSubstr("--applied <its version>"));
}

Reading Locked(const version::ToolLock& lock) {
    return {.initialised = true, .versions = {"0001"}, .lock = lock};
}

const version::ToolLock kLiquibase{"public.databasechangeloglock", "orders-x-1-abcde (10.0.0.7)", "2026-11-23 06:10:22",
                                   ""};

TEST(ExplainToolLock, NamesTableHolderTimeAndCommand) {
    EXPECT_EQ(
        ExplainToolLock(Tool::Liquibase, Locked(kLiquibase)),
        "Liquibase's own lock, a row in public.databasechangeloglock, is taken by \"orders-x-1-abcde (10.0.0.7)\" "
        "since 2026-11-23 06:10:22 by its clock. Unless a run that Tidegate does not know of is under way, a "
        "killed one left it: run \"liquibase release-locks\", or every next run fails.");
    EXPECT_THAT(ExplainToolLock(Tool::Knex, Locked({"public.knex_migrations_lock", "", "", ""})),
                AllOf(HasSubstr("knex_migrations_lock, is taken. Unless"), HasSubstr("\"knex migrate:unlock\"")));
    EXPECT_EQ(ExplainToolLock(Tool::Knex, Reading{.initialised = true}), "");
}

TEST(ExplainToolLock, KnowsThePodOfTheRunAndALockThatWasThereBefore) {
    EXPECT_THAT(ExplainToolLock(Tool::Liquibase, Locked(kLiquibase), {.job = "orders-x-1"}),
                AllOf(HasSubstr("the pod of this run, which has ended"), Not(HasSubstr("Unless"))));
    EXPECT_THAT(ExplainToolLock(Tool::Liquibase, Locked(kLiquibase), {.job = "orders-x"}), HasSubstr("the pod of"));
    EXPECT_THAT(ExplainToolLock(Tool::Liquibase, Locked(kLiquibase), {.job = "orders-y-1"}), HasSubstr("Unless"));
    const Reading before = Locked(kLiquibase);
    EXPECT_THAT(ExplainToolLock(Tool::Liquibase, Locked(kLiquibase), {.before = &before}),
                HasSubstr("and was before this run began. Unless"));
    Reading another = before;
    another.lock->since = "2026-11-23 05:00:00";
    EXPECT_THAT(ExplainToolLock(Tool::Liquibase, Locked(kLiquibase), {.before = &another}), Not(HasSubstr("began")));
}

TEST(ExplainToolLock, ALeaseNeedsNoCommand) {
    const auto leased = Locked({"public.goose_lock", "worker", "2026-11-23T06:10:22Z", "2026-11-23T06:10:52Z"});
    EXPECT_THAT(ExplainToolLock(Tool::Goose, leased),
                AllOf(HasSubstr("until 2026-11-23T06:10:52Z; then it is free by itself"), Not(HasSubstr("run \""))));
    EXPECT_FALSE(IsStuck(leased));
    EXPECT_TRUE(IsStuck(Locked(kLiquibase)));
}

TEST(ExplainToolLock, WhatTheTableSaysIsQuotedOnOneLineAndCut) {
    const auto text =
        ExplainToolLock(Tool::Liquibase, Locked({"t", std::string("a\nb") + std::string(5000, 'x'), "", ""}));
    EXPECT_EQ(text.find('\n'), std::string::npos);
    EXPECT_LT(text.size(), 400U);
}

/// A failed run to 0002 of a pod that is there.
struct Failed {
    explicit Failed(Tool tool, Reading reading, int exit_code = 137) : after{std::move(reading)}, tool{tool} {
        pod.terminal = true;
        pod.migration.state = observed::ContainerFacts::State::Terminated;
        pod.migration.exit_code = exit_code;
        pod.migration.start_time = kStart;
        pod.report = api::AgentReport{};
        pod.report->before = Reading{.initialised = true, .versions = {"0001"}};
    }
    Evidence Found() const {
        return {.run = run, .scheme = tool, .pod = &pod, .migration = &migration, .after = after};
    }

    api::RunRecord run{.key = "key", .version = "0002", .job_name = "orders-x-1"};
    observed::PodFacts pod;
    api::Migration migration;
    Reading after;
    Tool tool;
};

TEST(ExplainToolLock, StandsInTheMessageOfAFailedRunAndOfOneThatReachedItsVersionNonetheless) {
    Failed failed(Tool::Liquibase, Locked(kLiquibase));
    const auto end = Classify(failed.Found());
    EXPECT_EQ(end->reason, api::reasons::kMigrationFailed);
    EXPECT_THAT(end->message, AllOf(HasSubstr("release-locks"), HasSubstr("tidegate.io/retry")));
    EXPECT_LT(end->message.size(), 1024U) << "the record's message is cut there";
    failed.run.version.clear();
    EXPECT_THAT(Classify(failed.Found())->message, HasSubstr("release-locks"));

    failed.run.version = "0001";
    EXPECT_EQ(Classify(failed.Found())->reason, api::reasons::kVerifiedAfterFailure);
    EXPECT_THAT(Classify(failed.Found())->message, HasSubstr("release-locks"));
    failed.pod.migration.exit_code = 0;
    EXPECT_EQ(Classify(failed.Found())->reason, api::reasons::kMigrationSucceeded);
    EXPECT_THAT(Classify(failed.Found())->message, Not(HasSubstr("lock"))) << "it freed its own";
}

TEST(ExplainToolLock, AStuckLockIsNotRunAgainstAgain) {
    Failed failed(Tool::Liquibase, Locked(kLiquibase), 3);
    failed.migration.spec.attempts = {.max = 3, .retry_exit_codes = {3}};
    const auto end = Classify(failed.Found());
    EXPECT_EQ(RetryTime(failed.Found(), *end, 1, kStart), std::nullopt);
    failed.after.lock->until = "2026-11-23T06:10:52Z";
    EXPECT_TRUE(RetryTime(failed.Found(), *end, 1, kStart)) << "a lease ends by itself";
    failed.after.lock.reset();
    EXPECT_TRUE(RetryTime(failed.Found(), *end, 1, kStart));
}

TEST(RepairAdvice, StandsInTheMessageOfARunThatLeftTheDatabaseDirty) {
    Failed failed(Tool::GolangMigrate, Dirty("3"), 1);
    for (const char* version : {"0002", ""}) {
        failed.run.version = version;
        const auto end = Classify(failed.Found());
        EXPECT_EQ(end->reason, api::reasons::kMigrationFailed);
        EXPECT_THAT(end->message, AllOf(HasSubstr("dirty after exit code 1"), HasSubstr("migration 3 has begun"),
                                        HasSubstr("began at 0001"), HasSubstr("\"migrate force 3\""),
                                        HasSubstr("tidegate.io/retry")));
    }
    failed.after.dirty_detail = std::string(5000, 'x');
    failed.after.half_done = std::string(5000, 'y');
    failed.pod.report->before->versions = {std::string(5000, 'z')};
    failed.tool = Tool::Atlas;
    EXPECT_THAT(Classify(failed.Found())->message.substr(0, 1024), HasSubstr("tidegate.io/retry"))
        << "what to do is not cut off";
}

TEST(RepairAdvice, StandsInTheConditionOfTheDatabase) {
    api::Database database;
    database.spec.history.tool = Tool::Prisma;
    database.generation = 1;
    auto& status = database.status;
    status.verified_time = kStart;
    status.verified_generation = 1;
    status.version = "20261121_b";
    status.dirty = true;
    status.dirty_detail = "migration 20261122_c has begun and not ended";
    status.half_done = "20261122_c";
    const auto explain = [&] {
        World world;
        world.database = std::make_shared<const api::Database>(database);
        return ExplainDatabase(world, status);
    };
    const auto view = explain();
    EXPECT_EQ(view.reason, api::reasons::kDirty);
    EXPECT_THAT(view.message, AllOf(HasSubstr("20261122_c has begun"), HasSubstr("--rolled-back 20261122_c")));

    database.spec.history.tool = Tool::Liquibase;
    status = {.version = "release", .tool_lock = kLiquibase, .verified_time = kStart, .verified_generation = 1};
    EXPECT_EQ(explain().reason, api::reasons::kVersionKnown);
    EXPECT_THAT(explain().message, HasSubstr("release-locks"));
}

}  // namespace
}  // namespace engine
