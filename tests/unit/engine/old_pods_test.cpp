#include "engine/old_pods.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace engine {
namespace {

using observed::SchemaUser;
using observed::UserKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const core::Time kStart = *core::ParseTime("2026-11-22T12:00:00Z");

class OldPodsOfANamespace : public testing::Test {
protected:
    OldPodsOfANamespace() {
        database.key = {"shop", "orders"};
        database.generation = 1;
        database.status.verified_time = kStart;
        database.status.verified_generation = 1;
        database.status.version = "0002";
        migration.spec = {.database = "orders", .version = "0003", .image = "orders:3"};
        migration.spec.phase = api::Phase::Contract;
        migration.spec.minimum_version = "0002";
    }

    SchemaUser& Add(UserKind kind, const std::string& name, const std::string& requires_text,
                    const std::string& owner = {}) {
        users.push_back({.kind = kind,
                         .name = name,
                         .uid = {name},
                         .owner = {owner},
                         .requires_text = requires_text,
                         .images = {},
                         .runs = true});
        return users.back();
    }
    std::vector<std::string> Found() const {
        std::vector<std::string> names;
        for (const auto& pod : FindOldPods(database, migration, users))
            names.push_back(pod.name);
        return names;
    }

    api::Database database;
    api::Migration migration;
    std::vector<SchemaUser> users;
};

TEST_F(OldPodsOfANamespace, AreThoseThatNeedLess) {
    Add(UserKind::Pod, "less", "orders@0001");
    Add(UserKind::Pod, "enough", "orders@0002");
    Add(UserKind::Pod, "more", "orders@0003");
    Add(UserKind::Pod, "both", "orders@0001, orders@0002");
    Add(UserKind::Pod, "elsewhere", "users@0001");
    Add(UserKind::Pod, "nothing", "");
    Add(UserKind::Pod, "unknown", "orders@cafe");
    Add(UserKind::Pod, "ended", "orders@0001").runs = false;
    Add(UserKind::CronJob, "nightly", "orders@0001");
    EXPECT_THAT(Found(), ElementsAre("nightly", "less", "unknown"));
}

TEST_F(OldPodsOfANamespace, APodWithoutARequirementOfAWorkloadThatNamesTheDatabaseIsTheOldest) {
    Add(UserKind::Deployment, "web", "orders@0002");
    Add(UserKind::ReplicaSet, "web-0", "", "web");
    Add(UserKind::ReplicaSet, "web-1", "orders@0002", "web");
    Add(UserKind::Pod, "web-0-a", "", "web-0");
    Add(UserKind::Pod, "web-1-a", "orders@0002", "web-1");
    Add(UserKind::CronJob, "nightly", "orders@0002");
    Add(UserKind::Job, "nightly-1", "users@0001", "nightly");
    Add(UserKind::Deployment, "other", "users@0001");
    Add(UserKind::ReplicaSet, "other-0", "", "other");
    EXPECT_THAT(Found(), ElementsAre("nightly-1", "web-0", "web-0-a"));
}

TEST_F(OldPodsOfANamespace, OfAPausedDeploymentTheNewestReplicaSetCountsWithoutReplicas) {
    Add(UserKind::Deployment, "web", "orders@0003").paused = true;
    users.back().runs = false;
    auto& older = Add(UserKind::ReplicaSet, "web-1", "orders@0001", "web");
    older.runs = false;
    older.rollout = 1;
    auto& newest = Add(UserKind::ReplicaSet, "web-2", "orders@0001", "web");
    newest.runs = false;
    newest.rollout = 2;
    EXPECT_THAT(Found(), ElementsAre("web-2")) << "scaled from zero it starts pods";
    users.front().paused = false;
    users.front().runs = true;
    EXPECT_THAT(Found(), IsEmpty());
}

TEST_F(OldPodsOfANamespace, OfAnImageAreByTheVersionThatItBrought) {
    database.status.runs = {{.key = "a",
                             .image = "app:1",
                             .version = "0001",
                             .outcome = api::RunOutcome::Succeeded,
                             .completion_time = kStart},
                            {.key = "b",
                             .image = "app:2",
                             .version = "0002",
                             .outcome = api::RunOutcome::Succeeded,
                             .completion_time = kStart}};
    for (const char* image : {"app:1", "app:2", "app:9"})
        Add(UserKind::Pod, image, "orders@image").images = {image};
    EXPECT_THAT(Found(), ElementsAre("app:1", "app:9"));
}

TEST_F(OldPodsOfANamespace, BeforeADownAreThoseThatNeedMore) {
    migration.spec.phase = api::Phase::Down;
    migration.spec.version = "0001";
    Add(UserKind::Deployment, "web", "orders@0002");
    Add(UserKind::Pod, "more", "orders@0002", "web");
    Add(UserKind::Pod, "enough", "orders@0001", "web");
    Add(UserKind::Pod, "both", "orders@0001,orders@0002");
    Add(UserKind::Pod, "oldest", "", "web");
    Add(UserKind::Pod, "unknown", "orders@cafe");
    EXPECT_THAT(Found(), ElementsAre("web", "more", "both", "unknown"));
}

TEST_F(OldPodsOfANamespace, AreNamedWithinBounds) {
    Add(UserKind::Pod, "first", "orders@0001").deleting = true;
    EXPECT_EQ(Describe(FindOldPods(database, migration, users)), "Pod first (orders@0001, terminating)");
    for (int i = 0; i < 500; ++i)
        Add(UserKind::Pod, "pod-" + std::to_string(i), "orders@0001," + std::string(300, 'x'));
    const auto text = Describe(FindOldPods(database, migration, users));
    EXPECT_THAT(text, HasSubstr("and 496 more"));
    EXPECT_LT(text.size(), 2000U);
}

TEST_F(OldPodsOfANamespace, SkipAStepOnlyWhereTheHeldDeploymentsOwnPodsStay) {
    observed::WorkloadFacts held;
    held.key = {"shop", "web"};
    held.uid = {"web"};
    held.held = true;
    held.requires_text = "orders@0003";
    std::vector workloads{std::make_shared<const observed::WorkloadFacts>(held)};
    Add(UserKind::Deployment, "web", "orders@0003").runs = false;
    Add(UserKind::ReplicaSet, "web-1", "orders@0001", "web");
    const auto skipped = [&] {
        return FindSkippedStep(database, migration, FindOldPods(database, migration, users), workloads) != nullptr;
    };
    EXPECT_TRUE(skipped());
    users.back().deleting = true;
    EXPECT_FALSE(skipped()) << "it goes by itself";
    users.back().deleting = false;
    users.back().owner = {"another"};
    EXPECT_FALSE(skipped());
    users.back().owner = {"web"};
    held.requires_text = "orders@0002";
    workloads = {std::make_shared<const observed::WorkloadFacts>(held)};
    EXPECT_FALSE(skipped()) << "it waits for another version";
}

}  // namespace
}  // namespace engine
