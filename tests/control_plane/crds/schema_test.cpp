#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/builders.hpp"
#include "support/kubectl.hpp"
#include "support/namespace.hpp"

/// What the API server itself says of good and bad objects: a user's first contact with Tidegate.
namespace crds {
namespace {

using support::DatabaseBuilder;
using support::MigrationBuilder;
using testing::HasSubstr;
using Json = nlohmann::json;

class Schema : public testing::Test {
protected:
    static void SetUpTestSuite() { namespace_ = new support::Namespace; }
    static void TearDownTestSuite() {
        delete namespace_;
        namespace_ = nullptr;
    }

    support::CommandResult Create(const Json& object) const {
        return kubectl_.Run({"create", "--dry-run=server", "--output=json", "--filename=-"}, object.dump());
    }

    void ExpectRefused(const Json& object, const std::string& message) const {
        const auto refused = Create(object);
        EXPECT_FALSE(refused.Ok()) << object["spec"];
        EXPECT_THAT(refused.error, HasSubstr(message)) << object["spec"];
    }

    void ExpectTaken(const Json& object) const {
        const auto taken = Create(object);
        EXPECT_TRUE(taken.Ok()) << object["spec"] << "\n" << taken.error;
    }

    static support::Namespace* namespace_;
    support::Kubectl kubectl_{namespace_->Name()};
};

support::Namespace* Schema::namespace_ = nullptr;

Json Migration(const std::string& field, const Json& value) {
    return MigrationBuilder("m").Spec(field, value).Build();
}

Json Without(Json object, const std::string& field) {
    object["spec"].erase(field);
    return object;
}

TEST_F(Schema, DatabaseIsTakenWithAUriWithPartsAndWithBoth) {
    ExpectTaken(DatabaseBuilder("d").Build());
    ExpectTaken(DatabaseBuilder("d").Keys({{"uri", "jdbc-uri"}}).Build());
    ExpectTaken(DatabaseBuilder("d")
                    .Keys({{"host", "host"}, {"dbname", "dbname"}, {"user", "user"}, {"password", "pass_word.1"}})
                    .Build());
    ExpectTaken(DatabaseBuilder("d")
                    .Keys({{"host", "host"}, {"port", "port"}, {"dbname", "db"}, {"user", "user"}, {"password", "p"}})
                    .Build());
    ExpectTaken(DatabaseBuilder("d")
                    .Keys({{"uri", "uri"},
                           {"jdbcUri", "jdbc-uri"},
                           {"passfile", ".pgpass"},
                           {"host", "host"},
                           {"dbname", "db"},
                           {"user", "user"},
                           {"password", "p"}})
                    .Build());
}

TEST_F(Schema, DatabaseTlsNamesACaExactlyWhereItIsChecked) {
    const auto with = [](const Json& tls) {
        Json database = DatabaseBuilder("d").Build();
        database["spec"]["connection"]["tls"] = tls;
        return database;
    };
    for (const char* mode : {"Disable", "Prefer", "Require"}) {
        ExpectTaken(with({{"mode", mode}}));
        ExpectRefused(with({{"mode", mode}, {"caSecretRef", {{"name", "ca"}}}}),
                      "caSecretRef is for mode VerifyCA or VerifyFull");
    }
    for (const char* mode : {"VerifyCA", "VerifyFull"}) {
        ExpectTaken(with({{"mode", mode}, {"caSecretRef", {{"name", "ca"}, {"key", "root.pem"}}}}));
        ExpectRefused(with({{"mode", mode}}), "VerifyCA and VerifyFull need caSecretRef");
    }
    ExpectTaken(with(Json::object()));
    ExpectRefused(with({{"caSecretRef", {{"name", "ca"}}}}), "caSecretRef is for mode VerifyCA or VerifyFull");
    ExpectRefused(with({{"mode", "verify-full"}}), "spec.connection.tls.mode: Unsupported value");
    const auto stored = Create(with({{"mode", "VerifyCA"}, {"caSecretRef", {{"name", "ca"}}}}));
    EXPECT_EQ(Json::parse(stored.output)["spec"]["connection"]["tls"]["caSecretRef"]["key"], "ca.crt");
}

TEST_F(Schema, HistoryTakesAQueryForCustomAndATableForEveryOtherTool) {
    const auto with = [](const Json& history) {
        Json database = DatabaseBuilder("d").Build();
        database["spec"]["history"] = history;
        return database;
    };
    ExpectTaken(with({{"tool", "Custom"}, {"query", "SELECT version FROM versions"}}));
    ExpectTaken(with({{"tool", "Goose"}, {"table", "ops.goose_db_version"}}));
    ExpectTaken(with({{"tool", "Goose"}, {"table", "\"my.schema\".versions"}}));
    ExpectRefused(with({{"tool", "Custom"}}), "tool Custom needs query");
    ExpectRefused(with({{"tool", "Goose"}, {"query", "SELECT 1"}}), "query is for tool Custom only");
    ExpectRefused(with({{"tool", "Custom"}, {"query", "SELECT 1"}, {"table", "t"}}), "table is not for tool Custom");
    ExpectRefused(with({{"tool", "Goose"}, {"table", "a.b.c"}}), "write it as table or schema.table");
}

TEST_F(Schema, DatabaseRefusalsSayWhatToWrite) {
    ExpectRefused(Without(DatabaseBuilder("d").Build(), "connection"), "spec.connection: Required value");
    ExpectRefused(Without(DatabaseBuilder("d").Build(), "history"), "spec.history: Required value");
    Json tool = DatabaseBuilder("d").Build();
    tool["spec"]["history"]["tool"] = "alembic";
    ExpectRefused(tool, "spec.history.tool: Unsupported value: \"alembic\": supported values: \"Flyway\"");
    ExpectRefused(DatabaseBuilder("d").Secret("Not A Name").Build(), "spec.connection.secretRef.name: Invalid value");
    ExpectRefused(DatabaseBuilder("d").Secret("").Build(), "spec.connection.secretRef.name: Invalid value");
    ExpectRefused(DatabaseBuilder("d").Keys({{"host", "host"}, {"dbname", "dbname"}}).Build(),
                  "host needs dbname, user and password beside it");
    ExpectRefused(DatabaseBuilder("d").Keys({{"port", "port"}}).Build(),
                  "port, dbname, user and password are used together with host");
    ExpectRefused(DatabaseBuilder("d").Keys({{"uri", "not a key"}}).Build(), "spec.connection.keys.uri: Invalid value");
}

Json WithSpec(const char* field, const Json& value) {
    Json object = DatabaseBuilder("d").Build();
    object["spec"][field] = value;
    return object;
}

TEST_F(Schema, DatabaseLimitsAndLockWatchAreTakenInTheirRanges) {
    ExpectTaken(WithSpec("limits", {{"lockTimeoutSeconds", 1}}));
    ExpectTaken(WithSpec("limits", {{"statementTimeoutSeconds", 604800}}));
    ExpectTaken(WithSpec("limits", {{"lockTimeoutSeconds", 3600}, {"statementTimeoutSeconds", 3601}}));
    ExpectTaken(WithSpec("lockWatch", {{"afterSeconds", 3600}, {"action", "Cancel"}}));
    ExpectRefused(WithSpec("limits", {{"lockTimeoutSeconds", 0}}), "spec.limits.lockTimeoutSeconds: Invalid value");
    ExpectRefused(WithSpec("limits", {{"lockTimeoutSeconds", 3601}}), "spec.limits.lockTimeoutSeconds: Invalid value");
    ExpectRefused(WithSpec("limits", {{"statementTimeoutSeconds", 604801}}),
                  "spec.limits.statementTimeoutSeconds: Invalid value");
    ExpectRefused(WithSpec("limits", {{"lockTimeoutSeconds", 10}, {"statementTimeoutSeconds", 10}}),
                  "lockTimeoutSeconds must be less than statementTimeoutSeconds");
    ExpectRefused(WithSpec("lockWatch", {{"afterSeconds", 0}}), "spec.lockWatch.afterSeconds: Invalid value");
    ExpectRefused(WithSpec("lockWatch", {{"action", "Terminate"}}),
                  "spec.lockWatch.action: Unsupported value: \"Terminate\": supported values: \"Report\", \"Cancel\"");
}

TEST_F(Schema, DatabaseDefaultsStandInTheObject) {
    const Json plain = Json::parse(Create(DatabaseBuilder("d").Build()).output)["spec"];
    EXPECT_FALSE(plain.contains("limits")) << "nothing set, nothing imposed";
    EXPECT_FALSE(plain.contains("lockWatch"));
    const Json watching = Json::parse(Create(WithSpec("lockWatch", Json::object())).output)["spec"];
    EXPECT_EQ(watching["lockWatch"], Json({{"afterSeconds", 5}, {"action", "Report"}}));
}

TEST_F(Schema, AFreshObjectIsNeverTakenForCurrent) {
    for (const Json& object : {DatabaseBuilder("fresh").Build(), MigrationBuilder("fresh").Build()}) {
        kubectl_.MustApply(object);
        const Json created = kubectl_.GetJson(object["kind"].get<std::string>() + ".tidegate.io/fresh");
        EXPECT_EQ(created["status"], Json({{"observedGeneration", -1}})) << "kstatus: status.observedGeneration";
    }
}

TEST_F(Schema, MigrationDefaultsStandInTheObject) {
    const Json spec = Json::parse(Create(MigrationBuilder("m").Build()).output)["spec"];
    EXPECT_EQ(spec["startDeadlineSeconds"], 600);
    EXPECT_EQ(spec["activeDeadlineSeconds"], 3600);
    EXPECT_EQ(spec["historyLimit"], 10);
    EXPECT_EQ(spec["logTail"], "Redacted");
    EXPECT_EQ(spec["credentials"], "Inherit");
    EXPECT_EQ(spec["automountServiceAccountToken"], false);
    EXPECT_EQ(spec["suspend"], false);
}

TEST_F(Schema, MigrationIsTakenWithEverythingAPodNeeds) {
    const Json full = Json::parse(R"({
        "databaseRef": {"name": "orders.main"}, "version": "0002_add%2Cemail", "image": "registry:5000/orders@sha256:0a",
        "command": ["alembic"], "args": ["upgrade", ""],
        "env": [{"name": "A", "value": ""}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": true}}},
                {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}},
                {"name": "D", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['batch.kubernetes.io/controller-uid']"}}}],
        "envFrom": [{"secretRef": {"name": "s"}}, {"prefix": "P_", "configMapRef": {"name": "c", "optional": true}}],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": 1}},
        "volumes": [{"name": "sql", "configMap": {"name": "sql"}}, {"name": "tmp", "emptyDir": {"medium": "Memory"}}],
        "volumeMounts": [{"name": "sql", "mountPath": "/sql", "readOnly": true}],
        "serviceAccountName": "migrator", "automountServiceAccountToken": true, "imagePullSecrets": [{"name": "pull"}],
        "imagePullPolicy": "Always", "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "db", "operator": "Exists", "effect": "NoSchedule"}],
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}]}}},
        "priorityClassName": "high", "securityContext": {"runAsUser": 1000, "capabilities": {"drop": ["ALL"]}},
        "podLabels": {"team": "shop"}, "podAnnotations": {"sidecar.istio.io/inject": "false"},
        "sidecars": [{"name": "proxy", "image": "proxy:1", "args": ["--port=5432"], "ports": [{"containerPort": 5432}]}],
        "credentials": "None", "startDeadlineSeconds": 1, "activeDeadlineSeconds": 604800, "suspend": true,
        "attempts": {"max": 3, "backoffSeconds": 1, "maxBackoffSeconds": 60, "retryExitCodes": [75, 255]}, "run": "seeds-2",
        "historyLimit": 50, "logTail": "None", "phase": "Contract", "minimumVersion": "0001_orders"})");
    Json migration = MigrationBuilder("m").Build();
    migration["spec"] = full;
    const auto taken = Create(migration);
    ASSERT_TRUE(taken.Ok()) << taken.error;
    EXPECT_EQ(Json::parse(taken.output)["spec"], full) << "nothing is dropped on the way";
}

TEST_F(Schema, MigrationRefusesUnknownFields) {
    ExpectRefused(Migration("windows", Json::array()), "unknown field \"spec.windows\"");
}

TEST_F(Schema, MigrationBoundsItsAttempts) {
    ExpectRefused(Migration("attempts", {{"max", 0}}), "spec.attempts.max");
    ExpectRefused(Migration("attempts", {{"max", 21}}), "spec.attempts.max");
    ExpectRefused(Migration("attempts", {{"retryExitCodes", {0}}}), "spec.attempts.retryExitCodes");
    ExpectRefused(Migration("run", ""), "spec.run");
}

TEST_F(Schema, MigrationRefusalsSayWhatToWrite) {
    for (const char* field : {"databaseRef", "command"}) {
        ExpectRefused(Without(MigrationBuilder("m").Build(), field), "spec." + std::string(field) + ": Required value");
    }
    ExpectRefused(Without(MigrationBuilder("m").Build(), "image"), "give exactly one of spec.image and spec.imageFrom");
    ExpectRefused(Migration("imageFrom", {{"deployment", {{"name", "web"}}}}),
                  "give exactly one of spec.image and spec.imageFrom");
    ExpectRefused(Migration("command", Json::array()), "spec.command in body should have at least 1 items");
    ExpectRefused(Migration("image", ""), "spec.image in body should be at least 1 chars long");
    ExpectRefused(Migration("image", "a b"), "an image reference has neither whitespace nor commas");
    for (const char* version : {"0001,0002", "a b", "a\tb"}) {
        ExpectRefused(Migration("version", version),
                      "a version has neither whitespace nor commas: write a comma as %2C");
    }
    ExpectRefused(Migration("version", ""), "spec.version in body should be at least 1 chars long");
    ExpectRefused(Migration("version", std::string(254, '1')), "spec.version: Too long");
    for (const char* version : {"image", "image=orders:1"}) {
        ExpectRefused(Migration("version", version), "\"image\" is no version");
    }
    ExpectRefused(MigrationBuilder("m").Database("Orders").Build(), "spec.databaseRef.name: Invalid value");
    ExpectRefused(Migration("credentials", "Secret"), "supported values: \"Inherit\", \"None\"");
    ExpectRefused(Migration("logTail", "Full"), "supported values: \"Redacted\", \"None\"");
    ExpectRefused(Migration("startDeadlineSeconds", 0), "should be greater than or equal to 1");
    ExpectRefused(Migration("startDeadlineSeconds", 86401), "should be less than or equal to 86400");
    ExpectRefused(Migration("activeDeadlineSeconds", 604801), "should be less than or equal to 604800");
    ExpectRefused(Migration("historyLimit", 51), "should be less than or equal to 50");
}

TEST_F(Schema, MigrationPhasesNeedWhatTheyTakeAway) {
    const auto of = [](const Json& changes) {
        auto object = MigrationBuilder("m").Version("0003").Build();
        object["spec"].merge_patch(changes);
        return object;
    };
    ExpectTaken(of({{"phase", "Expand"}}));
    ExpectTaken(of({{"phase", "Contract"}, {"minimumVersion", "0002"}}));
    ExpectTaken(of({{"phase", "Contract"}, {"minimumVersion", "0002"}, {"version", nullptr}}));
    ExpectTaken(of({{"phase", "Down"}}));
    ExpectRefused(of({{"phase", "Contract"}}), "phase Contract needs spec.minimumVersion");
    ExpectRefused(of({{"minimumVersion", "0002"}}), "minimumVersion is for phase Contract only");
    ExpectRefused(of({{"phase", "Down"}, {"minimumVersion", "0002"}}), "minimumVersion is for phase Contract only");
    ExpectRefused(of({{"phase", "Contract"}, {"minimumVersion", "0003"}}), "must be an older one than spec.version");
    ExpectRefused(of({{"phase", "Contract"}, {"minimumVersion", "a,b"}}), "minimumVersion");
    ExpectRefused(of({{"phase", "Down"}, {"version", nullptr}}), "phase Down needs spec.version");
    ExpectRefused(of({{"phase", "Backfill"}}), "phase");
}

TEST_F(Schema, MigrationRefusesEnvironmentThatIsTheAgents) {
    ExpectRefused(Migration("env", {{{"name", "TIDEGATE_URI"}, {"value", "x"}}}),
                  "names that begin with TIDEGATE_ are the agent's");
    ExpectRefused(Migration("envFrom", {{{"prefix", "TIDEGATE_"}, {"secretRef", {{"name", "s"}}}}}),
                  "names that begin with TIDEGATE_ are the agent's");
    ExpectRefused(
        Migration("env", {{{"name", "A"}, {"value", "x"}, {"valueFrom", {{"fieldRef", {{"fieldPath", "x"}}}}}}}),
        "a variable has either a value or a valueFrom");
    ExpectRefused(Migration("env", {{{"name", "A"}, {"valueFrom", Json::object()}}}),
                  "valueFrom takes exactly one of secretKeyRef, configMapKeyRef and fieldRef");
    ExpectRefused(Migration("env", {{{"name", "A"}, {"value", "1"}}, {{"name", "A"}, {"value", "2"}}}),
                  "Duplicate value");
    ExpectRefused(Migration("envFrom", {{{"prefix", "A"}}}),
                  "an entry of envFrom takes exactly one of secretRef and configMapRef");
}

TEST_F(Schema, MigrationRefusesWhatReachesTheNodeOrTheAgent) {
    ExpectRefused(Migration("volumes", {{{"name", "host"}, {"hostPath", {{"path", "/"}}}}}),
                  "hostPath volumes are not offered");
    ExpectRefused(Migration("volumes", {{{"name", "tidegate-state"}, {"emptyDir", Json::object()}}}),
                  "names of volumes that begin with tidegate are the agent's");
    ExpectRefused(Migration("volumeMounts", {{{"name", "tidegate-state"}, {"mountPath", "/x"}}}),
                  "cannot be mounted here");
    for (const char* name : {"migrate", "tidegate-agent"}) {
        ExpectRefused(Migration("sidecars", {{{"name", name}, {"image", "x:1"}}}), "give this sidecar another name");
    }
    Json many = Json::array();
    for (int i = 0; i < 5; ++i)
        many.push_back({{"name", "s" + std::to_string(i)}, {"image", "x:1"}});
    ExpectRefused(Migration("sidecars", many), "must have at most 4 items");
    for (const char* field : {"podLabels", "podAnnotations"}) {
        for (const char* key : {"tidegate.io/run", "batch.kubernetes.io/job-name"}) {
            ExpectRefused(Migration(field, {{key, "x"}}), "belong to Tidegate and to the Job controller");
        }
    }
}

TEST_F(Schema, LedgerHasOneName) {
    ExpectTaken(support::LedgerOf({"orders@1"}));
    Json other = support::LedgerOf({"orders@1"});
    other["metadata"]["name"] = "mine";
    ExpectRefused(other, "the one Ledger of a namespace is named tidegate");
}

TEST_F(Schema, ColumnsAndShortNamesAreThereForPeople) {
    kubectl_.MustApply(MigrationBuilder("columns").Version("0002").Build());
    kubectl_.MustApply(DatabaseBuilder("columns").Build());
    const auto header = [&](const std::vector<std::string>& arguments) {
        const std::string table = kubectl_.Must(arguments);
        return table.substr(0, table.find('\n'));
    };
    EXPECT_THAT(header({"get", "tgm"}), testing::MatchesRegex("NAME +READY +REASON +VERSION +AGE *"));
    EXPECT_THAT(header({"get", "tgm", "--output=wide"}),
                testing::MatchesRegex("NAME +READY +REASON +VERSION +DATABASE +JOB +MESSAGE +AGE *"));
    EXPECT_THAT(header({"get", "tgd", "--output=wide"}),
                testing::MatchesRegex("NAME +READY +REASON +VERSION +FLOOR +DIRTY +MESSAGE +AGE *"));
    EXPECT_THAT(kubectl_.Must({"get", "tidegate", "--output=name"}),
                testing::AllOf(HasSubstr("migration.tidegate.io/columns"), HasSubstr("database.tidegate.io/columns")));
    EXPECT_THAT(kubectl_.Must({"get", "migrations.tidegate.io", "--field-selector=spec.databaseRef.name=columns",
                               "--output=name"}),
                testing::StrEq("migration.tidegate.io/columns\n"));
}

}  // namespace
}  // namespace crds
