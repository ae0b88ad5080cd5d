#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "api/migration.hpp"
#include "api/names.hpp"
#include "database/fence_rule.hpp"
#include "jobs/job_parts.hpp"
#include "jobs/migration_job.hpp"
#include "jobs/probe_job.hpp"
#include "observed/job_facts.hpp"
#include "support/crd_schema.hpp"

namespace jobs {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const JobSettings kSettings{.agent_image = "tidegate:test", .agent_pull_policy = "Never", .version = "0.1.0"};

Json Migration() {
    return Json::parse(R"({
        "metadata": {"namespace": "shop", "name": "orders", "uid": "migration-uid"},
        "spec": {"databaseRef": {"name": "orders"}, "image": "orders:2", "command": ["alembic", "upgrade", "head"]}})");
}

api::Database Database() {
    api::Database database;
    database.key = {"shop", "orders"};
    database.uid = {"database-uid"};
    database.generation = 7;
    database.spec.secret_name = "orders-db";
    return database;
}

Json Build(const Json& migration, const api::Database& database = Database()) {
    return BuildMigrationJob(migration, database, {"orders", {"migration-uid"}, "key", 3}, kSettings);
}

Json Build(const char* field, const Json& value) {
    Json migration = Migration();
    migration["spec"][field] = value;
    return Build(migration);
}

const Json& PodSpec(const Json& job) {
    return job.at("spec").at("template").at("spec");
}

const Json& Migrate(const Json& job) {
    return PodSpec(job).at("containers").at(0);
}

const Json& Agent(const Json& job) {
    return PodSpec(job).at("initContainers").back();
}

Json Variable(const Json& container, const std::string& name) {
    Json found;
    for (const auto& variable : container.at("env")) {
        if (variable.at("name") == name) found = variable;
    }
    return found;
}

std::vector<Json> Containers(const Json& job) {
    std::vector<Json> containers;
    for (const char* list : {"initContainers", "containers"}) {
        for (const auto& container : PodSpec(job).value(list, Json::array()))
            containers.push_back(container);
    }
    return containers;
}

TEST(Jobs, OnePodNeverASecondAndNothingThatKubernetesEndsByItself) {
    for (const auto& job : {Build(Migration()), BuildProbeJob(Database(), 2, {"0002"}, kSettings)}) {
        const auto& spec = job.at("spec");
        EXPECT_EQ(spec["backoffLimit"], 0);
        EXPECT_EQ(spec["parallelism"], 1);
        EXPECT_EQ(spec["completions"], 1);
        EXPECT_EQ(spec["podReplacementPolicy"], "Failed");
        EXPECT_EQ(spec["podFailurePolicy"], Json::parse(R"({"rules": [
            {"action": "FailJob", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
            {"action": "FailJob", "onExitCodes": {"operator": "NotIn", "values": [0]}}]})"));
        for (const char* field : {"ttlSecondsAfterFinished", "activeDeadlineSeconds", "suspend", "manualSelector"})
            EXPECT_FALSE(spec.contains(field)) << field;
        EXPECT_FALSE(PodSpec(job).contains("activeDeadlineSeconds"));
        EXPECT_EQ(PodSpec(job)["restartPolicy"], "Never");
        EXPECT_GE(PodSpec(job)["terminationGracePeriodSeconds"], 300);
        EXPECT_EQ(PodSpec(job)["automountServiceAccountToken"], false);
        EXPECT_EQ(spec["template"]["metadata"]["annotations"]["cluster-autoscaler.kubernetes.io/safe-to-evict"],
                  "false");
    }
}

TEST(Jobs, EveryContainerPassesPodSecurityRestricted) {
    Json migration = Migration();
    migration["spec"]["sidecars"] = {{{"name", "proxy"}, {"image", "proxy:1"}}};
    for (const auto& job : {Build(migration), BuildProbeJob(Database(), 2, {}, kSettings)}) {
        EXPECT_EQ(PodSpec(job)["securityContext"]["runAsNonRoot"], true);
        EXPECT_EQ(PodSpec(job)["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
        for (const auto& container : Containers(job)) {
            SCOPED_TRACE(container["name"].get<std::string>());
            EXPECT_EQ(container["securityContext"]["allowPrivilegeEscalation"], false);
            EXPECT_EQ(container["securityContext"]["capabilities"]["drop"], Json({"ALL"}));
        }
        for (const char* field : {"hostNetwork", "hostPID", "hostIPC"})
            EXPECT_FALSE(PodSpec(job).contains(field));
    }
}

TEST(Jobs, OurOwnContainersHaveAReadOnlyRootFileSystem) {
    int count = 0;
    for (const auto& job : {Build(Migration()), BuildProbeJob(Database(), 2, {}, kSettings)}) {
        for (const auto& container : Containers(job)) {
            if (container["image"] != kSettings.agent_image) continue;
            EXPECT_TRUE(container["securityContext"].value("readOnlyRootFilesystem", false)) << container["name"];
            ++count;
        }
    }
    EXPECT_EQ(count, 2) << "the sidecar and the probe";
    EXPECT_FALSE(Migrate(Build(Migration()))["securityContext"].contains("readOnlyRootFilesystem"))
        << "the tool may write where it likes, unless its owner says otherwise";
}

TEST(Jobs, WhatTheUserAsksOfTheSecurityContextIsAddedToIt) {
    const Json asked = {{"runAsUser", 1000}, {"capabilities", {{"add", {"NET_BIND_SERVICE"}}}}};
    EXPECT_EQ(Migrate(Build("securityContext", asked))["securityContext"],
              (Json{{"runAsUser", 1000},
                    {"allowPrivilegeEscalation", false},
                    {"capabilities", {{"add", {"NET_BIND_SERVICE"}}, {"drop", {"ALL"}}}}}));
    const auto job = Build("sidecars", {{{"name", "proxy"}, {"image", "p"}, {"securityContext", asked}}});
    EXPECT_EQ(PodSpec(job)["initContainers"][0]["securityContext"]["capabilities"]["drop"], Json({"ALL"}));
}

/// Names of the container's variables that come from the Secret, with the keys that they come from.
std::map<std::string, std::string> FromSecret(const Json& container) {
    std::map<std::string, std::string> keys;
    for (const auto& variable : container.at("env")) {
        const auto reference = variable.value("/valueFrom/secretKeyRef"_json_pointer, Json::object());
        if (reference.value("name", "") == "orders-db") keys[variable["name"]] = reference["key"];
    }
    return keys;
}

using Keys = std::map<std::string, std::string>;
const api::ConnectionKeys kParts{"", "h", "p", "d", "u", "w"};
const Keys kAgentParts{{"TIDEGATE_HOST", "h"},
                       {"TIDEGATE_PORT", "p"},
                       {"TIDEGATE_DBNAME", "d"},
                       {"TIDEGATE_USER", "u"},
                       {"TIDEGATE_PASSWORD", "w"}};
const Keys kToolParts{{"PGHOST", "h"},
                      {"PGPORT", "p"},
                      {"PGDATABASE", "d"},
                      {"PGUSER", "u"},
                      {"PGPASSWORD", "w"},
                      {"JDBC_DATABASE_USERNAME", "u"},
                      {"JDBC_DATABASE_PASSWORD", "w"}};

Json JobWith(const api::ConnectionKeys& keys) {
    auto database = Database();
    database.spec.keys = keys;
    return Build(Migration(), database);
}

Keys Joined(Keys keys, const Keys& more) {
    keys.insert(more.begin(), more.end());
    return keys;
}

TEST(Jobs, CredentialsStandInItBySecretKeyRefOnly) {
    const auto uri = JobWith({});
    EXPECT_EQ(FromSecret(Agent(uri)), (Keys{{"TIDEGATE_URI", "uri"}}));
    EXPECT_EQ(FromSecret(Migrate(uri)), (Keys{{"DATABASE_URL", "uri"}}));
    EXPECT_EQ(Variable(Migrate(uri), "JDBC_DATABASE_URL"), Json()) << "nothing to make one of";

    const auto parts = JobWith(kParts);
    EXPECT_EQ(FromSecret(Agent(parts)), kAgentParts);
    EXPECT_EQ(FromSecret(Migrate(parts)), kToolParts);
}

TEST(Jobs, TheAgentUsesThePartsWhereAToolIsOfferedTheUriToo) {
    auto keys = kParts;
    keys.uri = "url";
    keys.jdbc_uri = "jdbc-uri";
    const auto job = JobWith(keys);
    EXPECT_EQ(FromSecret(Agent(job)), kAgentParts);
    EXPECT_EQ(FromSecret(Migrate(job)),
              Joined(kToolParts, {{"DATABASE_URL", "url"}, {"JDBC_DATABASE_URL", "jdbc-uri"}}));
}

TEST(Jobs, AJdbcUrlIsMadeOfThePartsWithoutUserAndPassword) {
    const auto url = [](const api::Database& database) {
        return Variable(Migrate(Build(Migration(), database)), "JDBC_DATABASE_URL")["value"];
    };
    auto database = Database();
    database.spec.keys = kParts;
    EXPECT_EQ(url(database),
              "jdbc:postgresql://$(PGHOST):$(PGPORT)/$(PGDATABASE)?ApplicationName=tidegate%2F$(TIDEGATE_JOB_UID)");
    database.spec.keys.port.clear();
    database.spec.limits = {.lock_timeout = std::chrono::seconds{5}, .statement_timeout = std::chrono::seconds{60}};
    EXPECT_EQ(url(database),
              "jdbc:postgresql://$(PGHOST)/$(PGDATABASE)?ApplicationName=tidegate%2F$(TIDEGATE_JOB_UID)"
              "&options=-c%20lock_timeout%3D5s%20-c%20statement_timeout%3D60s");
}

Json PodVolume(const Json& job, const std::string& name) {
    for (const auto& volume : PodSpec(job).at("volumes")) {
        if (volume.at("name") == name) return volume;
    }
    return {};
}

Json Mount(const Json& container, const std::string& name) {
    for (const auto& mount : container.value("volumeMounts", Json::array())) {
        if (mount.at("name") == name) return mount;
    }
    return {};
}

TEST(Jobs, APassfileStandsInForThePasswordInAMigrationsEnvironment) {
    auto keys = kParts;
    keys.passfile = "pgpass";
    const auto job = JobWith(keys);
    EXPECT_EQ(FromSecret(Agent(job)), kAgentParts);
    auto offered = kToolParts;
    offered.erase("PGPASSWORD");
    offered.erase("JDBC_DATABASE_PASSWORD");
    EXPECT_EQ(FromSecret(Migrate(job)), offered);
    EXPECT_EQ(Variable(Migrate(job), "PGPASSFILE")["value"], "/run/tidegate-passfile/pgpass");
    EXPECT_EQ(Mount(Migrate(job), "tidegate-passfile")["mountPath"], "/run/tidegate-passfile");
    EXPECT_EQ(Mount(Agent(job), "tidegate-passfile"), Json());
    const auto volume = PodVolume(job, "tidegate-passfile")["secret"];
    EXPECT_EQ(volume["items"], Json::parse(R"([{"key": "pgpass", "path": "pgpass"}])")) << "no other key";
    EXPECT_EQ(volume["defaultMode"], 0444) << "else only root could read it";

    auto database = Database();
    database.spec.keys = keys;
    auto migration = Migration();
    migration["spec"]["securityContext"] = {{"runAsUser", 0}, {"runAsNonRoot", false}};
    EXPECT_EQ(PodVolume(Build(migration, database), "tidegate-passfile")["secret"]["defaultMode"], 0400);
    migration["spec"]["credentials"] = "None";
    EXPECT_EQ(PodVolume(Build(migration, database), "tidegate-passfile"), Json());
}

TEST(Jobs, NothingIsSaidOfTlsWhereTheDatabaseSaysNothing) {
    const auto job = JobWith(kParts);
    for (const auto& container : {Agent(job), Migrate(job)}) {
        EXPECT_EQ(Variable(container, "PGSSLMODE"), Json());
        EXPECT_EQ(Variable(container, "PGSSLROOTCERT"), Json());
    }
    EXPECT_EQ(PodVolume(job, "tidegate-ca"), Json());
}

TEST(Jobs, TlsReachesAgentProbeAndMigrationWithTheCaAsAFile) {
    auto database = Database();
    database.spec.keys = kParts;
    database.spec.tls = {api::Tls::Mode::VerifyFull, "orders-ca", "root.pem"};
    const auto job = Build(Migration(), database), probe = BuildProbeJob(database, 2, {}, kSettings);
    for (const auto& container : {Agent(job), Migrate(job), PodSpec(probe)["containers"][0]}) {
        SCOPED_TRACE(container["name"].get<std::string>());
        EXPECT_EQ(Variable(container, "PGSSLMODE")["value"], "verify-full");
        EXPECT_EQ(Variable(container, "PGSSLROOTCERT")["value"], "/run/tidegate-ca/ca.crt");
        EXPECT_EQ(Mount(container, "tidegate-ca"),
                  (Json{{"name", "tidegate-ca"}, {"mountPath", "/run/tidegate-ca"}, {"readOnly", true}}));
    }
    for (const auto& each : {job, probe}) {
        EXPECT_EQ(PodVolume(each, "tidegate-ca")["secret"],
                  Json::parse(R"({"secretName": "orders-ca", "defaultMode": 292,
            "items": [{"key": "root.pem", "path": "ca.crt"}]})"));
    }
    EXPECT_THAT(Variable(Migrate(job), "JDBC_DATABASE_URL")["value"].get<std::string>(),
                testing::EndsWith("&sslmode=verify-full&sslrootcert=/run/tidegate-ca/ca.crt"));
}

TEST(Jobs, TheMigrationKeepsItsOwnMountsBesideTheCa) {
    auto database = Database();
    database.spec.tls = {api::Tls::Mode::VerifyCA, "orders-ca", "ca.crt"};
    Json migration = Migration();
    migration["spec"]["volumeMounts"] = {{{"name", "sql"}, {"mountPath", "/sql"}}};
    const auto with_both = Build(migration, database);
    EXPECT_EQ(Mount(Migrate(with_both), "sql")["mountPath"], "/sql");
    EXPECT_NE(Mount(Migrate(with_both), "tidegate-ca"), Json());
    migration["spec"]["credentials"] = "None";
    const auto without = Migrate(Build(migration, database));
    EXPECT_EQ(Mount(without, "tidegate-ca"), Json());
    EXPECT_EQ(Variable(without, "PGSSLMODE"), Json());
}

TEST(Jobs, WhatAVariableRefersToStandsBeforeIt) {
    std::set<std::string> before;
    const auto job = JobWith(kParts);
    for (const auto& variable : Migrate(job)["env"]) {
        const std::string value = variable.value("value", "");
        for (auto at = value.find("$("); at != std::string::npos; at = value.find("$(", at + 1)) {
            const auto name = value.substr(at + 2, value.find(')', at) - at - 2);
            EXPECT_TRUE(before.contains(name)) << variable["name"] << " refers to " << name;
        }
        before.insert(variable["name"]);
    }
}

TEST(Jobs, APortThatIsNotNamedIsNotAskedOfTheSecret) {
    auto keys = kParts;
    keys.port.clear();
    const auto job = JobWith(keys);
    EXPECT_EQ(Variable(Agent(job), "TIDEGATE_PORT"), Json());
    EXPECT_EQ(Variable(Migrate(job), "PGPORT"), Json());
}

TEST(Jobs, CredentialsNoneKeepsThemFromTheMigrationButNotFromTheAgent) {
    const auto job = Build("credentials", "None");
    for (const auto& variable : Migrate(job)["env"])
        EXPECT_FALSE(variable.dump().find("secretKeyRef") != std::string::npos) << variable;
    EXPECT_EQ(Variable(Agent(job), "TIDEGATE_URI")["valueFrom"]["secretKeyRef"]["name"], "orders-db");
}

TEST(Jobs, EverySessionOfARunCarriesTheTagOfItsJob) {
    for (const char* credentials : {"Inherit", "None"}) {
        const auto job = Build("credentials", credentials);
        EXPECT_EQ(Variable(Migrate(job), "PGAPPNAME")["value"], "tidegate/$(TIDEGATE_JOB_UID)");
        EXPECT_EQ(Migrate(job)["env"][0]["name"], "TIDEGATE_JOB_UID") << "before what refers to it";
        for (const auto& container : {Migrate(job), Agent(job)}) {
            EXPECT_EQ(Variable(container, "TIDEGATE_JOB_UID")["valueFrom"]["fieldRef"]["fieldPath"],
                      "metadata.labels['batch.kubernetes.io/controller-uid']");
        }
    }
}

TEST(Jobs, NothingIsAskedOfASessionWhereNothingIsSetAndTheServerIsNotKnown) {
    EXPECT_EQ(Variable(Migrate(Build(Migration())), "PGOPTIONS"), Json());
}

TEST(Jobs, LimitsReachTheToolInPgoptionsWithOrWithoutCredentials) {
    auto database = Database();
    database.spec.limits.lock_timeout = std::chrono::seconds{5};
    for (const char* credentials : {"Inherit", "None"}) {
        Json migration = Migration();
        migration["spec"]["credentials"] = credentials;
        EXPECT_EQ(Variable(Migrate(Build(migration, database)), "PGOPTIONS")["value"], "-c lock_timeout=5s");
    }
    database.spec.limits.statement_timeout = std::chrono::seconds{3600};
    EXPECT_EQ(Variable(Migrate(Build(Migration(), database)), "PGOPTIONS")["value"],
              "-c lock_timeout=5s -c statement_timeout=3600s");
    EXPECT_EQ(Variable(Agent(Build(Migration(), database)), "PGOPTIONS"), Json()) << "the agent has its own";
}

TEST(Jobs, TheServerIsAskedToEndSessionsWithTheirClientOnlyWhereItIsKnownToDoSo) {
    auto database = Database();
    database.status.connection_check = true;
    EXPECT_THAT(Variable(Migrate(Build(Migration(), database)), "PGOPTIONS")["value"].get<std::string>(),
                testing::StartsWith("-c client_connection_check_interval=5s -c tcp_keepalives_idle=10"));
}

TEST(Jobs, AUsersPgoptionsComeAfterOursAndMayHoldThem) {
    auto database = Database();
    database.spec.limits.lock_timeout = std::chrono::seconds{5};
    Json migration = Migration();
    migration["spec"]["env"] = {{{"name", "PGOPTIONS"}, {"value", "$(PGOPTIONS) -c search_path=shop"}}};
    std::vector<Json> values;
    const auto job = Build(migration, database);
    for (const auto& variable : Migrate(job)["env"]) {
        if (variable["name"] == "PGOPTIONS") values.push_back(variable["value"]);
    }
    // The kubelet expands a name by what stands before it, and of two variables with one name the last counts.
    EXPECT_THAT(values, ElementsAre("-c lock_timeout=5s", "$(PGOPTIONS) -c search_path=shop"));
}

TEST(Jobs, TheAgentOfAMigrationIsToldWhatToDoAboutLocks) {
    auto database = Database();
    EXPECT_EQ(Variable(Agent(Build(Migration(), database)), "TIDEGATE_LOCK_WATCH_AFTER_SECONDS")["value"], "5");
    EXPECT_EQ(Variable(Agent(Build(Migration(), database)), "TIDEGATE_LOCK_WATCH_ACTION")["value"], "Report");
    database.spec.lock_watch = {std::chrono::seconds{7}, api::LockWatch::Action::Cancel};
    EXPECT_EQ(Variable(Agent(Build(Migration(), database)), "TIDEGATE_LOCK_WATCH_AFTER_SECONDS")["value"], "7");
    EXPECT_EQ(Variable(Agent(Build(Migration(), database)), "TIDEGATE_LOCK_WATCH_ACTION")["value"], "Cancel");
}

TEST(Jobs, WithoutALogTailTheLogStaysOutOfThePodsStatus) {
    EXPECT_EQ(Migrate(Build(Migration()))["terminationMessagePolicy"], "FallbackToLogsOnError");
    EXPECT_EQ(Migrate(Build("logTail", "Redacted"))["terminationMessagePolicy"], "FallbackToLogsOnError");
    EXPECT_EQ(Migrate(Build("logTail", "None"))["terminationMessagePolicy"], "File");
}

TEST(Jobs, TheUsersVariablesComeLast) {
    const auto job = Build("env", {{{"name", "DATABASE_URL"}, {"value", "mine"}}});
    EXPECT_EQ(Migrate(job)["env"].back(), (Json{{"name", "DATABASE_URL"}, {"value", "mine"}}));
}

TEST(Jobs, TheAgentIsTheLastSidecarAndLetsNothingStartBeforeTheFence) {
    const auto job = Build("sidecars", {{{"name", "one"}, {"image", "a"}}, {{"name", "two"}, {"image", "b"}}});
    std::vector<std::string> names;
    for (const auto& container : PodSpec(job)["initContainers"]) {
        names.push_back(container["name"]);
        EXPECT_EQ(container["restartPolicy"], "Always");
    }
    EXPECT_THAT(names, ElementsAre("one", "two", "tidegate-agent"));
    const auto& agent = Agent(job);
    EXPECT_EQ(agent["image"], "tidegate:test");
    EXPECT_EQ(agent["imagePullPolicy"], "Never");
    EXPECT_EQ(agent["command"], Json({"/tidegate-agent", "run"}));
    EXPECT_EQ(agent["startupProbe"]["exec"]["command"], Json({"/tidegate-agent", "ready"}));
    EXPECT_EQ(agent["startupProbe"]["failureThreshold"], 2147483647);
    EXPECT_EQ(std::chrono::seconds{agent["startupProbe"]["initialDelaySeconds"].get<int>()},
              database::FenceTiming{}.settle)
        << "no agent is ready earlier";
    EXPECT_FALSE(agent.contains("livenessProbe"));
    EXPECT_EQ(agent["terminationMessagePolicy"], "File");
    EXPECT_EQ(Variable(agent, "TIDEGATE_REPORT_PATH")["value"], agent["terminationMessagePath"]);
    EXPECT_EQ(Variable(agent, "TIDEGATE_TOOL")["value"], "Alembic");
}

TEST(Jobs, TheAgentHasItsStateDirectoryAlone) {
    const auto job = Build("volumes", {{{"name", "sql"}, {"configMap", {{"name", "sql"}}}}});
    ASSERT_EQ(PodSpec(job)["volumes"].size(), 2U);
    EXPECT_EQ(PodSpec(job)["volumes"][0]["name"], "sql");
    const auto& state = PodSpec(job)["volumes"][1];
    EXPECT_TRUE(state.contains("emptyDir"));
    EXPECT_EQ(Agent(job)["volumeMounts"][0]["name"], state["name"]);
    EXPECT_EQ(Variable(Agent(job), "TIDEGATE_STATE_DIRECTORY")["value"], Agent(job)["volumeMounts"][0]["mountPath"]);
    EXPECT_FALSE(Migrate(job).contains("volumeMounts"));
    EXPECT_TRUE(state["name"].get<std::string>().starts_with("tidegate")) << "the schema refuses users such names";
}

TEST(Jobs, TheWantedVersionReachesTheAgentWithItsCommasEscaped) {
    EXPECT_EQ(Variable(Agent(Build("version", "0002")), "TIDEGATE_WANTED")["value"], "0002");
    EXPECT_EQ(Variable(Agent(Build("version", "a%2Cb")), "TIDEGATE_WANTED")["value"], "a%2Cb");
    EXPECT_EQ(Variable(Agent(Build(Migration())), "TIDEGATE_WANTED")["value"], "");
    const auto probe = BuildProbeJob(Database(), 2, {"0001", "a,b"}, kSettings);
    EXPECT_EQ(Variable(PodSpec(probe)["containers"][0], "TIDEGATE_WANTED")["value"], "0001,a%2Cb");
}

TEST(Jobs, CarryWhoTheyAreForAndAreReadBackSo) {
    const auto job = Build(Migration());
    const auto facts = observed::ParseJob(job);
    EXPECT_EQ(facts.key, (core::ObjectKey{"shop", api::JobName({"orders", {"migration-uid"}, "key", 3})}));
    EXPECT_EQ(facts.role, observed::JobFacts::Role::Migrate);
    EXPECT_EQ(facts.database, "orders");
    EXPECT_EQ(facts.migration, "orders");
    EXPECT_EQ(facts.owner.value, "migration-uid");
    EXPECT_EQ(facts.run_key, "key");
    EXPECT_EQ(facts.launch, 3);
    EXPECT_EQ(facts.database_generation, 7);
    EXPECT_EQ(job["metadata"]["ownerReferences"][0]["kind"], "Migration");
    EXPECT_EQ(job["metadata"]["ownerReferences"][0]["blockOwnerDeletion"], false);

    const auto probe = observed::ParseJob(BuildProbeJob(Database(), 2, {}, kSettings));
    EXPECT_EQ(probe.key.name, api::ProbeJobName("orders", {"database-uid"}, 2));
    EXPECT_EQ(probe.role, observed::JobFacts::Role::Probe);
    EXPECT_EQ(probe.owner.value, "database-uid");
    EXPECT_EQ(probe.run_key, "") << "the keep-running policy leaves probes alone";
    EXPECT_EQ(probe.database_generation, 7);
}

TEST(Jobs, LongNamesFitIntoLabels) {
    auto database = Database();
    database.key.name = std::string(253, 'd');
    Json migration = Migration();
    migration["metadata"]["name"] = std::string(253, 'm');
    const auto job = BuildMigrationJob(migration, database, {std::string(253, 'm'), {"u"}, "key", 1}, kSettings);
    for (const auto& [name, value] : job["spec"]["template"]["metadata"]["labels"].items())
        EXPECT_LE(value.get<std::string>().size(), 63U) << name;
    EXPECT_EQ(observed::ParseJob(job).database, database.key.name);
    EXPECT_EQ(observed::ParseJob(job).migration, std::string(253, 'm'));
}

TEST(Jobs, TheUsersLabelsAreAddedAndCannotTakeOurs) {
    Json migration = Migration();
    migration["spec"]["podLabels"] = {{"team", "shop"}, {"tidegate.io/run", "forged"}, {"tidegate.io/role", "probe"}};
    migration["spec"]["podAnnotations"] = {{"note", "x"},
                                           {"tidegate.io/database-name", "forged"},
                                           {"cluster-autoscaler.kubernetes.io/safe-to-evict", "true"}};
    const auto job = Build(migration);
    const auto& pod = job["spec"]["template"]["metadata"];
    EXPECT_EQ(pod["labels"]["team"], "shop");
    EXPECT_EQ(pod["labels"]["tidegate.io/run"], "key");
    EXPECT_EQ(pod["labels"]["tidegate.io/role"], "migrate");
    EXPECT_EQ(pod["annotations"]["note"], "x");
    EXPECT_EQ(pod["annotations"]["tidegate.io/database-name"], "orders");
    EXPECT_EQ(pod["annotations"]["cluster-autoscaler.kubernetes.io/safe-to-evict"], "false");
    EXPECT_FALSE(job["metadata"]["labels"].contains("team"));
}

/// For each property of the schema a value, and where it must be found: in the Job, or in what decisions read.
TEST(Jobs, EveryFieldOfTheSpecIsReadBySomething) {
    const std::map<std::string, Json> values = {
        {"databaseRef", {{"name", "zz-marker"}}},
        {"version", "zz-marker"},
        {"includes", {"0001"}},
        {"image", "zz-marker"},
        {"imageFrom", {{"deployment", {{"name", "web"}}}}},
        {"command", {"zz-marker"}},
        {"args", {"zz-marker"}},
        {"env", {{{"name", "zz-marker"}, {"value", "1"}}}},
        {"envFrom", {{{"secretRef", {{"name", "zz-marker"}}}}}},
        {"resources", {{"limits", {{"zz-marker", "1"}}}}},
        {"volumes", {{{"name", "zz-marker"}, {"emptyDir", Json::object()}}}},
        {"volumeMounts", {{{"name", "zz-marker"}, {"mountPath", "/x"}}}},
        {"serviceAccountName", "zz-marker"},
        {"automountServiceAccountToken", true},
        {"imagePullSecrets", {{{"name", "zz-marker"}}}},
        {"imagePullPolicy", "zz-marker"},
        {"nodeSelector", {{"zz-marker", "x"}}},
        {"tolerations", {{{"key", "zz-marker"}}}},
        {"affinity", {{"nodeAffinity", {{"zz-marker", "x"}}}}},
        {"priorityClassName", "zz-marker"},
        {"securityContext", {{"zz-marker", true}}},
        {"podLabels", {{"zz-marker", "x"}}},
        {"podAnnotations", {{"zz-marker", "x"}}},
        {"sidecars", {{{"name", "zz-marker"}, {"image", "x"}}}},
        {"credentials", "None"},
        {"startDeadlineSeconds", 77},
        {"activeDeadlineSeconds", 77},
        {"suspend", true},
        {"historyLimit", 7},
        {"logTail", "None"},
        {"attempts", {{"max", 3}}},
        {"run", "another"},
        {"phase", "Contract"},
        {"minimumVersion", "0001"},
    };
    const support::CrdSchema schema("migrations");
    const auto plain_job = Build(Migration());
    const auto plain = api::ParseMigration(Migration()).spec;
    for (const auto& [field, unused] : schema.At({"spec"})["properties"].items()) {
        ASSERT_TRUE(values.contains(field)) << "a new field: say here what reads it";
        Json migration = Migration();
        migration["spec"][field] = values.at(field);
        const bool is_marked = values.at(field).dump().find("zz-marker") != std::string::npos;
        const auto job = Build(migration);
        const bool in_job = is_marked ? job.dump().find("zz-marker") != std::string::npos : job != plain_job;
        const bool in_decisions = !(api::ParseMigration(migration).spec == plain);
        const std::set<std::string> decisions = {"startDeadlineSeconds",
                                                 "activeDeadlineSeconds",
                                                 "suspend",
                                                 "historyLimit",
                                                 "logTail",
                                                 "databaseRef",
                                                 "imageFrom",
                                                 "includes",
                                                 "attempts",
                                                 "phase",
                                                 "minimumVersion",
                                                 "run"};
        EXPECT_TRUE(decisions.contains(field) ? in_decisions : in_job)
            << "spec." << field << " is not read where it works";
    }
    EXPECT_EQ(values.size(), schema.At({"spec"})["properties"].size()) << "a field is gone from the schema";
}

std::optional<Json> AgentVariable(const api::Database& database, std::string_view name) {
    const auto container = AgentContainer(database, "probe", {}, JobSettings{});
    for (const auto& variable : container["env"]) {
        if (variable["name"] == name) return variable["value"];
    }
    return std::nullopt;
}

TEST(Jobs, TellTheAgentWhereTheHistoryIs) {
    api::Database database;
    database.spec.history = {.tool = version::Tool::Goose};
    EXPECT_EQ(AgentVariable(database, api::kAgentTool), "Goose");
    EXPECT_EQ(AgentVariable(database, api::kAgentTable), std::nullopt);
    EXPECT_EQ(AgentVariable(database, api::kAgentQuery), std::nullopt);
    database.spec.history.table = "ops.versions";
    EXPECT_EQ(AgentVariable(database, api::kAgentTable), "ops.versions");
    database.spec.history = {.tool = version::Tool::Custom, .query = "SELECT $$1$$"};
    EXPECT_EQ(AgentVariable(database, api::kAgentQuery), "SELECT $$$$1$$$$") << "the kubelet makes one $ of two";
}

TEST(Jobs, TellTheAgentHowVersionsCompareWhereTheirOwnerSaysSo) {
    api::Database database;
    EXPECT_EQ(AgentVariable(database, api::kAgentVersionOrder), std::nullopt);
    database.spec.version_order = version::Order::Numeric;
    EXPECT_EQ(AgentVariable(database, api::kAgentVersionOrder), "Numeric");
}

TEST(Jobs, OfEngineOtherHaveNoAgentAndNothingOfPostgreSQL) {
    auto database = Database();
    database.spec.engine = api::Engine::Other;
    const auto job = Build(Migration(), database);
    EXPECT_TRUE(PodSpec(job).at("initContainers").empty());
    EXPECT_TRUE(PodSpec(job).at("volumes").empty());
    std::set<std::string> names;
    for (const auto& variable : Migrate(job).at("env"))
        names.insert(variable.at("name").get<std::string>());
    EXPECT_EQ(names, (std::set<std::string>{"DATABASE_URL", "TIDEGATE_JOB_UID"}));
    database.spec.secret_name.clear();
    EXPECT_EQ(Migrate(Build(Migration(), database)).at("env").size(), 1U);
}

TEST(Jobs, EveryFieldOfTheDatabasesSpecIsReadBySomething) {
    const support::CrdSchema schema("databases");
    EXPECT_EQ(schema.At({"spec"})["properties"].size(), 8U)
        << "engine, connection, history, versionOrder, baseline, limits, lockWatch, recheckSeconds";
    EXPECT_EQ(schema.At({"spec", "limits"})["properties"].size(), 2U) << "lockTimeoutSeconds, statementTimeoutSeconds";
    EXPECT_EQ(schema.At({"spec", "lockWatch"})["properties"].size(), 2U) << "afterSeconds, action";
    EXPECT_EQ(schema.At({"spec", "history"})["properties"].size(), 3U) << "tool, table, query";
    EXPECT_EQ(schema.At({"spec", "connection"})["properties"].size(), 3U) << "secretRef, keys, tls";
    EXPECT_EQ(schema.At({"spec", "connection", "tls"})["properties"].size(), 2U) << "mode, caSecretRef";
    EXPECT_EQ(schema.At({"spec", "connection", "keys"})["properties"].size(), 8U);
    for (const auto& tool : schema.At({"spec", "history", "tool"})["enum"])
        EXPECT_TRUE(version::ParseTool(tool.get<std::string>())) << tool;
}

}  // namespace
}  // namespace jobs
