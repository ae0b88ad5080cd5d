#include "api/database.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "api/ledger.hpp"
#include "support/crd_schema.hpp"

namespace api {
namespace {

using Json = nlohmann::json;

const core::Time kStart = *core::ParseTime("2026-11-22T12:00:00Z");

DatabaseStatus FullStatus() {
    DatabaseStatus status;
    status.observed_generation = 3;
    status.conditions = Summarize({}, Summary::Ready, "VersionKnown", "message", 3, kStart);
    status.version = "0002,cafe";
    status.dirty = true;
    status.dirty_detail = "migration 3 stopped";
    status.half_done = "3";
    status.tool_lock = version::ToolLock{"public.locks", "pod-1", "2026-11-22 19:48:30", "2026-11-22T19:49:00Z"};
    status.verified_time = kStart;
    status.verified_generation = 3;
    status.verified_by = "orders-x-1";
    status.verified_by_created = kStart - std::chrono::seconds{5};
    status.identity = "7301/16384";
    status.connection_check = true;
    status.active = true;
    status.reached = {{"orders@0002", kStart}, {"orders@a%2Cb", kStart}};
    status.probe = {.launch = 4,
                    .observed_generation = 3,
                    .job_name = "orders-p-4",
                    .start_time = kStart,
                    .completion_time = kStart,
                    .reason = "DatabaseUnreachable",
                    .message = "no route"};
    status.runs = {{.key = "k1",
                    .migration = "orders",
                    .migration_uid = {"uid-1"},
                    .image = "orders:2",
                    .version = "0002",
                    .outcome = RunOutcome::Active,
                    .attempts = 0,
                    .launches = 2,
                    .job_name = "orders-x-2",
                    .start_time = kStart},
                   {.key = "k0",
                    .migration = "orders",
                    .migration_uid = {"uid-1"},
                    .image = "orders:1",
                    .version = "",
                    .outcome = RunOutcome::Failed,
                    .reason = "MigrationFailed",
                    .message = "it failed",
                    .attempts = 1,
                    .launches = 1,
                    .job_name = "orders-x-1",
                    .start_time = kStart,
                    .completion_time = kStart}};
    return status;
}

Json Object(const DatabaseStatus& status) {
    return {{"metadata", {{"namespace", "shop"}, {"name", "orders"}, {"uid", "u"}, {"resourceVersion", "9"}}},
            {"spec", {{"connection", {{"secretRef", {{"name", "s"}}}}}, {"history", {{"tool", "Alembic"}}}}},
            {"status", PrintDatabaseStatus(status)}};
}

TEST(Database, ReadsWhereTheHistoryIsAndWhatIsDeclared) {
    const auto spec = ParseDatabase(Json::parse(R"({"spec": {
        "history": {"tool": "Custom", "table": "ops.versions", "query": "SELECT 1"},
        "baseline": ["0001", "a%2Cb"]}})"))
                          .spec;
    EXPECT_EQ(spec.history, (History{version::Tool::Custom, "ops.versions", "SELECT 1"}));
    EXPECT_EQ(spec.baseline, (std::vector<std::string>{"0001", "a,b"}));
}

TEST(Database, ReadsLimitsAndWhatToDoAboutLocks) {
    const auto parse = [](const char* spec) { return ParseDatabase({{"spec", Json::parse(spec)}}).spec; };
    EXPECT_EQ(parse("{}").limits, Limits{}) << "nothing set, nothing imposed";
    EXPECT_EQ(parse("{}").lock_watch, LockWatch{});
    const auto spec = parse(R"({"limits": {"lockTimeoutSeconds": 3, "statementTimeoutSeconds": 900},
                                "lockWatch": {"afterSeconds": 7, "action": "Cancel"}})");
    EXPECT_EQ(spec.limits, (Limits{std::chrono::seconds{3}, std::chrono::seconds{900}}));
    EXPECT_EQ(spec.lock_watch, (LockWatch{std::chrono::seconds{7}, LockWatch::Action::Cancel}));
    EXPECT_EQ(parse(R"({"lockWatch": {"action": "Terminate"}})").lock_watch.action, LockWatch::Action::Report)
        << "of a newer schema: what touches nothing";
}

TEST(Database, DefaultsAreThoseOfTheSchema) {
    const support::CrdSchema schema("databases");
    const LockWatch defaults;
    EXPECT_EQ(schema.At({"spec", "lockWatch", "afterSeconds"})["default"], defaults.after.count());
    EXPECT_EQ(schema.At({"spec", "lockWatch", "action"})["default"], Name(defaults.action));
    for (const auto& action : schema.At({"spec", "lockWatch", "action"})["enum"])
        EXPECT_EQ(Name(*ParseLockWatchAction(action.get<std::string>())), action);
}

TEST(Database, AWrittenStatusIsReadBackAsItWas) {
    EXPECT_EQ(ParseDatabase(Object(FullStatus())).status, FullStatus());
    for (const auto outcome :
         {RunOutcome::Active, RunOutcome::Succeeded, RunOutcome::Failed, RunOutcome::NeverStarted}) {
        auto status = FullStatus();
        status.runs[0].outcome = outcome;
        EXPECT_EQ(ParseDatabase(Object(status)).status, status);
    }
    EXPECT_EQ(ParseDatabase(Object(DatabaseStatus{})).status, DatabaseStatus{});
}

TEST(Database, TheSchemaKeepsEveryFieldThatIsWritten) {
    const support::CrdSchema schema("databases");
    const auto object = Object(FullStatus());
    EXPECT_EQ(schema.Pruned(object), object);
    EXPECT_EQ(schema.Problems(object), std::vector<std::string>{});
}

TEST(Database, AFreshObjectWasNeverRead) {
    Json object = Object({});
    object.erase("status");
    const auto database = ParseDatabase(object);
    EXPECT_EQ(database.status, DatabaseStatus{});
    EXPECT_EQ(database.status.observed_generation, -1);
    EXPECT_EQ(database.key, (core::ObjectKey{"shop", "orders"}));
    EXPECT_EQ(database.revision.value, 9U);
    EXPECT_FALSE(database.deleting);
    EXPECT_EQ(database.spec.secret_name, "s");
    EXPECT_EQ(database.spec.keys, ConnectionKeys{});
    EXPECT_FALSE(database.spec.keys.UsesParts());
}

TEST(Database, ReadsTheKeysOfTheSecret) {
    Json object = Object({});
    object["spec"]["connection"]["keys"] = {
        {"host", "h"}, {"port", "p"}, {"dbname", "d"}, {"user", "u"}, {"password", "w"}};
    const auto keys = ParseDatabase(object).spec.keys;
    EXPECT_TRUE(keys.UsesParts());
    EXPECT_EQ(keys, (ConnectionKeys{"", "h", "p", "d", "u", "w"})) << "no key is named for a URI";
    object["spec"]["connection"]["keys"]["uri"] = "url";
    object["spec"]["connection"]["keys"]["jdbcUri"] = "jdbc-uri";
    EXPECT_EQ(ParseDatabase(object).spec.keys, (ConnectionKeys{"url", "h", "p", "d", "u", "w", "jdbc-uri"}));
    object["spec"]["connection"]["keys"]["passfile"] = "pgpass";
    EXPECT_EQ(ParseDatabase(object).spec.keys.passfile, "pgpass");
    object["spec"]["connection"]["keys"] = {{"uri", "DATABASE_URL"}};
    EXPECT_EQ(ParseDatabase(object).spec.keys.uri, "DATABASE_URL");
    object["spec"]["connection"]["keys"] = {{"jdbcUri", "jdbc-uri"}};
    EXPECT_EQ(ParseDatabase(object).spec.keys.uri, "uri");
}

TEST(Database, ReadsHowConnectionsAreProtected) {
    const auto parse = [](const char* tls) {
        return ParseDatabase({{"spec", {{"connection", {{"tls", Json::parse(tls)}}}}}}).spec.tls;
    };
    EXPECT_EQ(ParseDatabase(Object({})).spec.tls, Tls{});
    EXPECT_EQ(parse(R"({"mode": "Require"})"), (Tls{.mode = Tls::Mode::Require}));
    EXPECT_EQ(parse(R"({"mode": "VerifyFull", "caSecretRef": {"name": "ca"}})"),
              (Tls{Tls::Mode::VerifyFull, "ca", "ca.crt"}));
    EXPECT_EQ(parse(R"({"mode": "VerifyCA", "caSecretRef": {"name": "ca", "key": "tls.crt"}})"),
              (Tls{Tls::Mode::VerifyCA, "ca", "tls.crt"}));
    const support::CrdSchema schema("databases");
    const auto& modes = schema.At({"spec", "connection", "tls", "mode"})["enum"];
    ASSERT_EQ(modes.size(), 5U);
    for (const auto& mode : modes)
        EXPECT_TRUE(ParseTlsMode(mode.get<std::string>())) << mode;
    EXPECT_EQ(SslMode(Tls::Mode::VerifyCA), "verify-ca");
}

TEST(Database, AnOutcomeOfANewerOperatorRunsNothing) {
    Json object = Object(FullStatus());
    object["status"]["runs"][0]["outcome"] = "SomethingNew";
    EXPECT_EQ(ParseDatabase(object).status.runs[0].outcome, RunOutcome::Failed);
}

TEST(Database, OddObjectsAreReadWithoutAWord) {
    for (const char* text : {"{}", R"({"status": []})", R"({"status": {"runs": {}, "conditions": 5, "probe": "x"}})",
                             R"({"status": {"runs": [1, "x", null], "reached": [{}]}})", "[]", "null"}) {
        EXPECT_NO_THROW(ParseDatabase(Json::parse(text))) << text;
    }
}

TEST(Database, FindsARunByItsKey) {
    const auto status = FullStatus();
    EXPECT_EQ(FindRun(status, "k0"), &status.runs[1]);
    EXPECT_EQ(FindRun(status, "k"), nullptr);
}

TEST(Ledger, IsReadBackAsItWasWritten) {
    const std::vector<std::string> satisfied = {"orders@0001", "orders@image=orders:2"};
    Json object = PrintLedger({.key = {"shop", "tidegate"}, .satisfied = satisfied});
    EXPECT_EQ(object["kind"], "Ledger");
    EXPECT_EQ(support::CrdSchema("ledgers").Problems(object), std::vector<std::string>{});
    EXPECT_EQ(support::CrdSchema("ledgers").Pruned(object)["satisfied"], object["satisfied"]);
    object["metadata"]["resourceVersion"] = "7";
    const auto ledger = ParseLedger(object);
    EXPECT_EQ(ledger.key, (core::ObjectKey{"shop", "tidegate"}));
    EXPECT_EQ(ledger.satisfied, satisfied);
    EXPECT_EQ(ledger.revision.value, 7U);
    EXPECT_TRUE(ParseLedger(Json::parse(R"({"satisfied": [1, null]})")).satisfied.empty());
}

}  // namespace
}  // namespace api
