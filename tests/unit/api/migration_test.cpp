#include "api/migration.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "api/run_id.hpp"
#include "support/crd_schema.hpp"

namespace api {
namespace {

using Json = nlohmann::json;
using std::chrono::seconds;

const core::Time kStart = *core::ParseTime("2026-11-22T12:00:00Z");

Json Object() {
    return Json::parse(R"({
        "metadata": {"namespace": "shop", "name": "orders", "uid": "u", "resourceVersion": "9", "generation": 2,
                     "creationTimestamp": "2026-11-22T12:00:00Z"},
        "spec": {"databaseRef": {"name": "db"}, "version": "0002", "image": "orders:2", "command": ["migrate"]}})");
}

TEST(Migration, ReadsWhatDecisionsRead) {
    const auto migration = ParseMigration(Object());
    EXPECT_EQ(migration.key, (core::ObjectKey{"shop", "orders"}));
    EXPECT_EQ(migration.created, kStart);
    EXPECT_EQ(migration.generation, 2);
    EXPECT_EQ(migration.spec.database, "db");
    EXPECT_EQ(migration.spec.version, "0002");
    EXPECT_EQ(migration.spec.image, "orders:2");
    EXPECT_EQ(migration.run_key, RunKey(Object()["spec"]));
    EXPECT_EQ(migration.status, MigrationStatus{});
    const MigrationSpec defaults{.database = "db", .version = "0002", .image = "orders:2"};
    EXPECT_EQ(migration.spec, defaults) << "the CRD's defaults are this program's";
}

TEST(Migration, DefaultsAreThoseOfTheSchema) {
    const support::CrdSchema schema("migrations");
    const MigrationSpec defaults;
    EXPECT_EQ(schema.At({"spec", "startDeadlineSeconds"})["default"], defaults.start_deadline.count());
    EXPECT_EQ(schema.At({"spec", "activeDeadlineSeconds"})["default"], defaults.active_deadline.count());
    EXPECT_EQ(schema.At({"spec", "historyLimit"})["default"], defaults.history_limit);
    EXPECT_EQ(schema.At({"spec", "suspend"})["default"], defaults.suspend);
    EXPECT_EQ(schema.At({"spec", "logTail"})["default"], "Redacted");
}

TEST(Migration, AVersionIsDecodedAsInARequirement) {
    Json object = Object();
    object["spec"]["version"] = "a%2Cb";
    EXPECT_EQ(ParseMigration(object).spec.version, "a,b");
}

TEST(Migration, ARunAndAHistoryAreWrittenAsTheSchemaSays) {
    const RunStatus run{.key = "k",
                        .launch = 3,
                        .attempt = 1,
                        .job_name = "orders-x-3",
                        .active = true,
                        .image = "orders:2",
                        .version = "0002",
                        .start_time = kStart,
                        .waiting_for = {"WaitingForFence"}};
    const HistoryEntry entry{.key = "k",
                             .launch = 3,
                             .attempt = 1,
                             .job_name = "orders-x-3",
                             .image = "orders:2",
                             .image_id = "sha256:0",
                             .version_before = "0001",
                             .version_after = "",
                             .start_time = kStart,
                             .completion_time = kStart + seconds{3},
                             .exit_code = 0,
                             .signal = 9,
                             .longest_lock_wait = seconds{0},
                             .longest_blocking = seconds{4},
                             .reason = "MigrationFailed",
                             .message = "text",
                             .log_tail = "tail",
                             .requested_by = "jane"};
    Json object = Object();
    object["status"] = {{"observedGeneration", 2},
                        {"conditions", PrintConditions(Summarize({}, Summary::Failed, "R", "m", 2, kStart))},
                        {"run", PrintRunStatus(run)},
                        {"history", {PrintHistoryEntry(entry), PrintHistoryEntry({.key = "old", .launch = 1})}}};
    const support::CrdSchema schema("migrations");
    EXPECT_EQ(schema.Pruned(object)["status"], object["status"]);
    EXPECT_EQ(schema.Problems(object), std::vector<std::string>{});
    EXPECT_EQ(object["status"]["history"][0]["exitCode"], 0) << "exit code 0 is a fact, not an absence";
    EXPECT_EQ(object["status"]["history"][0]["versionAfter"], "");
    EXPECT_EQ(object["status"]["history"][0]["longestLockWaitSeconds"], 0) << "looked, and nothing waited";
    EXPECT_FALSE(object["status"]["history"][1].contains("longestLockWaitSeconds")) << "nobody looked";

    const auto status = ParseMigration(object).status;
    EXPECT_EQ(status.run, run);
    EXPECT_EQ(status.history_size, 2U);
    EXPECT_EQ(status.newest_key, "k");
    EXPECT_EQ(status.newest_launch, 3);
    EXPECT_EQ(status.observed_generation, 2);
    EXPECT_EQ(status.conditions.size(), 3U);
}

TEST(Migration, TheRequesterIsOneLineThatFitsIntoTheStatus) {
    EXPECT_EQ(ParseMigration(Object()).requested_by, "");
    Json object = Object();
    auto& requester = object["metadata"]["annotations"]["tidegate.io/requested-by"];
    requester = "system:serviceaccount:argocd:argocd-application-controller";
    EXPECT_EQ(ParseMigration(object).requested_by, "system:serviceaccount:argocd:argocd-application-controller");
    requester = "jane\nof " + std::string(1000, 'x');
    EXPECT_EQ(ParseMigration(object).requested_by.find('\n'), std::string::npos);
    EXPECT_LE(ParseMigration(object).requested_by.size(), kLongestRequester);
    const support::CrdSchema migrations("migrations"), databases("databases");
    EXPECT_EQ(migrations.At({"status", "history"})["items"]["properties"]["requestedBy"]["maxLength"],
              kLongestRequester);
    EXPECT_EQ(databases.At({"status", "runs"})["items"]["properties"]["requestedBy"]["maxLength"], kLongestRequester);
}

TEST(Migration, OddObjectsAreReadWithoutAWord) {
    for (const char* text :
         {"{}", R"({"spec": 5, "status": 5})", R"({"spec": {"env": 5}, "status": {"history": {}}})"}) {
        EXPECT_NO_THROW(ParseMigration(Json::parse(text))) << text;
    }
}

}  // namespace
}  // namespace api
