#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/names.hpp"
#include "control_plane/controllers/operator_fixture.hpp"

namespace test {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;

/// The least that the schema takes.
constexpr seconds kEvery{60};

class Recheck : public OperatorFixture {
protected:
    /// The next probe is due within kEvery.
    void AwaitProbe() const {
        ASSERT_TRUE(Eventually([&] { return !ProbeIsOver(); }, "the table is read again", kEvery + support::kPatience));
    }
    bool ProbeIsOver() const { return Database()["status"]["probe"].contains("completionTime"); }
};

TEST_F(Recheck, ARestoredDatabaseIsReportedAndHoldsWhatItLostAndRunsNothing) {
    auto database = DatabaseBuilder("orders");
    database.Object()["spec"]["recheckSeconds"] = kEvery.count();
    kubectl_.MustApply(database.Build());
    AnswerProbe({"0001"});
    Migrate("0002", {"0001"});
    kubectl_.MustApply(DeploymentBuilder("orders").Requires("orders@0002").Build());
    EXPECT_TRUE(IsOpen());

    AwaitProbe();
    AnswerProbe({"0001"});
    EXPECT_TRUE(IsStalled("VersionLost"));
    EXPECT_THAT(MessageOf(Migration()), AllOf(HasSubstr("0002"), HasSubstr("version 0001"), HasSubstr("retry")));
    EXPECT_TRUE(DatabaseSays("VersionLost"));
    EXPECT_TRUE(Eventually([&] { return HasEvent("Database", "orders", "VersionLost"); }, "an event"));
    EXPECT_FALSE(IsHeld(Deployment())) << "what runs goes on";
    kubectl_.MustApply(DeploymentBuilder("later").Requires("orders@0002").Build());
    EXPECT_TRUE(IsHeldWith("VersionLost", "later"));
    EXPECT_TRUE(IsQuiet());
    EXPECT_EQ(MigrationJobs().size(), 1U) << "nothing is run again by itself";

    kubectl_.Must({"annotate", "migrations.tidegate.io", "orders", "tidegate.io/retry=restored"});
    FinishMigration(RunningJob(), {.before = {"0001"}, .after = {"0002"}});
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
    EXPECT_TRUE(IsOpen("later"));
    EXPECT_EQ(MigrationJobs().size(), 2U);
}

class ExitCodes : public OperatorFixture {
protected:
    static Json OtherDatabase() {
        auto database = DatabaseBuilder("orders").Build();
        database["spec"] = {{"engine", "Other"}, {"connection", database["spec"]["connection"]}};
        return database;
    }
    void FinishWith(int exit_code) const {
        Finish(PodOf(RunningJob()), {{std::string(api::kMigrationContainer), {.exit_code = exit_code}}});
    }
};

TEST_F(ExitCodes, AreAllTheProofOfEngineOtherAndItSaysSo) {
    kubectl_.MustApply(OtherDatabase());
    EXPECT_TRUE(DatabaseSays("ExitCodesOnly"));
    kubectl_.MustApply(DeploymentBuilder("orders").Requires("orders@0002").Build());
    kubectl_.MustApply(MigrationBuilder("orders").Version("0002").Build());
    FinishWith(0);
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
    EXPECT_THAT(MessageOf(Migration()), HasSubstr("nothing was read in the database"));
    EXPECT_TRUE(IsOpen());
    EXPECT_EQ(List(kube::kPods, "tidegate.io/role").size(), 1U) << "no probe";
}

TEST_F(ExitCodes, AFailureOfEngineOtherIsShownAndNotRepeated) {
    kubectl_.MustApply(OtherDatabase());
    kubectl_.MustApply(MigrationBuilder("orders").Version("0002").Build());
    FinishWith(3);
    EXPECT_TRUE(IsStalled("MigrationFailed"));
    EXPECT_THAT(MessageOf(Migration()), HasSubstr("exit code 3"));
    EXPECT_TRUE(IsQuiet());
    EXPECT_EQ(MigrationJobs().size(), 1U);
}

TEST_F(ExitCodes, WhatDoesNotGoWithTheEngineIsRefusedWithWords) {
    auto other = OtherDatabase();
    other["spec"]["history"] = {{"tool", "Alembic"}};
    EXPECT_THAT(kubectl_.Apply(other).error, HasSubstr("with engine Other nothing is asked in the database"));
    auto usual = DatabaseBuilder("orders").Build();
    usual["spec"].erase("history");
    EXPECT_THAT(kubectl_.Apply(usual).error, HasSubstr("spec.engine PostgreSQL needs a history"));
    usual = DatabaseBuilder("orders").Build();
    usual["spec"].erase("connection");
    EXPECT_THAT(kubectl_.Apply(usual).error, HasSubstr("spec.engine PostgreSQL needs a connection"));
    const auto migration = MigrationBuilder("orders").Spec("includes", {"0001"}).Build();
    EXPECT_THAT(kubectl_.Apply(migration).error, HasSubstr("spec.includes needs spec.version"));
}

}  // namespace
}  // namespace test
