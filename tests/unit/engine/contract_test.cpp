#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/support/cluster.hpp"
#include "engine/tuning.hpp"

namespace simulation {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

using Versions = std::vector<std::string>;

/// A pod of nobody, which says what it needs.
observed::SchemaUser Pod(const std::string& name, const std::string& requires_text) {
    return {.kind = observed::UserKind::Pod,
            .name = name,
            .uid = {name},
            .owner = {},
            .requires_text = requires_text,
            .images = {},
            .runs = true};
}

class Contract : public testing::Test {
protected:
    /// A database at 0002, and everybody needs 0002.
    Contract() : cluster(ReadCluster()) {
        cluster.ApplyMigration("orders");
        cluster.Settle();
        cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0002"}});
        cluster.Settle();
        cluster.WriteLedger();
        cluster.Advance(seconds{5});
    }

    void ApplyContract(const Json& changes = Json::object()) {
        Json spec{{"version", "0003"}, {"image", "orders:3"}, {"phase", "Contract"}, {"minimumVersion", "0002"}};
        spec.merge_patch(changes);
        cluster.ApplyMigration("orders-contract", spec);
    }
    /// To the moment in which only old pods may be in the way.
    void Prepare() {
        cluster.Settle();
        cluster.WriteLedger();
        cluster.Settle();
        cluster.Advance(engine::kInFlightWait);
    }

    std::vector<std::string> Satisfied() const { return cluster.ledger["satisfied"]; }
    Json Floor() const { return cluster.database["status"].value("floor", Json()); }
    std::vector<std::string> WaitingFor() const {
        return cluster.migrations.at("orders-contract")["status"]["run"].value("waitingFor", Versions{});
    }
    std::string Message(const std::string& migration = "orders-contract") const {
        const auto parsed = cluster.ParsedMigration(migration);
        return api::FindCondition(parsed.status.conditions, api::kReady)->message;
    }

    Cluster cluster;
};

TEST_F(Contract, TakesItsStepsInOrder) {
    cluster.HoldDeployment("web", "orders@0001");
    cluster.WriteLedger();
    ASSERT_THAT(Satisfied(), Contains("orders@0001"));
    ApplyContract();

    EXPECT_THAT(cluster.Settle(), ElementsAre("Database conditions", "Migration orders-contract WaitingForLedger"));
    EXPECT_EQ(Floor()["version"], "0002");
    EXPECT_FALSE(Floor().contains("waitStartTime"));
    EXPECT_THAT(WaitingFor(), ElementsAre("WaitingForLedger", "WaitingForRequests", "WaitingForOldPods"));

    cluster.WriteLedger();
    EXPECT_THAT(Satisfied(), ElementsAre("orders@0002", "orders@image=orders:2"));
    EXPECT_EQ(cluster.ledger["observedFloor"][0]["version"], "0002");
    EXPECT_THAT(cluster.Settle(),
                ElementsAre("Ledger read", "Database conditions", "Migration orders-contract WaitingForRequests"));
    EXPECT_THAT(WaitingFor(), ElementsAre("WaitingForRequests", "WaitingForOldPods"));
    EXPECT_LE(cluster.look_again, cluster.Now() + engine::kInFlightWait);

    cluster.workloads.clear();
    cluster.Advance(engine::kInFlightWait - seconds{1});
    EXPECT_THAT(cluster.Settle(), IsEmpty());
    cluster.Advance(seconds{1});
    EXPECT_THAT(cluster.Settle(),
                ElementsAre("old pods listed", "Database intent", "Job", "Migration orders-contract MigrationRunning"));
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0003"}});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders-contract"), "MigrationSucceeded");
    EXPECT_EQ(Floor()["version"], "0002");
    EXPECT_FALSE(Floor().contains("provisional"));
}

TEST_F(Contract, DoesNotGoOnWithoutTheLedgerThatShowsItsOwnFloor) {
    ApplyContract();
    cluster.Settle();
    cluster.WriteLedger();
    // Of an earlier floor at the same version.
    cluster.ledger["observedFloor"][0]["time"] = "2026-11-22T11:00:00Z";
    EXPECT_THAT(cluster.Settle(), IsEmpty());
    cluster.Advance(seconds{1000});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders-contract"), "WaitingForLedger");
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
}

TEST_F(Contract, WaitsForOldPodsAndNamesThem) {
    cluster.users = {Pod("web-1", "orders@0001"), Pod("web-2", "orders@0002"), Pod("other", "users@0001")};
    ApplyContract();
    Prepare();
    EXPECT_THAT(cluster.Settle(), ElementsAre("old pods listed", "Migration orders-contract WaitingForOldPods"));
    EXPECT_THAT(Message(), HasSubstr("Pod web-1 (orders@0001)"));
    EXPECT_THAT(Message(), Not(HasSubstr("web-2")));
    EXPECT_THAT(Message(), Not(HasSubstr("other")));
    EXPECT_THAT(WaitingFor(), ElementsAre("WaitingForOldPods"));
    EXPECT_EQ(cluster.look_again, cluster.Now() + engine::kOldPodsInterval);

    cluster.users.erase(cluster.users.begin());
    EXPECT_THAT(cluster.Settle(), IsEmpty()) << "what is known is young";
    cluster.Advance(engine::kOldPodsInterval);
    EXPECT_THAT(cluster.Settle(), Contains("Job"));
}

TEST_F(Contract, LooksAgainSoonWhenAGatedWorkloadChanged) {
    cluster.users = {Pod("web-1", "orders@0001")};
    cluster.HoldDeployment("web", "orders@0002");
    ApplyContract();
    Prepare();
    cluster.Settle();
    cluster.workloads[0].revision = {1000};
    cluster.Advance(engine::kOldPodsAfterNews - seconds{1});
    EXPECT_THAT(cluster.Settle(), IsEmpty());
    EXPECT_EQ(cluster.look_again, cluster.Now() + seconds{1});
    cluster.Advance(seconds{1});
    EXPECT_THAT(cluster.Settle(), ElementsAre("old pods listed"));
    EXPECT_EQ(cluster.look_again, cluster.Now() + engine::kOldPodsInterval) << "these news are known now";
}

TEST_F(Contract, OfAVersionThatIsThereRaisesTheFloorAndLooksForOldPodsButRunsNothing) {
    cluster.users = {Pod("web-1", "orders@0001")};
    cluster.versions = {"0003"};
    cluster.ApplyDatabase({{"recheckSeconds", 60}});
    cluster.SettleWithProbes();
    ApplyContract();
    Prepare();
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders-contract"), "WaitingForOldPods");
    cluster.users.clear();
    cluster.Advance(engine::kOldPodsInterval);
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders-contract"), "AlreadyReached");
    EXPECT_EQ(cluster.ReadyStatus("orders-contract"), "True");
    EXPECT_THAT(cluster.created_jobs, SizeIs(1)) << "of the Expand";
    EXPECT_FALSE(Floor().contains("provisional"));
    cluster.WriteLedger();
    EXPECT_THAT(Satisfied(), Not(Contains("orders@image=orders:3"))) << "the image did not run";
}

TEST_F(Contract, AnOperatorThatStartsAnewInTheWaitGoesOnWithIt) {
    ApplyContract();
    cluster.Settle();
    cluster.WriteLedger();
    cluster.Settle();
    cluster.Advance(seconds{60});
    cluster.Restart();
    EXPECT_THAT(cluster.Settle(), IsEmpty());
    cluster.Advance(seconds{5});
    EXPECT_THAT(cluster.Settle(), Contains("Job"));
}

TEST_F(Contract, TheFloorGoesBackWhenTheMigrationIsWithdrawnBeforeItRan) {
    cluster.users = {Pod("web-1", "orders@0001")};
    ApplyContract();
    Prepare();
    cluster.Settle();
    ASSERT_EQ(Floor()["provisional"], true);
    cluster.ApplyMigration("orders-contract", {{"suspend", true}});
    cluster.Settle();
    EXPECT_TRUE(Floor().is_null());
    cluster.WriteLedger();
    EXPECT_TRUE(cluster.ledger.value("observedFloor", Json::array()).empty());
}

TEST_F(Contract, TheFloorGoesBackWhenItNeverStartedAndStaysWhenItFailed) {
    ApplyContract();
    Prepare();
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), {.exit_code = 128, .reason = "StartError", .started = false});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders-contract"), "CommandNotFound");
    EXPECT_TRUE(Floor().is_null());

    ApplyContract({{"image", "orders:3.1"}});
    Prepare();
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), {.exit_code = 1});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders-contract"), "MigrationFailed");
    EXPECT_EQ(Floor()["version"], "0002");
    EXPECT_FALSE(Floor().contains("provisional"));
    cluster.DeleteMigration("orders-contract");
    cluster.Settle();
    EXPECT_EQ(Floor()["version"], "0002") << "a failed DROP leaves no trace in the table";
}

TEST_F(Contract, ASecondOneGoesBackToTheFloorOfTheFirst) {
    ApplyContract();
    Prepare();
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0003"}});
    cluster.Settle();
    cluster.ApplyMigration("orders-contract", {{"version", "0004"}, {"minimumVersion", "0003"}, {"image", "orders:4"}});
    cluster.Settle();
    EXPECT_EQ(Floor()["version"], "0003");
    cluster.ApplyMigration("orders-contract", {{"suspend", true}});
    cluster.Settle();
    EXPECT_EQ(Floor()["version"], "0002");
}

TEST_F(Contract, ARetryLooksForOldPodsAgainWithoutAnotherWait) {
    ApplyContract();
    Prepare();
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), {.exit_code = 1});
    cluster.Settle();
    const int lists = cluster.user_lists;
    cluster.migrations["orders-contract"]["metadata"]["annotations"]["tidegate.io/retry"] = "1";
    EXPECT_THAT(cluster.Settle(), Contains("old pods listed"));
    EXPECT_EQ(cluster.user_lists, lists + 1);
    EXPECT_THAT(cluster.created_jobs, SizeIs(3));
}

TEST_F(Contract, DoesNotKeepAnEarlierExpandWaitingButALaterOne) {
    cluster.users = {Pod("web-1", "orders@0001")};
    ApplyContract({{"version", "0005"}});
    cluster.Settle();
    cluster.ApplyMigration("orders-6", {{"version", "0006"}, {"image", "orders:6"}});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders-6"), "WaitingForTurn");
    EXPECT_THAT(Message("orders-6"), HasSubstr("orders-contract"));
    cluster.ApplyMigration("orders-4", {{"version", "0004"}, {"image", "orders:4"}});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders-4"), "MigrationRunning");
}

TEST_F(Contract, ARolloutThatSkipsAStepIsToldWhichComesFirst) {
    cluster.HoldDeployment("web", "orders@0003");
    cluster.users = {{.kind = observed::UserKind::Deployment,
                      .name = "web",
                      .uid = cluster.workloads[0].uid,
                      .owner = {},
                      .requires_text = "orders@0003",
                      .images = {},
                      .paused = true},
                     {.kind = observed::UserKind::ReplicaSet,
                      .name = "web-1",
                      .uid = {"rs"},
                      .owner = cluster.workloads[0].uid,
                      .requires_text = "orders@0001",
                      .images = {},
                      .runs = true}};
    ApplyContract();
    Prepare();
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders-contract"), "RolloutSkipsStep");
    EXPECT_EQ(cluster.ReadyStatus("orders-contract"), "False");
    EXPECT_THAT(Message(), HasSubstr("Deployment web"));
    EXPECT_THAT(Message(), HasSubstr("Roll out a version that needs 0002 first"));
    EXPECT_EQ(Floor()["version"], "0002");

    cluster.users.pop_back();
    cluster.Advance(engine::kOldPodsInterval);
    EXPECT_THAT(cluster.Settle(), Contains("Job"));
}

TEST_F(Contract, ThatNobodyAsksForAnyMoreIsNotOfAnotherDatabase) {
    ApplyContract();
    cluster.Settle();
    cluster.identity = "7302/16384";
    cluster.ApplyDatabase({{"connection", {{"secretRef", {{"name", "elsewhere"}}}}}});
    cluster.versions = {"0002"};
    cluster.SettleWithProbes();
    EXPECT_EQ(Floor()["version"], "0002") << "it is asked for of the new database, too";
    EXPECT_EQ(Floor()["provisional"], true);
    EXPECT_FALSE(Floor().contains("waitStartTime"));
}

class GoingDown : public Contract {
protected:
    void ApplyDown(const Json& changes = Json::object()) {
        Json spec{{"version", "0001"},
                  {"image", "orders:2"},
                  {"command", {"alembic", "downgrade", "0001"}},
                  {"phase", "Down"}};
        spec.merge_patch(changes);
        cluster.ApplyMigration("orders-down", spec);
    }
    Json Ceiling() const { return cluster.database["status"].value("ceiling", Json()); }
    void PrepareDown() {
        ApplyDown();
        Prepare();
        cluster.Settle();
    }
};

TEST_F(GoingDown, WithdrawsWhatIsAboveWaitsForWhatNeedsMoreThenRuns) {
    cluster.HoldDeployment("old", "orders@0001");
    cluster.users = {Pod("web-1", "orders@0002"), Pod("web-0", "orders@0001")};
    PrepareDown();
    EXPECT_EQ(Ceiling()["version"], "0001");
    EXPECT_THAT(Satisfied(), ElementsAre("orders@0001"));
    EXPECT_EQ(cluster.Reason("orders-down"), "WaitingForOldPods");
    EXPECT_THAT(Message("orders-down"), HasSubstr("Still in use above version 0001: Pod web-1 (orders@0002)"));
    EXPECT_THAT(Message("orders-down"), Not(HasSubstr("web-0")));
    EXPECT_EQ(cluster.Reason("orders"), "MigrationSucceeded") << "nothing is gone yet";

    cluster.users.erase(cluster.users.begin());
    cluster.Advance(engine::kOldPodsInterval);
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0001"}});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders-down"), "MigrationSucceeded");
    EXPECT_THAT(Message("orders-down"), HasSubstr("Nothing above version 0001 is left"));
    EXPECT_EQ(cluster.Reason("orders"), "VersionLost");
    EXPECT_THAT(Message("orders"), HasSubstr("orders-down (Down)"));
    EXPECT_THAT(cluster.created_jobs, SizeIs(2)) << "nothing goes up again by itself";
}

TEST_F(GoingDown, ThatDidNotGoDownHasFailedAndTheCeilingStays) {
    PrepareDown();
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0002"}});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders-down"), "VerificationFailed");
    EXPECT_EQ(Ceiling()["version"], "0001");
    EXPECT_FALSE(Ceiling().contains("provisional"));
    cluster.WriteLedger();
    EXPECT_THAT(Satisfied(), Not(Contains("orders@0002")));
    EXPECT_EQ(cluster.Reason("orders"), "VersionLost");
    EXPECT_THAT(cluster.created_jobs, SizeIs(2)) << "nothing goes up again by itself";
}

TEST_F(GoingDown, TheCeilingGoesBackWhenItNeverStarted) {
    PrepareDown();
    cluster.EndMigration(cluster.LastJob(), {.exit_code = 128, .reason = "StartError", .started = false});
    cluster.Settle();
    EXPECT_TRUE(Ceiling().is_null());
    cluster.WriteLedger();
    EXPECT_THAT(Satisfied(), Contains("orders@0002"));
    EXPECT_EQ(cluster.Reason("orders"), "MigrationSucceeded");
}

TEST_F(GoingDown, ALaterExpandLiftsTheCeilingWhenItIsProven) {
    PrepareDown();
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0001"}});
    cluster.Settle();
    cluster.ApplyMigration("orders", {{"image", "orders:2.1"}});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "MigrationRunning");
    EXPECT_EQ(Ceiling()["version"], "0001");
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0002"}});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "MigrationSucceeded");
    EXPECT_TRUE(Ceiling().is_null());
    EXPECT_EQ(cluster.Reason("orders-down"), "MigrationSucceeded") << "it is not run again for that";
    EXPECT_THAT(cluster.created_jobs, SizeIs(3));
}

TEST_F(GoingDown, AVersionThatWasThereWithoutARunIsNotBroughtAgainByItself) {
    cluster.ApplyMigration("orders", {{"image", "orders:2.1"}});
    cluster.Settle();
    ASSERT_EQ(cluster.Reason("orders"), "AlreadyReached");
    PrepareDown();
    EXPECT_EQ(cluster.Reason("orders"), "AlreadyReached");
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0001"}});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "VersionLost");
    EXPECT_THAT(cluster.created_jobs, SizeIs(2));
}

TEST_F(GoingDown, KeepsWhatWouldGoUpWaiting) {
    cluster.users = {Pod("web-1", "orders@0002")};
    PrepareDown();
    cluster.ApplyMigration("orders-3", {{"version", "0003"}, {"image", "orders:3"}});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders-3"), "WaitingForTurn");
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
}

TEST_F(GoingDown, OfADatabaseThatIsThereRunsNothingNorLater) {
    ApplyDown({{"version", "0002"}});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders-down"), "AlreadyReached");
    EXPECT_TRUE(Ceiling().is_null());
    cluster.ApplyMigration("orders-3", {{"version", "0003"}, {"image", "orders:3"}});
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0003"}});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders-down"), "AlreadyReached") << "a Down is never a reaction";
    EXPECT_THAT(cluster.created_jobs, SizeIs(2));
}

TEST_F(GoingDown, BehindAContractMovesTheFloorToWhereTheDatabaseWent) {
    ApplyContract();
    Prepare();
    cluster.Settle();
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0003"}});
    cluster.Settle();
    ASSERT_EQ(Floor()["version"], "0002");
    PrepareDown();
    cluster.EndMigration(cluster.LastJob(), {.versions = Versions{"0001"}});
    cluster.Settle();
    EXPECT_EQ(Floor()["version"], "0001");
}

TEST_F(GoingDown, AsksTheAgentForWhatItMayTakeAway) {
    PrepareDown();
    const auto& pod = cluster.jobs.at(cluster.LastJob())["spec"]["template"]["spec"];
    EXPECT_THAT(pod["initContainers"][0]["env"], Contains(Json{{"name", "TIDEGATE_WANTED"}, {"value", "0001,0002"}}));
}

}  // namespace
}  // namespace simulation
