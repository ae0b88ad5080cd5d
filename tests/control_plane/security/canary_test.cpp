#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "control_plane/controllers/operator_fixture.hpp"

namespace security {
namespace {

using support::CommandResult;
using support::DatabaseBuilder;
using support::Kubectl;
using support::MigrationBuilder;
using testing::HasSubstr;
using Json = nlohmann::json;

constexpr char kCanary[] = "canary-5f2b9c";
constexpr char kMayNotCreateJobs[] = "may not create Jobs in namespace";

/// A namespace in which somebody else has a database; its Secret is what a tenant is after. The tenant has every verb
/// on Migrations and Databases, and may read no Secret, create no Job and no pod.
class Shop final {
public:
    Shop() {
        administrator.MustApply(
            {{"apiVersion", "v1"},
             {"kind", "Secret"},
             {"metadata", {{"name", "orders-db"}}},
             {"stringData", {{"uri", std::string("postgresql://orders:") + kCanary + "@db/orders"}}}});
        administrator.MustApply(DatabaseBuilder("orders").Build());
        administrator.MustApply(MigrationBuilder("orders").Version("0001").Build());
        administrator.MustApply(MigrationBuilder("reports").Database("orders").Build());
        administrator.Must({"create", "serviceaccount", "tenant"});
        administrator.Must({"create", "role", "tenant",
                            "--verb=get,list,watch,create,update,patch,delete,deletecollection",
                            "--resource=migrations.tidegate.io,databases.tidegate.io"});
        // kubectl reads before it patches.
        administrator.Must({"create", "role", "status", "--verb=get",
                            "--resource=migrations.tidegate.io/status,databases.tidegate.io/status"});
        administrator.Must(
            {"create", "rolebinding", "status", "--role=status", "--serviceaccount=" + ns.Name() + ":tenant"});
        administrator.Must(
            {"create", "rolebinding", "tenant", "--role=tenant", "--serviceaccount=" + ns.Name() + ":tenant"});
    }

    support::Namespace ns;
    Kubectl administrator{ns.Name()};
    Kubectl tenant = administrator.As("system:serviceaccount:" + ns.Name() + ":tenant");
};

CommandResult Create(const Kubectl& kubectl, const Json& object) {
    return kubectl.Run({"create", "--validate=false", "--filename=-"}, object.dump());
}

struct Route {
    std::string name;
    std::function<CommandResult(const Kubectl& tenant)> attempt;
    /// What the tenant is told.
    std::string words = kMayNotCreateJobs;
};

Route ByMigration(const std::string& name, const std::function<void(Json& spec)>& change,
                  const std::string& words = kMayNotCreateJobs) {
    return {name,
            [change](const Kubectl& tenant) {
                auto object = MigrationBuilder("theirs").Command({"sh", "-c", "env; cat /secret/*"}).Build();
                change(object["spec"]);
                return Create(tenant, object);
            },
            words};
}

Route ByDatabase(const std::string& name, const std::function<void(Json& spec)>& change) {
    return {name, [change](const Kubectl& tenant) {
                auto object = DatabaseBuilder("theirs").Secret("orders-db").Build();
                change(object["spec"]);
                return Create(tenant, object);
            }};
}

Route ByPatch(const std::string& name, const std::string& what, const Json& patch,
              const std::string& words = kMayNotCreateJobs, const std::string& subresource = {}) {
    return {name,
            [=](const Kubectl& tenant) {
                std::vector<std::string> arguments{"patch", what, "--type=merge", "--patch=" + patch.dump()};
                if (!subresource.empty()) arguments.push_back("--subresource=" + subresource);
                return tenant.Run(arguments);
            },
            words};
}

Route ByCommand(const std::string& name, const std::vector<std::string>& arguments, const std::string& words) {
    return {name, [arguments](const Kubectl& tenant) { return tenant.Run(arguments); }, words};
}

constexpr char kMigration[] = "migration.tidegate.io/orders";
constexpr char kDatabase[] = "database.tidegate.io/orders";

std::vector<Route> Routes() {
    const auto volume = [](const Json& source) {
        return [source](Json& spec) {
            auto one = source;
            one["name"] = "secret";
            spec["volumes"] = Json::array({one});
            spec["volumeMounts"] = {{{"name", "secret"}, {"mountPath", "/secret"}}};
        };
    };
    const Json variable = {{"name", "A"}, {"valueFrom", {{"secretKeyRef", {{"name", "orders-db"}, {"key", "uri"}}}}}};
    const Json source = {{"secretRef", {{"name", "orders-db"}}}};
    return {
        // The pod that a Migration of their own would get.
        ByMigration("OneVariable", [=](Json& spec) { spec["env"] = Json::array({variable}); }),
        ByMigration("AllVariables", [=](Json& spec) { spec["envFrom"] = Json::array({source}); }),
        ByMigration("Volume", volume({{"secret", {{"secretName", "orders-db"}}}})),
        ByMigration("ProjectedVolume", volume({{"projected", {{"sources", {{{"secret", {{"name", "orders-db"}}}}}}}}})),
        ByMigration("StorageDriver",
                    volume({{"csi", {{"driver", "d"}, {"nodePublishSecretRef", {{"name", "orders-db"}}}}}})),
        ByMigration("DiskOfTheNode", volume({{"hostPath", {{"path", "/var/lib/kubelet"}}}}),
                    "hostPath volumes are not offered"),
        ByMigration("Sidecar",
                    [=](Json& spec) {
                        spec["sidecars"] = {{{"name", "s"}, {"image", "i:1"}, {"env", Json::array({variable})}}};
                    }),
        ByMigration("ImagePullSecret",
                    [](Json& spec) {
                        spec["imagePullSecrets"] = {{{"name", "orders-db"}}};
                    }),
        ByMigration("TokenOfAnotherServiceAccount",
                    [](Json& spec) {
                        spec["serviceAccountName"] = "builder";
                        spec["automountServiceAccountToken"] = true;
                    }),
        ByMigration("ProjectedToken",
                    volume({{"projected", {{"sources", {{{"serviceAccountToken", {{"path", "token"}}}}}}}}})),
        ByMigration("ImageOfAnothersDeployment",
                    [](Json& spec) {
                        spec["databaseRef"]["name"] = "orders";
                        spec.erase("image");
                        spec["imageFrom"]["deployment"]["name"] = "orders";
                    }),
        ByMigration("BackDown",
                    [](Json& spec) {
                        spec["databaseRef"]["name"] = "orders";
                        spec["phase"] = "Down";
                        spec["version"] = "0000";
                    }),
        ByMigration("CredentialsOfTheDatabase", [](Json& spec) { spec["databaseRef"]["name"] = "orders"; }),
        ByMigration("LastLinesOfTheLog",
                    [](Json& spec) {
                        spec["databaseRef"]["name"] = "orders";
                        spec["logTail"] = "Redacted";
                        spec["command"] = {"sh", "-c", "echo $DATABASE_URL | rev; exit 1"};
                    }),
        ByMigration("PodAnnotations",
                    [](Json& spec) {
                        spec["podAnnotations"] = {{"vault.hashicorp.com/agent-inject", "true"}};
                    }),
        ByMigration(
            "DatabaseOfAnotherNamespace", [](Json& spec) { spec["databaseRef"]["name"] = "other/orders"; },
            "spec.databaseRef.name"),
        // The pod with which a Database of their own is read.
        ByDatabase("QueryOfTheirOwn",
                   [](Json& spec) {
                       spec["history"] = {{"tool", "Custom"}, {"query", "SELECT usename || passwd FROM pg_shadow"}};
                   }),
        // The password as host: "could not translate host name".
        ByDatabase(
            "PasswordAsHost",
            [](Json& spec) {
                spec["connection"]["keys"] = {{"host", "uri"}, {"dbname", "uri"}, {"user", "uri"}, {"password", "uri"}};
            }),
        ByDatabase("SecretAsAuthority",
                   [](Json& spec) {
                       spec["connection"]["secretRef"]["name"] = "theirs";
                       spec["connection"]["tls"] = {{"mode", "VerifyFull"},
                                                    {"caSecretRef", {{"name", "orders-db"}, {"key", "uri"}}}};
                   }),
        // What somebody else wrote.
        ByPatch("ImageOfAnothersMigration", kMigration, {{"spec", {{"image", "evil:1"}}}}),
        ByPatch("CommandOfAnothersMigration", kMigration, {{"spec", {{"command", {"sh", "-c", "env"}}}}}),
        ByPatch("RetryOfAnothersMigration", kMigration,
                {{"metadata", {{"annotations", {{"tidegate.io/retry", "1"}}}}}}),
        ByPatch("QueryOfAnothersDatabase", kDatabase,
                {{"spec", {{"history", {{"tool", "Custom"}, {"query", "SELECT 1"}, {"table", nullptr}}}}}}),
        ByPatch("AnothersDatabaseElsewhere", kDatabase, {{"spec", {{"connection", {{"keys", {{"uri", "other"}}}}}}}}),
        {"ServerSideApply",
         [](const Kubectl& tenant) {
             return tenant.Apply(MigrationBuilder("orders").Image("evil:1").Build(),
                                 {"--server-side", "--force-conflicts"});
         }},
        {"DeleteAndCreateAnew",
         [](const Kubectl& tenant) {
             tenant.Run({"delete", "migration.tidegate.io/reports", "--wait=true"});
             return Create(tenant, MigrationBuilder("reports").Database("orders").Image("evil:1").Build());
         }},
        // What only the operator writes.
        ByPatch("StatusOfAMigration", kMigration, {{"status", {{"run", {{"jobName", "theirs"}}}}}},
                "cannot patch resource \"migrations/status\"", "status"),
        ByPatch("StatusOfADatabase", kDatabase, {{"status", {{"version", "9"}}}},
                "cannot patch resource \"databases/status\"", "status"),
        {"LedgerOfTheirOwn", [](const Kubectl& tenant) { return Create(tenant, support::LedgerOf({"orders@9"})); },
         "cannot create resource \"ledgers\""},
        // The ways past Tidegate, which must be closed for any of this to matter.
        ByCommand("TheSecretItself", {"get", "secret", "orders-db"}, "cannot get resource \"secrets\""),
        ByCommand("AJobOfTheirOwn", {"create", "job", "theirs", "--image=evil:1"}, "cannot create resource \"jobs\""),
        ByCommand("APodOfTheirOwn", {"run", "theirs", "--image=evil:1"}, "cannot create resource \"pods\""),
        ByCommand("TheOperatorsName",
                  {"get", "secret", "orders-db", "--as=system:serviceaccount:tidegate-system:tidegate"},
                  "cannot get resource \"secrets\""),
    };
}

class Tenant : public testing::TestWithParam<Route> {
protected:
    static void SetUpTestSuite() { shop_ = std::make_unique<Shop>(); }
    static void TearDownTestSuite() { shop_.reset(); }

    static std::unique_ptr<Shop> shop_;
};

std::unique_ptr<Shop> Tenant::shop_;

TEST_P(Tenant, IsRefused) {
    const auto result = GetParam().attempt(shop_->tenant);
    EXPECT_FALSE(result.Ok()) << result.output;
    EXPECT_THAT(result.error, HasSubstr(GetParam().words));
    EXPECT_EQ((result.output + result.error).find(kCanary), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Routes, Tenant, testing::ValuesIn(Routes()),
                         [](const auto& route) { return route.param.name; });

/// What a tenant may write makes nothing run and shows nothing, with the operator at work.
class TenantBesideTheOperator : public test::OperatorFixture {};

TEST_F(TenantBesideTheOperator, ReadsNoSecretFromWhatItMayWrite) {
    kubectl_.MustApply({{"apiVersion", "v1"},
                        {"kind", "Secret"},
                        {"metadata", {{"name", "orders-db"}}},
                        {"stringData", {{"uri", std::string("postgresql://orders:") + kCanary + "@db/orders"}}}});
    kubectl_.Must({"create", "role", "tenant", "--verb=get,list,watch,create,update,patch,delete",
                   "--resource=migrations.tidegate.io,databases.tidegate.io"});
    kubectl_.Must({"create", "rolebinding", "tenant", "--role=tenant", "--user=tenant"});
    const auto tenant = kubectl_.As("tenant");
    MakeDatabase({});
    Migrate("0001", {});
    const auto jobs = List(kube::kJobs).size();
    for (const char* annotation : {"tidegate.io/abort=mine", "tidegate.io/release=orders@9", "tidegate.io/hold=true",
                                   "tidegate.io/migration-name=orders", "tidegate.io/launch=7"}) {
        EXPECT_TRUE(tenant.Annotate(kMigration, annotation).Ok()) << annotation;
    }
    EXPECT_TRUE(tenant.Run({"label", kMigration, "tidegate.io/run=0123456789", "tidegate.io/role=migrate"}).Ok());
    EXPECT_TRUE(tenant.Run({"label", kDatabase, "tidegate.io/database=theirs"}).Ok());
    EXPECT_FALSE(tenant.Annotate(kMigration, "tidegate.io/retry=1").Ok());
    ASSERT_TRUE(IsQuiet());
    EXPECT_EQ(List(kube::kJobs).size(), jobs) << "nothing was run";
    for (const char* kind : {"migrations.tidegate.io", "databases.tidegate.io"}) {
        EXPECT_EQ(tenant.Must({"get", kind, "--output=json"}).find(kCanary), std::string::npos) << kind;
    }
}

}  // namespace
}  // namespace security
