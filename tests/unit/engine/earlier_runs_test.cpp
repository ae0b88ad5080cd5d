#include "engine/earlier_runs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/decide.hpp"
#include "engine/explain.hpp"
#include "engine/judge.hpp"

namespace engine {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

const core::Time kStart = *core::ParseTime("2026-11-22T12:00:00Z");

template <class T>
Shared<T> Share(T object) {
    return std::make_shared<const T>(std::move(object));
}

std::string ImageAt(int number) {
    return "orders:" + std::to_string(number);
}

/// A Database with a record of `runs` proven runs, the newest first, one image each.
struct LongRecord {
    api::Database database;
    World world;

    explicit LongRecord(int runs) {
        database.key = world.key = {"shop", "orders"};
        database.generation = 1;
        database.status = {.version = "0009", .verified_time = kStart, .verified_generation = 1};
        database.status.probe = {
            .launch = 1, .observed_generation = 1, .start_time = kStart, .completion_time = kStart};
        for (int i = runs; i > 0; --i) {
            database.status.runs.push_back({.key = "k" + std::to_string(i),
                                            .image = ImageAt(i),
                                            .outcome = api::RunOutcome::Succeeded,
                                            .completion_time = kStart + std::chrono::seconds{i}});
        }
    }
    void Use(const std::string& image) {
        observed::WorkloadFacts workload;
        workload.key = {"shop", "old"};
        workload.requires_text = "orders@image";
        workload.containers = {{.name = "app", .image = image}};
        world.workloads.push_back(Share(std::move(workload)));
    }
    void Trim() { TrimRuns(world, database.status); }
    std::vector<std::string> Ledger() const {
        const auto decision =
            DecideLedger({.ns = "shop", .ledger = {}, .databases = {Share(database)}, .workloads = world.workloads});
        return std::get<WriteLedger>(*decision.step).satisfied;
    }
};

TEST(EarlierRuns, KeepTheNewestTwoHundredImagesOfWhichFiftyInFull) {
    LongRecord record(260);
    record.Trim();
    EXPECT_EQ(record.database.status.runs.size(), 50U);
    EXPECT_EQ(record.database.status.runs.back().image, ImageAt(211));
    EXPECT_EQ(record.database.status.earlier_runs.size(), 150U);
    EXPECT_EQ(record.database.status.earlier_runs.front().image, ImageAt(210));
    EXPECT_EQ(record.database.status.earlier_runs.back().image, ImageAt(61));
    EXPECT_THAT(record.Ledger(), Contains("orders@image=" + ImageAt(61)));
    EXPECT_THAT(record.Ledger(), Not(Contains("orders@image=" + ImageAt(60))));
    const auto before = record.database.status;
    record.Trim();
    EXPECT_EQ(record.database.status, before);
}

TEST(EarlierRuns, KeepEveryImageThatAWorkloadStillHas) {
    LongRecord record(260);
    record.Use(ImageAt(3));
    record.Trim();
    EXPECT_EQ(record.database.status.earlier_runs.size(), 151U);
    EXPECT_THAT(record.Ledger(), Contains("orders@image=" + ImageAt(3)));
    EXPECT_EQ(Judge(api::ParseRequirements("orders@image").requirements[0], &record.database, {ImageAt(3)}),
              Verdict::Holds);
    EXPECT_EQ(Judge(api::ParseRequirements("orders@image").requirements[0], &record.database, {ImageAt(2)}),
              Verdict::NotReached);
}

TEST(EarlierRuns, AreOnlyWhatWasProvenInThisDatabase) {
    LongRecord record(52);
    auto& runs = record.database.status.runs;
    runs[50].outcome = api::RunOutcome::Failed;
    record.Trim();
    EXPECT_EQ(record.database.status.earlier_runs.size(), 1U);
    EXPECT_EQ(record.database.status.earlier_runs[0].image, ImageAt(1));
    record.database.status.identity_since = kStart + std::chrono::hours{1};
    EXPECT_FALSE(RanEarlier(record.database, "k1")) << "that was another database";
}

TEST(EarlierRuns, RunNothingWhenSomebodyComesBackToThem) {
    LongRecord record(60);
    record.Trim();
    api::Migration migration;
    migration.key = {"shop", "orders"};
    migration.uid = {"m"};
    migration.run_key = "k1";
    migration.spec = {.database = "orders", .image = ImageAt(1)};
    record.world.database = Share(record.database);
    record.world.migrations = {Share(migration)};
    record.world.learned.jobs_are_live = true;
    const auto view = ExplainMigration(record.world, record.database.status, migration, kStart);
    EXPECT_EQ(view.reason, "MigrationSucceeded");
    EXPECT_EQ(view.summary, api::Summary::Ready);
    const auto decision = Decide(record.world, kStart);
    ASSERT_TRUE(decision.step);
    EXPECT_TRUE(std::holds_alternative<WriteMigrationStatus>(*decision.step)) << "only its status is written";

    // Where the database was taken back behind it, the image has to run again.
    record.database.status.earlier_runs.back().version = "0010";
    EXPECT_FALSE(RanEarlier(record.database, "k1"));
}

TEST(EarlierRuns, OfADownOpenNothingAndAreNotRunAgain) {
    LongRecord record(52);
    record.database.status.runs[51].phase = api::Phase::Down;
    record.Trim();
    EXPECT_TRUE(RanEarlier(record.database, "k1"));
    EXPECT_THAT(record.Ledger(), Not(Contains("orders@image=" + ImageAt(1))));
    EXPECT_THAT(record.Ledger(), Contains("orders@image=" + ImageAt(2)));
}

}  // namespace
}  // namespace engine
