#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/decide.hpp"
#include "engine/explain.hpp"

namespace engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const core::Time kStart = *core::ParseTime("2026-11-22T12:00:00Z");

/// A namespace with Database orders at 0002.
struct Namespace {
    api::Database database;
    std::vector<api::Migration> migrations;
    observed::WorkloadFacts workload;
    std::optional<api::Ledger> ledger;
    bool has_database = true;

    Namespace() {
        database.key = {"shop", "orders"};
        database.generation = 1;
        database.status.verified_time = kStart;
        database.status.verified_generation = 1;
        database.status.version = "0002";
        workload.key = {"shop", "web"};
        workload.revision = {4};
        workload.held = true;
        workload.requires_text = "orders@0002";
        workload.containers = {{.name = "app", .image = "orders:2"}};
    }

    api::Migration& AddMigration(const std::string& name, const std::string& version, api::Summary summary,
                                 const std::string& reason) {
        api::Migration migration;
        migration.key = {"shop", name};
        migration.generation = 1;
        migration.spec = {.database = "orders", .version = version, .image = "orders:2"};
        migration.status.conditions = api::Summarize({}, summary, reason, "text", 1, kStart);
        migrations.push_back(std::move(migration));
        return migrations.back();
    }

    template <class T>
    static Shared<T> Share(const T& object) {
        return std::make_shared<const T>(object);
    }

    LedgerWorld ForLedger() const {
        LedgerWorld world{.ns = "shop", .workloads = {Share(workload)}};
        if (ledger) world.ledger = Share(*ledger);
        if (has_database) world.databases = {Share(database)};
        for (const auto& migration : migrations)
            world.migrations.push_back(Share(migration));
        return world;
    }

    WorkloadWorld ForWorkload() const {
        WorkloadWorld world{.workload = Share(workload)};
        if (ledger) world.ledger = Share(*ledger);
        if (has_database) world.databases = {Share(database)};
        for (const auto& migration : migrations)
            world.migrations.push_back(Share(migration));
        return world;
    }

    /// Writes the Ledger until nothing is left to write; how many writes that took.
    int SettleLedger() {
        for (int writes = 0; writes < 10; ++writes) {
            const auto decision = DecideLedger(ForLedger());
            if (!decision.step) return writes;
            const auto& write = std::get<WriteLedger>(*decision.step);
            EXPECT_EQ(write.at, ledger ? ledger->revision : core::Revision{});
            ledger = api::Ledger{
                .key = {"shop", "tidegate"}, .revision = {write.at.value + 1}, .satisfied = write.satisfied};
        }
        ADD_FAILURE() << "the Ledger does not settle";
        return -1;
    }

    std::string WaitingFor() const {
        const auto decision = DecideWorkload(ForWorkload());
        if (!decision.step) return "";
        const auto* write = std::get_if<WriteWaitingFor>(&*decision.step);
        return write == nullptr ? "RELEASE" : write->text;
    }
};

TEST(DecideLedger, HoldsWhatIsProvenNamedOrRan) {
    Namespace ns;
    ns.database.status.reached = {{"orders@0001", kStart}, {"orders@cafe", kStart}};
    ns.database.status.runs = {{.key = "a", .image = "orders:2", .outcome = api::RunOutcome::Succeeded},
                               {.key = "b", .image = "orders:3", .outcome = api::RunOutcome::Failed},
                               {.key = "c", .image = "orders:4", .outcome = api::RunOutcome::Active}};
    ns.AddMigration("later", "0003", api::Summary::Working, "WaitingForTurn");
    EXPECT_EQ(ns.SettleLedger(), 1);
    EXPECT_THAT(ns.ledger->satisfied,
                ElementsAre("orders@0001", "orders@0002", "orders@cafe", "orders@image=orders:2"));
    EXPECT_EQ(ns.SettleLedger(), 0);
}

TEST(DecideLedger, IsWithdrawnWhileADatabasesNewSpecWasNotRead) {
    Namespace ns;
    ns.SettleLedger();
    ASSERT_THAT(ns.ledger->satisfied, ElementsAre("orders@0002"));
    ns.database.generation = 2;
    ns.SettleLedger();
    EXPECT_THAT(ns.ledger->satisfied, IsEmpty());
    ns.database.status.verified_generation = 2;
    ns.SettleLedger();
    EXPECT_THAT(ns.ledger->satisfied, ElementsAre("orders@0002"));
    ns.has_database = false;
    ns.SettleLedger();
    EXPECT_THAT(ns.ledger->satisfied, IsEmpty());
}

TEST(DecideLedger, KeepsWhatStillHoldsThoughNobodyNamesItNow) {
    Namespace ns;
    ns.SettleLedger();
    ns.workload.requires_text = "orders@0001";
    ns.SettleLedger();
    EXPECT_THAT(ns.ledger->satisfied, ElementsAre("orders@0001", "orders@0002"));
    ns.database.status.version = "0001";  // somebody went down
    ns.SettleLedger();
    EXPECT_THAT(ns.ledger->satisfied, ElementsAre("orders@0001"));
}

TEST(DecideLedger, ANamespaceWithoutADatabaseGetsNone) {
    Namespace ns;
    ns.has_database = false;
    EXPECT_EQ(ns.SettleLedger(), 0);
}

TEST(DecideLedger, AnEditedLedgerIsWrittenBack) {
    Namespace ns;
    ns.SettleLedger();
    ns.ledger->satisfied = {"orders@9999", "orders@0002"};
    EXPECT_EQ(ns.SettleLedger(), 1);
    EXPECT_THAT(ns.ledger->satisfied, ElementsAre("orders@0002"));
}

TEST(DecideLedger, SettlesWithMoreThanItKeeps) {
    Namespace ns;
    ns.database.status.version = "9999";
    for (int i = 0; i < 300; ++i) {
        ns.workload.requires_text = "orders@" + std::to_string(1000 + i);
        ns.SettleLedger();
    }
    EXPECT_LE(ns.ledger->satisfied.size(), 401U);
    EXPECT_EQ(ns.SettleLedger(), 0);
}

TEST(DecideWorkload, IsReleasedOnlyAfterTheLedgerSaysSo) {
    Namespace ns;
    EXPECT_FALSE(DecideWorkload(ns.ForWorkload()).step);
    ns.SettleLedger();
    const auto decision = DecideWorkload(ns.ForWorkload());
    ASSERT_TRUE(decision.step);
    const auto& release = std::get<ReleaseWorkload>(*decision.step);
    EXPECT_EQ(release.workload, ns.workload.key);
    EXPECT_EQ(release.at, ns.workload.revision);
    ASSERT_THAT(decision.notes, SizeIs(1));
    EXPECT_EQ(decision.notes[0].reason, "RolloutReleased");
    EXPECT_THAT(decision.notes[0].text, HasSubstr("orders@0002"));
}

TEST(DecideWorkload, AnOldLedgerOpensNothingThatDoesNotHold) {
    Namespace ns;
    ns.SettleLedger();
    ns.database.status.version = "0001";
    EXPECT_THAT(ns.WaitingFor(), HasSubstr("orders@0002"));
    ns.database.status.version = "0002";
    ns.database.generation = 2;
    EXPECT_THAT(ns.WaitingFor(), HasSubstr("was not read yet"));
}

TEST(DecideWorkload, WhatIsNotHeldIsLeftAlone) {
    Namespace ns;
    ns.SettleLedger();
    ns.workload.held = false;
    EXPECT_FALSE(DecideWorkload(ns.ForWorkload()).step);
    EXPECT_FALSE(DecideWorkload({}).step);
}

TEST(DecideWorkload, EveryRequirementMustHold) {
    Namespace ns;
    ns.workload.requires_text = "orders@0002, orders@0003";
    ns.SettleLedger();
    EXPECT_THAT(ns.WaitingFor(), HasSubstr("orders@0003"));
    ns.workload.requires_text = "orders@0002, orders@0001";
    ns.SettleLedger();
    EXPECT_EQ(ns.WaitingFor(), "RELEASE");
}

TEST(DecideWorkload, TheImageFormOpensWhenTheImagesMigrationsRan) {
    Namespace ns;
    ns.workload.requires_text = "orders@image";
    ns.AddMigration("orders", "", api::Summary::Working, "MigrationRunning");
    ns.SettleLedger();
    EXPECT_THAT(ns.WaitingFor(), HasSubstr("Migration orders says MigrationRunning"));
    ns.database.status.runs = {{.key = "a", .image = "orders:2", .outcome = api::RunOutcome::Succeeded}};
    ns.SettleLedger();
    EXPECT_EQ(ns.WaitingFor(), "RELEASE");
    ns.workload.containers.front().image = "orders:3";
    EXPECT_THAT(ns.WaitingFor(), HasSubstr("orders@image"));
}

struct HoldCase {
    const char* what;
    const char* requires_text;
    const char* database_version;
    const char* migration_version;  ///< nullptr: there is no Migration
    std::vector<std::string> words;
};

TEST(ExplainHold, NamesTheRequirementTheCauseAndTheNextStep) {
    const HoldCase cases[] = {
        {"malformed", "orders", "0002", nullptr, {"\"orders\" is no requirement", "DATABASE@VERSION"}},
        {"malformed beside one that holds", "orders@0002,@x", "0002", nullptr, {"\"@x\" is no requirement"}},
        {"unknown Database",
         "billing@1",
         "0002",
         nullptr,
         {"billing@1", "no Database billing in namespace shop", "create"}},
        {"nobody brings it", "orders@0003", "0002", nullptr, {"version 0002", "no Migration names it", "create one"}},
        {"empty database", "orders@0003", "", nullptr, {"has no version yet"}},
        {"a Migration brings it", "orders@0003", "0002", "0003", {"Migration orders says MigrationRunning"}},
        {"a Migration brings another", "orders@0004", "0002", "0003", {"(it brings version 0003)"}},
        {"a Migration that names none", "orders@0004", "0002", "", {"(it names no version)"}},
        {"a hash that nobody brings", "orders@cafe", "beef", nullptr, {"version beef", "does not tell", "name it as"}},
        {"a hash that is brought", "orders@cafe", "beef", "cafe", {"Migration orders says MigrationRunning"}},
        {"a hash, and another is brought", "orders@cafe", "beef", "dead", {"does not tell"}},
    };
    for (const auto& [what, requires_text, version, migration_version, words] : cases) {
        SCOPED_TRACE(what);
        Namespace ns;
        ns.workload.requires_text = requires_text;
        ns.database.status.version = version;
        if (migration_version != nullptr) {
            ns.AddMigration("orders", migration_version, api::Summary::Working, "MigrationRunning");
        }
        const auto text = ns.WaitingFor();
        for (const auto& word : words)
            EXPECT_THAT(text, HasSubstr(word));
        ns.workload.waiting_for = text;
        EXPECT_EQ(ns.WaitingFor(), "") << "written once";
    }
}

TEST(ExplainHold, SaysDirtyAndStalled) {
    Namespace ns;
    ns.database.status.dirty = true;
    EXPECT_THAT(ns.WaitingFor(), HasSubstr("is dirty. Repair it"));
    ns.database.status.dirty = false;
    ns.database.status.version = "0001";
    ns.AddMigration("orders", "0002", api::Summary::Failed, "MigrationFailed");
    EXPECT_THAT(ns.WaitingFor(), HasSubstr("says MigrationFailed; see kubectl describe tgm orders"));
}

TEST(DecideWorkload, NothingIsWrittenInTheMomentBetweenMigrationAndDatabase) {
    for (const char* version : {"0002", "cafe"}) {
        Namespace ns;
        ns.workload.requires_text = std::string("orders@") + version;
        ns.database.status.version = "0001";
        ns.database.status.runs = {{.key = "k", .migration = "orders", .outcome = api::RunOutcome::Active}};
        ns.AddMigration("orders", version, api::Summary::Ready, "MigrationSucceeded");
        EXPECT_EQ(ns.WaitingFor(), "");
        ns.database.status.runs[0].outcome = api::RunOutcome::Succeeded;
        if (std::string_view(version) == "0002") {
            EXPECT_THAT(ns.WaitingFor(), HasSubstr("says MigrationSucceeded")) << "the table went back: say so";
        }
    }
}

TEST(DecideWorkload, TheLineIsOneLineOfBoundedLength) {
    Namespace ns;
    ns.workload.requires_text = "orders\nnew@" + std::string(5000, 'x');
    const auto text = ns.WaitingFor();
    EXPECT_LE(text.size(), 1024U);
    EXPECT_EQ(text.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace engine
