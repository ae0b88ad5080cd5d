#include "engine/image_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/support/cluster.hpp"

namespace engine {
namespace {

using simulation::Cluster;
using simulation::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Json From(const std::string& deployment, const std::string& container = {}) {
    Json from{{"deployment", {{"name", deployment}}}};
    if (!container.empty()) from["deployment"]["container"] = container;
    return {{"imageFrom", from}, {"image", nullptr}, {"version", nullptr}};
}

struct Templates {
    observed::WorkloadFacts deployment;
    std::string container;

    Templates() {
        deployment.key = {"shop", "web"};
        deployment.requires_text = "users@0001, orders@image";
        deployment.containers = {{.name = "app", .image = "orders:2"}};
    }
    ImageSource Find() const {
        api::Migration migration;
        migration.key = {"shop", "orders"};
        migration.spec.database = "orders";
        migration.spec.image_from = api::ImageFrom{.deployment = "web", .container = container, .key = {}};
        return FindImage(migration, {std::make_shared<const observed::WorkloadFacts>(deployment)});
    }
};

TEST(ImageSource, IsTheOnlyContainerOfTheDeployment) {
    Templates templates;
    EXPECT_EQ(templates.Find().image, "orders:2");
    EXPECT_EQ(templates.Find().problem, "");
    templates.deployment.held = true;
    EXPECT_EQ(templates.Find().image, "orders:2") << "held or open, it is the image of its template";
}

TEST(ImageSource, InitContainersCountOnlyWhereTheyAreNamed) {
    Templates templates;
    templates.deployment.containers.push_back({.name = "wait", .image = "orders-wait:1", .init = true});
    EXPECT_EQ(templates.Find().image, "orders:2");
    templates.container = "wait";
    EXPECT_EQ(templates.Find().image, "orders-wait:1");
}

TEST(ImageSource, SaysWhyThereIsNone) {
    const struct {
        const char* what;
        std::function<void(Templates&)> change;
        const char* words;
    } cases[] = {
        {"another name", [](Templates& t) { t.deployment.key.name = "api"; }, "No Deployment web in namespace shop"},
        {"a Job of that name", [](Templates& t) { t.deployment.kind = observed::WorkloadKind::Job; },
         "No Deployment web"},
        {"deleted", [](Templates& t) { t.deployment.deleting = true; }, "No Deployment web"},
        {"requires a version", [](Templates& t) { t.deployment.requires_text = "orders@0002"; },
         "tidegate.io/requires: orders@image"},
        {"of another database", [](Templates& t) { t.deployment.requires_text = "users@image"; }, "orders@image"},
        {"no such container", [](Templates& t) { t.container = "migrate"; },
         "has no container migrate, only app. Correct spec.imageFrom.deployment.container"},
        {"several", [](Templates& t) { t.deployment.containers.push_back({.name = "proxy", .image = "p:1"}); },
         "several containers (app, proxy). Name the one"},
        {"no image", [](Templates& t) { t.deployment.containers[0].image = ""; }, "has no image"},
        {"too long", [](Templates& t) { t.deployment.containers[0].image = std::string(513, 'a'); },
         "no image reference"},
        {"a comma", [](Templates& t) { t.deployment.containers[0].image = "a,b"; }, "no image reference"},
    };
    for (const auto& [what, change, words] : cases) {
        Templates templates;
        change(templates);
        EXPECT_EQ(templates.Find().image, "") << what;
        EXPECT_THAT(templates.Find().problem, HasSubstr(words)) << what;
    }
}

/// Database orders at 0001, Deployment orders held with image orders:2, and a Migration that follows it.
class FollowedDeployment : public ::testing::Test {
protected:
    FollowedDeployment() {
        cluster_.HoldDeployment("orders", "orders@image");
        cluster_.ApplyMigration("orders", From("orders"));
    }

    void Bump(const std::string& image) { cluster_.workloads.back().containers.front().image = image; }
    Json Ready() const {
        for (const auto& condition : cluster_.migrations.at("orders")["status"]["conditions"]) {
            if (condition["type"] == "Ready") return condition;
        }
        return nullptr;
    }
    std::string ImageOf(const std::string& job) const {
        return cluster_.jobs.at(job)["spec"]["template"]["spec"]["containers"][0]["image"];
    }
    /// The record, newest first: "orders:2 Succeeded".
    std::vector<std::string> Record() const {
        std::vector<std::string> lines;
        for (const auto& run : cluster_.database["status"]["runs"])
            lines.push_back(run["image"].get<std::string>() + " " + run["outcome"].get<std::string>());
        return lines;
    }
    void Run(const std::string& image) {
        Bump(image);
        cluster_.Settle();
        ASSERT_EQ(ImageOf(cluster_.LastJob()), image);
        cluster_.EndMigration(cluster_.LastJob());
        cluster_.Settle();
    }

    Cluster cluster_ = simulation::ReadCluster();
};

TEST_F(FollowedDeployment, IsMigratedByItsOwnImageUnderTheKeyOfThatImage) {
    cluster_.Settle();
    ASSERT_EQ(cluster_.created_jobs.size(), 1U);
    EXPECT_EQ(ImageOf(cluster_.LastJob()), "orders:2");
    cluster_.EndMigration(cluster_.LastJob(), {.versions = std::vector<std::string>{"0002"}});
    cluster_.Settle();
    EXPECT_EQ(cluster_.Reason("orders"), "MigrationSucceeded");
    EXPECT_THAT(Record(), ElementsAre("orders:2 Succeeded"));

    // As if it were written in spec.image: changing from the one to the other runs nothing.
    cluster_.ApplyMigration("orders", {{"imageFrom", nullptr}, {"image", "orders:2"}});
    cluster_.Settle();
    EXPECT_EQ(cluster_.created_jobs.size(), 1U);
    EXPECT_EQ(cluster_.Reason("orders"), "MigrationSucceeded");
}

TEST_F(FollowedDeployment, ANewImageRunsOnceAndOneThatRanNeverAgain) {
    Run("orders:2");
    Run("orders:3");
    EXPECT_THAT(Record(), ElementsAre("orders:3 Succeeded", "orders:2 Succeeded"));
    Bump("orders:2");
    cluster_.Settle();
    Bump("orders:3");
    cluster_.Settle();
    EXPECT_EQ(cluster_.created_jobs.size(), 2U);
    EXPECT_EQ(cluster_.Reason("orders"), "MigrationSucceeded");
}

TEST_F(FollowedDeployment, ASecondImageWaitsForTheEndOfTheFirstOnesRun) {
    cluster_.Settle();
    cluster_.StartMigration(cluster_.LastJob());
    cluster_.Settle();
    Bump("orders:3");
    cluster_.Settle();
    EXPECT_EQ(cluster_.created_jobs.size(), 1U);
    EXPECT_EQ(cluster_.Reason("orders"), "WaitingForTurn");
    EXPECT_THAT(Ready()["message"], HasSubstr("with image orders:2, runs to its end first; image orders:3 is next"));
    // What comes and goes in the meantime is never run.
    Bump("orders:4");
    cluster_.Settle();
    cluster_.EndMigration(cluster_.LastJob());
    cluster_.Settle();
    ASSERT_EQ(cluster_.created_jobs.size(), 2U);
    EXPECT_EQ(ImageOf(cluster_.LastJob()), "orders:4");
    cluster_.EndMigration(cluster_.LastJob());
    cluster_.Settle();
    EXPECT_THAT(Record(), ElementsAre("orders:4 Succeeded", "orders:2 Succeeded"));
}

TEST_F(FollowedDeployment, AnImageWhoseMigrationHasNotBegunIsGivenUpForTheNext) {
    cluster_.Settle();
    const auto first = cluster_.LastJob();
    cluster_.MakePod(first);
    cluster_.Settle();
    Bump("orders:3");
    EXPECT_THAT(cluster_.Settle(), ElementsAre("pod deleted", "Migration orders WaitingForTurn"));
    cluster_.EndDeletedPod(first);
    cluster_.Settle();
    ASSERT_EQ(cluster_.created_jobs.size(), 2U);
    EXPECT_EQ(ImageOf(cluster_.LastJob()), "orders:3");
    EXPECT_THAT(Record(), ElementsAre("orders:3 Active", "orders:2 NeverStarted"));
    EXPECT_THAT(cluster_.database["status"]["runs"][1]["message"],
                HasSubstr("the image of Deployment orders, changed"));
    // Nobody's fault: coming back to it runs it.
    cluster_.EndMigration(cluster_.LastJob());
    cluster_.Settle();
    Run("orders:2");
}

TEST_F(FollowedDeployment, NoJobIsCreatedForAnImageThatChangedSinceTheIntent) {
    ASSERT_THAT(cluster_.SettleAtMost(1), ElementsAre("Database intent"));
    Bump("orders:3");
    cluster_.Settle();
    ASSERT_EQ(cluster_.created_jobs.size(), 1U);
    EXPECT_EQ(ImageOf(cluster_.LastJob()), "orders:3");
    EXPECT_THAT(Record(), ElementsAre("orders:3 Active", "orders:2 NeverStarted"));
}

TEST_F(FollowedDeployment, AFailedImageIsMendedByTheNextOne) {
    cluster_.Settle();
    cluster_.EndMigration(cluster_.LastJob(), {.exit_code = 1});
    cluster_.Settle();
    EXPECT_EQ(cluster_.Reason("orders"), "MigrationFailed");
    cluster_.Settle();
    EXPECT_EQ(cluster_.created_jobs.size(), 1U);
    Run("orders:3");
    EXPECT_EQ(cluster_.Reason("orders"), "MigrationSucceeded");
}

TEST_F(FollowedDeployment, WithoutItTheMigrationWaitsAndSaysForWhat) {
    const auto deployment = cluster_.workloads.back();
    cluster_.workloads.clear();
    cluster_.Settle();
    EXPECT_EQ(cluster_.Reason("orders"), "WaitingForImage");
    EXPECT_EQ(cluster_.ReadyStatus("orders"), "Unknown");
    EXPECT_THAT(Ready()["message"], HasSubstr("No Deployment orders"));
    EXPECT_TRUE(cluster_.created_jobs.empty());
    cluster_.workloads.push_back(deployment);
    cluster_.Settle();
    EXPECT_EQ(cluster_.created_jobs.size(), 1U);
}

TEST_F(FollowedDeployment, DeletedWhileItsMigrationRunsTheRunEndsAndIsRecorded) {
    cluster_.Settle();
    cluster_.StartMigration(cluster_.LastJob());
    cluster_.Settle();
    cluster_.workloads.clear();
    cluster_.Settle();
    EXPECT_EQ(cluster_.Reason("orders"), "WaitingForImage");
    EXPECT_THAT(Ready()["message"], HasSubstr("with image orders:2 runs to its end."));
    cluster_.EndMigration(cluster_.LastJob());
    cluster_.Settle();
    EXPECT_THAT(Record(), ElementsAre("orders:2 Succeeded"));
    EXPECT_EQ(cluster_.Reason("orders"), "WaitingForImage");
    EXPECT_EQ(cluster_.History("orders").size(), 1U);
    EXPECT_EQ(cluster_.created_jobs.size(), 1U);
}

TEST_F(FollowedDeployment, ARestartBetweenIntentAndJobAsksTheDatabaseAndRunsOnce) {
    ASSERT_THAT(cluster_.SettleAtMost(1), ElementsAre("Database intent"));
    cluster_.Restart();
    cluster_.Advance(std::chrono::seconds{2});
    cluster_.SettleWithProbes();
    EXPECT_EQ(cluster_.created_jobs.size(), 1U);
    EXPECT_EQ(ImageOf(cluster_.LastJob()), "orders:2");
}

/// What was proven by a run alone is not proven any more where the table went back behind what it showed then.
TEST_F(FollowedDeployment, OfADatabaseThatWasRestoredTheImageHasToRunAgainWhenAsked) {
    cluster_.ApplyDatabase({{"recheckSeconds", 60}});
    cluster_.SettleWithProbes();
    cluster_.EndMigration(cluster_.LastJob(), {.versions = std::vector<std::string>{"0002"}});
    cluster_.Settle();
    EXPECT_EQ(cluster_.database["status"]["runs"][0]["versionAfter"], "0002");
    const auto ledger = [&] { return std::get<WriteLedger>(*DecideLedger(cluster_.MakeLedgerWorld()).step).satisfied; };
    EXPECT_THAT(ledger(), ::testing::Contains("orders@image=orders:2"));

    cluster_.versions = {"0001"};
    cluster_.Advance(std::chrono::seconds{120});
    cluster_.SettleWithProbes();
    EXPECT_THAT(ledger(), ::testing::Not(::testing::Contains("orders@image=orders:2")));
    EXPECT_EQ(cluster_.Reason("orders"), "VersionLost");
    EXPECT_THAT(Ready()["message"], HasSubstr("Version 0002 was reached"));
    EXPECT_EQ(cluster_.created_jobs.size(), 1U) << "by itself nothing runs again";
    cluster_.migrations.at("orders")["metadata"]["annotations"]["tidegate.io/retry"] = "1";
    cluster_.Settle();
    EXPECT_EQ(cluster_.created_jobs.size(), 2U);
    EXPECT_EQ(ImageOf(cluster_.LastJob()), "orders:2");
}

TEST_F(FollowedDeployment, AnOlderImageStaysProvenWhileTheDatabaseMovesOn) {
    cluster_.Settle();
    cluster_.EndMigration(cluster_.LastJob(), {.versions = std::vector<std::string>{"0002"}});
    cluster_.Settle();
    Bump("orders:3");
    cluster_.Settle();
    cluster_.EndMigration(cluster_.LastJob(), {.versions = std::vector<std::string>{"0003"}});
    cluster_.Settle();
    EXPECT_THAT(std::get<WriteLedger>(*DecideLedger(cluster_.MakeLedgerWorld()).step).satisfied,
                ::testing::IsSupersetOf({"orders@image=orders:2", "orders@image=orders:3"}));
}

}  // namespace
}  // namespace engine
