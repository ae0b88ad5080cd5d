#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include "control_plane/controllers/operator_fixture.hpp"
#include "support/audit_log.hpp"
#include "support/chart.hpp"

/// The chart's roles for `namespaces: [a, b]`, bound to an account of its own, and the real operator with its token:
/// the two namespaces are worked in, and nothing else is so much as looked at.
namespace security {
namespace {

using support::DatabaseBuilder;
using support::DeploymentBuilder;
using support::Eventually;
using support::Kubectl;
using support::MigrationBuilder;
using Json = nlohmann::json;

class NamespacedInstall : public testing::Test {
protected:
    void SetUp() override {
        InstallRoles();
        home_.WriteKubeconfigOf("worker", kubeconfig_);
        support::OperatorProcess::Settings settings;
        settings.ns = a_.Ns() + "," + b_.Ns();
        settings.kubeconfig = kubeconfig_;
        settings.extra_arguments = {"--leader-elect=true"};
        settings.environment = {{"POD_NAMESPACE", home_.Ns()}};
        operator_ = std::make_unique<support::OperatorProcess>(settings);
        operator_->Start();
    }
    void TearDown() override {
        operator_.reset();
        std::filesystem::remove(kubeconfig_);
    }

    /// Of the chart only what concerns this account: the policies exist once in a cluster.
    void InstallRoles() const {
        const auto rendered =
            support::RenderChart({"--no-hooks", "--namespace=" + home_.Ns(), "--set=serviceAccount.name=worker",
                                  "--set=namespaces={" + a_.Ns() + "," + b_.Ns() + "}"});
        int roles = 0;
        for (const auto& document : YAML::LoadAll(rendered)) {
            if (!document.IsMap()) continue;
            const auto kind = document["kind"].as<std::string>();
            if (kind != "Role" && kind != "RoleBinding" && kind != "ServiceAccount") continue;
            home_.In(document["metadata"]["namespace"].as<std::string>())
                .Must({"apply", "--filename=-"}, YAML::Dump(document));
            roles += kind == "Role" ? 1 : 0;
        }
        ASSERT_EQ(roles, 3) << "one for each namespace, one for the Lease";
    }

    testing::AssertionResult IsProbed(const Kubectl& kubectl) const {
        return Eventually(
            [&] {
                return !kubectl.List({"jobs", "--selector=tidegate.io/role=probe"}).empty();
            },
            "the Database in " + kubectl.Ns() + " is probed", support::kPatience, [this] { return operator_->Log(); });
    }

    const support::Namespace home_namespace_, a_namespace_, b_namespace_, c_namespace_;
    const Kubectl home_{home_namespace_.Name()}, a_{a_namespace_.Name()}, b_{b_namespace_.Name()},
        c_{c_namespace_.Name()};
    const std::string kubeconfig_ =
        std::filesystem::temp_directory_path() / ("tidegate-namespaced-" + std::to_string(getpid()));
    const std::string user_ = "system:serviceaccount:" + home_namespace_.Name() + ":worker";
    const support::AuditLog log_;
    std::unique_ptr<support::OperatorProcess> operator_;
};

TEST_F(NamespacedInstall, WorksThereAndNowhereElse) {
    for (const auto* kubectl : {&a_, &b_, &c_}) {
        kubectl->MustApply(DatabaseBuilder("orders").Build());
        kubectl->MustApply(MigrationBuilder("orders").Version("0001").Build());
        kubectl->MustApply(DeploymentBuilder("orders").Requires("orders@0001").Build());
    }
    for (const auto* kubectl : {&a_, &b_}) {
        EXPECT_TRUE(IsProbed(*kubectl));
        EXPECT_TRUE(Eventually([&] { return kubectl->Exists("ledger/tidegate"); }, "a Ledger in " + kubectl->Ns()));
        EXPECT_TRUE(Eventually(
            [&] {
                return kubectl->GetJson("deployment/orders")["metadata"]
                    .value("annotations", Json::object())
                    .contains("tidegate.io/waiting-for");
            },
            "the held Deployment says what it waits for"));
    }
    EXPECT_TRUE(c_.List({"jobs"}).empty());
    EXPECT_FALSE(c_.Exists("ledger/tidegate"));

    int requests = 0;
    for (const auto& entry : log_.Entries()) {
        if (entry.user != user_) continue;
        ++requests;
        EXPECT_THAT(entry.ns, testing::AnyOf(a_.Ns(), b_.Ns(), home_.Ns())) << entry.verb << " " << entry.uri;
        EXPECT_NE(entry.code, 403) << entry.verb << " " << entry.uri;
    }
    EXPECT_GT(requests, 20);
    EXPECT_EQ(operator_->Log().find("forbidden"), std::string::npos) << operator_->Log();
    EXPECT_EQ(operator_->Stop(), 0);
}

/// The gate's own part of it. The cluster's policies are one installation's, which holds everywhere; so they are
/// installed once more under another group, confined.
class NamespacedGate : public testing::Test {
protected:
    ~NamespacedGate() override {
        for (const auto& document : installed_)
            inside_.Run({"delete", "--wait=false", "--ignore-not-found", "--filename=-"}, document);
    }

    void Install() {
        installed_ = support::RenderUnderGroup(
            group_, {"deployments-hold.tidegate.io", "jobs-hold.tidegate.io", "deployments-requirements.tidegate.io"},
            {"--set=namespaces={" + inside_.Ns() + "}"});
        ASSERT_EQ(installed_.size(), 6U) << "three policies with their bindings";
        for (const auto& document : installed_)
            inside_.Must({"apply", "--server-side", "--filename=-"}, document);
    }
    support::CommandResult Create(const Kubectl& kubectl, const Json& object) const {
        return kubectl.Run({"create", "--dry-run=server", "--output=json", "--filename=-"},
                           support::UnderGroup(group_, object.dump()));
    }
    bool Holds(const Kubectl& kubectl, const Json& object) const {
        const auto made = Json::parse(Create(kubectl, object).output);
        return made["metadata"].value("labels", Json::object()).contains(group_ + "/gate");
    }

    const std::string group_ = "n" + std::to_string(getpid()) + ".tidegate.test";
    const support::Namespace inside_namespace_, outside_namespace_;
    const Kubectl inside_{inside_namespace_.Name()}, outside_{outside_namespace_.Name()};
    std::vector<std::string> installed_;
};

TEST_F(NamespacedGate, HoldsAndRefusesThereAndNowhereElse) {
    Install();
    const auto deployment = DeploymentBuilder("web").Requires("orders@1").Build();
    const auto job = support::JobBuilder("report").Requires("orders@1").Build();
    const auto malformed = DeploymentBuilder("web").Requires("orders").Build();
    for (const auto& workload : {deployment, job}) {
        ASSERT_TRUE(Eventually([&] { return Holds(inside_, workload); }, "it is held inside"));
        EXPECT_FALSE(Holds(outside_, workload)) << workload["kind"];
    }
    ASSERT_TRUE(Eventually([&] { return !Create(inside_, malformed).Ok(); }, "it is refused inside"));
    const auto taken = Create(outside_, malformed);
    EXPECT_TRUE(taken.Ok()) << taken.error;
}

}  // namespace
}  // namespace security
