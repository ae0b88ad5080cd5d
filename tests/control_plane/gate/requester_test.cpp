#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/builders.hpp"
#include "support/kubectl.hpp"
#include "support/namespace.hpp"

namespace gate {
namespace {

using support::DatabaseBuilder;
using support::MigrationBuilder;
using testing::HasSubstr;
using Json = nlohmann::json;

/// A user with all verbs on our kinds, and no other right in the namespace.
class Requester : public testing::Test {
protected:
    void SetUp() override {
        Grant("ours", {"--verb=get,list,watch,create,update,patch,delete",
                       "--resource=migrations.tidegate.io,databases.tidegate.io"});
    }

    void Grant(const std::string& role, std::vector<std::string> what) const {
        what.insert(what.begin(), {"create", "role", role});
        kubectl_.Must(what);
        kubectl_.Must({"create", "rolebinding", role, "--role=" + role, "--user=mallory"});
    }
    void GrantJobs() const { Grant("jobs", {"--verb=create", "--resource=jobs.batch"}); }
    void GrantSecret(const std::string& name) const {
        Grant("secret-" + name, {"--verb=get", "--resource=secrets", "--resource-name=" + name});
    }

    support::CommandResult Create(const support::Kubectl& kubectl, const Json& object) const {
        return kubectl.Run({"create", "--dry-run=server", "--filename=-"}, object.dump());
    }
    void ExpectTaken(const Json& object, const std::string& why = {}) const {
        const auto taken = Create(mallory_, object);
        EXPECT_TRUE(taken.Ok()) << why << taken.error << object["spec"].dump(1);
    }
    void ExpectRefused(const Json& object, const std::string& words) const {
        const auto refused = Create(mallory_, object);
        EXPECT_FALSE(refused.Ok()) << object["spec"].dump(1);
        EXPECT_THAT(refused.error, HasSubstr(words)) << object["spec"].dump(1);
    }
    std::string MayNotRead(const std::string& secret) const {
        return "mallory may not read Secret " + secret + " in namespace " + namespace_.Name() +
               ", so may not have Tidegate give it to a pod: ask for \"get\" on \"secrets\" there";
    }

    support::Namespace namespace_;
    support::Kubectl kubectl_{namespace_.Name()};
    support::Kubectl mallory_ = kubectl_.As("mallory");
};

/// Each names the Secret "hidden" in a way of its own.
std::vector<Json> MigrationsThatName(const std::string& secret) {
    const auto with = [](const std::string& field, const Json& value) {
        return MigrationBuilder("orders").Spec(field, value).Build();
    };
    const Json variable = {{"name", "A"}, {"valueFrom", {{"secretKeyRef", {{"name", secret}, {"key", "a"}}}}}};
    const Json source = {{"secretRef", {{"name", secret}}}};
    const auto volume = [&](Json kind) {
        kind["name"] = "v";
        return with("volumes", Json::array({kind}));
    };
    const auto sidecar = [&](Json fields) {
        fields.update({{"name", "proxy"}, {"image", "proxy:1"}});
        return with("sidecars", Json::array({fields}));
    };
    return {
        with("env", Json::array({variable})),
        with("envFrom", Json::array({source})),
        with("imagePullSecrets", Json::array({{{"name", secret}}})),
        sidecar({{"env", Json::array({{{"name", "B"}, {"value", "b"}}, variable})}}),
        sidecar({{"envFrom", Json::array({source})}}),
        volume({{"secret", {{"secretName", secret}}}}),
        volume({{"projected",
                 {{"sources", Json::array({{{"configMap", {{"name", "c"}}}}, {{"secret", {{"name", secret}}}}})}}}}),
        volume({{"csi", {{"driver", "d"}, {"nodePublishSecretRef", {{"name", secret}}}}}}),
        volume({{"azureFile", {{"secretName", secret}, {"shareName", "s"}}}}),
        volume({{"cephfs", {{"monitors", {"m"}}, {"secretRef", {{"name", secret}}}}}})};
}

TEST_F(Requester, WhoMayNotCreateJobsIsRefused) {
    const std::string words = "mallory may not create Jobs in namespace " + namespace_.Name() +
                              ", so may not have Tidegate create them: ask for \"create\" on \"jobs\"";
    ExpectRefused(MigrationBuilder("orders").Build(), words);
    ExpectRefused(DatabaseBuilder("orders").Build(), words);
}

/// The kind does not exist yet, so the case defines one of that name; of a version of its own, which is nobody's
/// schema.
TEST_F(Requester, WhoMayNotCreateJobsMayNotApproveRunsOnceThereAreApprovals) {
    const Json any = {{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}};
    const Json version = {
        {"name", "v1test"}, {"served", true}, {"storage", true}, {"schema", {{"openAPIV3Schema", any}}}};
    /// Of the whole cluster, so also when the case ends early.
    struct Gone {
        ~Gone() { kubectl.Run({"delete", "--ignore-not-found", "crd/approvals.tidegate.io"}); }
        const support::Kubectl& kubectl;
    } const gone{kubectl_};
    kubectl_.MustApply({{"apiVersion", "apiextensions.k8s.io/v1"},
                        {"kind", "CustomResourceDefinition"},
                        {"metadata", {{"name", "approvals.tidegate.io"}}},
                        {"spec",
                         {{"group", "tidegate.io"},
                          {"scope", "Namespaced"},
                          {"names", {{"plural", "approvals"}, {"kind", "Approval"}}},
                          {"versions", Json::array({version})}}}});
    kubectl_.Must({"wait", "crd/approvals.tidegate.io", "--for=condition=Established", "--timeout=30s"});
    const Json approval = {{"apiVersion", "tidegate.io/v1test"},
                           {"kind", "Approval"},
                           {"metadata", {{"name", "orders"}}},
                           {"spec", {{"migration", "orders"}, {"run", "key"}}}};
    Grant("approvals", {"--verb=create", "--resource=approvals.tidegate.io"});
    ExpectRefused(approval, "mallory may not create Jobs in namespace " + namespace_.Name());
    GrantJobs();
    ExpectTaken(approval);
}

TEST_F(Requester, WhoMayNotCreateJobsMayNotChangeWhatRunsNorAskForItAgain) {
    kubectl_.MustApply(MigrationBuilder("orders").Build());
    const auto image = mallory_.Run(
        {"patch", "migration.tidegate.io/orders", "--type=merge", R"(--patch={"spec":{"image":"evil:1"}})"});
    EXPECT_THAT(image.error, HasSubstr("may not create Jobs"));
    EXPECT_THAT(mallory_.Annotate("migration.tidegate.io/orders", "tidegate.io/retry=1").error,
                HasSubstr("may not create Jobs"));
    const auto label = mallory_.Run({"label", "migration.tidegate.io/orders", "team=shop"});
    EXPECT_TRUE(label.Ok()) << label.error;
}

TEST_F(Requester, WhoMayCreateJobsIsNotRefusedWhatNamesNothing) {
    GrantJobs();
    ExpectTaken(MigrationBuilder("orders").Build());
    ExpectTaken(MigrationBuilder("orders").Spec("volumes", {{{"name", "tmp"}, {"emptyDir", Json::object()}}}).Build());
    ExpectTaken(DatabaseBuilder("orders").Build().patch(Json::parse(
        R"([{"op": "add", "path": "/spec/engine", "value": "Other"}, {"op": "remove", "path": "/spec/history"},
            {"op": "remove", "path": "/spec/connection"}])")));
    EXPECT_TRUE(Create(kubectl_, MigrationBuilder("orders").Build()).Ok()) << "the administrator";
}

TEST_F(Requester, EverySecretThatAMigrationNamesHasToBeReadableToWhoeverNamesIt) {
    GrantJobs();
    GrantSecret("mine");
    for (const auto& migration : MigrationsThatName("hidden"))
        ExpectRefused(migration, MayNotRead("hidden"));
    for (const auto& migration : MigrationsThatName("mine"))
        ExpectTaken(migration);
    Grant("secrets", {"--verb=get", "--resource=secrets"});
    for (const auto& migration : MigrationsThatName("hidden"))
        ExpectTaken(migration, "all Secrets of the namespace are readable: ");
}

TEST_F(Requester, EverySecretThatADatabaseNamesHasToBeReadableToWhoeverNamesIt) {
    GrantJobs();
    ExpectRefused(DatabaseBuilder("orders").Build(), MayNotRead("orders-db"));
    GrantSecret("orders-db");
    ExpectTaken(DatabaseBuilder("orders").Build());
    auto with_authority = DatabaseBuilder("orders").Build();
    with_authority["spec"]["connection"]["tls"] = {{"mode", "VerifyFull"}, {"caSecretRef", {{"name", "hidden"}}}};
    ExpectRefused(with_authority, MayNotRead("hidden"));
}

TEST_F(Requester, OfManySecretsTheOneThatIsNotReadableIsFound) {
    GrantJobs();
    std::vector<std::string> arguments{"--verb=get", "--resource=secrets"};
    const auto name = [](int number) { return "s" + std::to_string(100 + number); };
    for (int i = 0; i < 17; ++i)
        arguments.push_back("--resource-name=" + name(i));
    Grant("many", arguments);
    const auto naming = [&](int from, int count) {
        Json sources = Json::array();
        for (int i = from; i < from + count; ++i) {
            // Twice the same is one.
            sources.push_back({{"secretRef", {{"name", name(i)}}}});
            if (i % 2 == 0) sources.push_back({{"prefix", "P"}, {"secretRef", {{"name", name(i)}}}});
        }
        return MigrationBuilder("orders").Spec("envFrom", sources).Build();
    };
    ExpectTaken(naming(0, 16));
    ExpectRefused(naming(2, 16), MayNotRead(name(17)));
    ExpectRefused(naming(0, 17), "more than 16 Secrets are named, of which mallory may not read all");
    Grant("secrets", {"--verb=get", "--resource=secrets"});
    ExpectTaken(naming(0, 21));
}

TEST_F(Requester, AServiceAccountHasToBeOneThatTheRequesterMayActAs) {
    GrantJobs();
    const std::string words = "mallory may not use service account boss in namespace " + namespace_.Name() +
                              ", so may not have Tidegate run a pod with its rights: ask for \"impersonate\" on "
                              "\"serviceaccounts\" there";
    const auto as_boss = MigrationBuilder("orders").Spec("serviceAccountName", "boss").Build();
    ExpectRefused(as_boss, words);
    const auto with_token = MigrationBuilder("orders").Spec("automountServiceAccountToken", true).Build();
    ExpectRefused(with_token, "may not use service account default");
    const auto with_projected_token =
        MigrationBuilder("orders")
            .Spec("volumes",
                  {{{"name", "t"}, {"projected", {{"sources", {{{"serviceAccountToken", {{"path", "t"}}}}}}}}}})
            .Build();
    ExpectRefused(with_projected_token, "may not use service account default");

    Grant("boss", {"--verb=impersonate", "--resource=serviceaccounts", "--resource-name=boss"});
    ExpectTaken(as_boss);
    ExpectRefused(with_token, "may not use service account default");
    Grant("default", {"--verb=impersonate", "--resource=serviceaccounts", "--resource-name=default"});
    ExpectTaken(with_token);
    ExpectTaken(with_projected_token);
}

TEST_F(Requester, WhoAsksAgainAnswersForWhatAnotherWrote) {
    GrantJobs();
    auto migration = MigrationsThatName("hidden").front();
    kubectl_.MustApply(migration);
    EXPECT_THAT(mallory_.Annotate("migration.tidegate.io/orders", "tidegate.io/retry=1").error,
                HasSubstr(MayNotRead("hidden")));
    EXPECT_TRUE(mallory_.Annotate("migration.tidegate.io/orders", "team=shop").Ok());
}

TEST_F(Requester, TheRolesEditAndAdminHaveAllThatIsAsked) {
    auto everything = DatabaseBuilder("orders").Build();
    for (const char* role : {"edit", "admin"}) {
        kubectl_.Must(
            {"create", "rolebinding", role, std::string("--clusterrole=") + role, std::string("--user=") + role});
        const auto user = kubectl_.As(role);
        for (const auto& migration : MigrationsThatName("hidden")) {
            auto as_boss = migration;
            as_boss["spec"]["serviceAccountName"] = "boss";
            const auto taken = Create(user, as_boss);
            EXPECT_TRUE(taken.Ok()) << role << ": " << taken.error;
        }
        EXPECT_TRUE(Create(user, everything).Ok()) << role;
    }
}

TEST_F(Requester, TheLargestMigrationCanStillBeJudged) {
    kubectl_.Must({"create", "rolebinding", "edit", "--clusterrole=edit", "--user=mallory"});
    Json env = Json::array(), sources = Json::array(), volumes = Json::array();
    for (int i = 0; i < 256; ++i) {
        const std::string name = "s" + std::to_string(i);
        env.push_back(
            {{"name", "V" + std::to_string(i)}, {"valueFrom", {{"secretKeyRef", {{"name", name}, {"key", "k"}}}}}});
        if (i >= 32) continue;
        sources.push_back({{"secretRef", {{"name", "f" + name}}}});
        volumes.push_back({{"name", "v" + std::to_string(i)}, {"secret", {{"secretName", "v" + name}}}});
    }
    ExpectTaken(MigrationBuilder("orders")
                    .Spec("env", env)
                    .Spec("envFrom", sources)
                    .Spec("volumes", volumes)
                    .Spec("sidecars", {{{"name", "a"}, {"image", "a:1"}, {"env", env}, {"envFrom", sources}},
                                       {{"name", "b"}, {"image", "b:1"}, {"env", env}, {"envFrom", sources}}})
                    .Build());
}

}  // namespace
}  // namespace gate
