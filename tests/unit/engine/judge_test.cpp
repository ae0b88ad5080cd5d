#include "engine/judge.hpp"

#include <gtest/gtest.h>

#include "engine/support/readings.hpp"

namespace engine {
namespace {

using readings::At;
using readings::kStart;

TEST(Judge, BelievesTheBaselineWhereTheTableDoesNotTell) {
    auto database = At("cafe");
    EXPECT_EQ(JudgeVersion(database, "dead"), Verdict::VersionUnknown);
    database.spec.baseline = {"dead"};
    EXPECT_EQ(JudgeVersion(database, "dead"), Verdict::Holds);
    database.status.version.clear();
    EXPECT_EQ(JudgeVersion(database, "dead"), Verdict::NotReached) << "no table";
}

TEST(Judge, DoesNotBelieveTheRecordOfAToolWhoseTableListsEveryMigration) {
    auto database = At("20261122000000");
    database.status.runs = {{.key = "k", .version = "20261121000000", .outcome = api::RunOutcome::Succeeded}};
    database.spec.history.tool = version::Tool::Rails;
    EXPECT_EQ(JudgeVersion(database, "20261121000000"), Verdict::VersionUnknown) << "it may have been taken back";
    database.spec.history.tool = version::Tool::GolangMigrate;
    EXPECT_EQ(JudgeVersion(database, "20261121000000"), Verdict::Holds);
}

TEST(Judge, IsARangeTestOnWhatWasRead) {
    struct Case {
        const char* at;
        const char* wanted;
        Verdict verdict;
    };
    const Case cases[] = {
        {"0002", "0002", Verdict::Holds},
        {"0003_later", "0002", Verdict::Holds},
        {"0001", "0002", Verdict::NotReached},
        {"", "0001", Verdict::NotReached},
        {"beef", "beef", Verdict::Holds},
        {"beef", "cafe", Verdict::VersionUnknown},
        {"0002_a,0005_b", "0002", Verdict::Holds},
        {"0002_a,0005_b", "0001", Verdict::Holds},
        {"0002_a,0005_b", "0006", Verdict::NotReached},
        {"0002_a,0005_b", "0004", Verdict::VersionUnknown},
        {"a%2Cb", "a,b", Verdict::Holds},
        // More heads than the status could hold: what is not shown is undecided.
        {"0005_b,...", "0005_b", Verdict::Holds},
        {"0005_b,...", "0004", Verdict::VersionUnknown},
        {"0005_b,...", "0006", Verdict::VersionUnknown},
        {"...", "0001", Verdict::VersionUnknown},
    };
    for (const auto& [at, wanted, verdict] : cases)
        EXPECT_EQ(JudgeVersion(At(at), wanted), verdict) << at << " for " << wanted;
}

TEST(Judge, NothingIsJudgedByAReadingOfAnotherSpec) {
    auto database = At("0002");
    database.generation = 2;
    EXPECT_EQ(JudgeVersion(database, "0002"), Verdict::NotRead);
    database.status.verified_generation = 2;
    EXPECT_EQ(JudgeVersion(database, "0002"), Verdict::Holds);
    database.status.verified_time.reset();
    EXPECT_EQ(JudgeVersion(database, "0002"), Verdict::NotRead);
}

TEST(Judge, DirtyBlocksWhatWasNotProvenBefore) {
    auto database = At("0002");
    database.status.dirty = true;
    database.status.reached = {{"orders@0001", kStart}};
    EXPECT_EQ(JudgeVersion(database, "0001"), Verdict::Holds);
    EXPECT_EQ(JudgeVersion(database, "0002"), Verdict::Dirty);
    EXPECT_EQ(JudgeVersion(database, "0003"), Verdict::NotReached);
}

TEST(Judge, VersionsOfSuccessfulRunsAreKnown) {
    auto database = At("cafe");
    database.status.runs = {{.key = "a", .version = "beef", .outcome = api::RunOutcome::Succeeded},
                            {.key = "b", .version = "dead", .outcome = api::RunOutcome::Failed}};
    EXPECT_EQ(JudgeVersion(database, "beef"), Verdict::Holds);
    EXPECT_EQ(JudgeVersion(database, "dead"), Verdict::VersionUnknown);
}

TEST(Judge, TheImageFormHoldsWhenAMigrationRanFromAnImageOfTheTemplate) {
    auto database = At("0002");
    database.status.runs = {{.key = "a", .image = "orders:2", .outcome = api::RunOutcome::Succeeded},
                            {.key = "b", .image = "orders:3", .outcome = api::RunOutcome::Failed}};
    const api::Requirement requirement{.database = "orders", .image = true, .text = "orders@image"};
    EXPECT_EQ(Judge(requirement, &database, {"sidecar:1", "orders:2"}), Verdict::Holds);
    EXPECT_EQ(Judge(requirement, &database, {"orders:3"}), Verdict::NotReached);
    EXPECT_EQ(Judge(requirement, &database, {}), Verdict::NotReached);
    EXPECT_EQ(Judge(requirement, nullptr, {"orders:2"}), Verdict::UnknownDatabase);
    database.generation = 2;
    EXPECT_EQ(Judge(requirement, &database, {"orders:2"}), Verdict::NotRead);
}

}  // namespace
}  // namespace engine
