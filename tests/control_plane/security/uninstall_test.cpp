#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "support/builders.hpp"
#include "support/chart.hpp"
#include "support/control_plane.hpp"
#include "support/eventually.hpp"
#include "support/kubectl.hpp"
#include "support/operator_process.hpp"

/// `tidegate release --all` and what Helm does around it, on a control plane of its own: it ends the gate everywhere,
/// which is no way to treat other tests. No pod runs here, so the hook's work is done by the same program with the
/// hook's own account; that the hook calls it shows tests/cluster/uninstall.
namespace security {
namespace {

using support::CommandResult;
using support::CronJobBuilder;
using support::DeploymentBuilder;
using support::Eventually;
using support::JobBuilder;
using support::Kubectl;
using support::SourceFile;
using testing::HasSubstr;
using Json = nlohmann::json;

/// More than a page of the list that the program reads.
constexpr int kHeld = 110;
class Uninstall : public testing::Test {
protected:
    void SetUp() override {
        ControlPlane("up", {"--with-parent", std::to_string(getpid())});
        Must(Helm("install", {"--no-hooks", "--create-namespace"}));
        kubectl_.Must({"create", "namespace", "shop"});
        ASSERT_TRUE(Eventually(
            [&] {
                const auto made = kubectl_.Run({"create", "--dry-run=server", "--output=json", "--filename=-"},
                                               DeploymentBuilder("probe").Requires("a@1").Build().dump());
                return Json::parse(made.output)["spec"].value("paused", false);
            },
            "the hold policy is in effect"));
    }
    void TearDown() override {
        ControlPlane("down", {});
        std::filesystem::remove(hook_kubeconfig_);
    }

    void ControlPlane(const std::string& command, const std::vector<std::string>& options) const {
        std::vector<std::string> argv{SourceFile("deploy/local/control-plane"), command, "--state", state_};
        argv.insert(argv.end(), options.begin(), options.end());
        support::RunOrThrow({.argv = argv, .input = {}, .environment = {}});
    }
    CommandResult Helm(const std::string& command, const std::vector<std::string>& options) const {
        std::vector<std::string> arguments{command, "tidegate", "--namespace=tidegate-system",
                                           "--kubeconfig=" + state_ + "/admin.kubeconfig"};
        if (command != "uninstall") arguments.insert(arguments.begin() + 2, SourceFile("charts/tidegate"));
        arguments.insert(arguments.end(), options.begin(), options.end());
        return support::Helm(arguments);
    }
    static void Must(const CommandResult& result) { ASSERT_TRUE(result.Ok()) << result.output << result.error; }

    /// The hook's objects but its Job, and a kubeconfig of its account.
    void BecomeTheHook() const {
        auto rendered = support::RenderChart({"--show-only=templates/uninstall.yaml"});
        const auto job = rendered.find("apiVersion: batch/v1");
        ASSERT_NE(job, std::string::npos);
        kubectl_.In("tidegate-system").Must({"apply", "--filename=-"}, rendered.substr(0, job));
        kubectl_.In("tidegate-system").WriteKubeconfigOf("tidegate-release", hook_kubeconfig_);
    }
    /// The hook's argument.
    static std::string Bindings() {
        const auto rendered = support::RenderChart({"--show-only=templates/uninstall.yaml"});
        const auto from = rendered.find("--bindings=");
        return rendered.substr(from, rendered.find('\n', from) - from);
    }
    CommandResult Release(const std::vector<std::string>& options) const {
        std::vector<std::string> argv{support::OperatorBinary(), "release", "--all",
                                      "--kubeconfig=" + hook_kubeconfig_};
        argv.insert(argv.end(), options.begin(), options.end());
        return support::Run({.argv = argv, .input = {}, .environment = {}});
    }

    /// Oldest first; of one second by name.
    std::vector<std::string> JobsOfNightly() const {
        std::vector<std::pair<std::string, std::string>> jobs;
        for (const auto& job : kubectl_.List({"jobs"})) {
            const std::string name = job["metadata"]["name"];
            if (name.starts_with("nightly-")) jobs.emplace_back(job["metadata"]["creationTimestamp"], name);
        }
        std::sort(jobs.begin(), jobs.end());
        std::vector<std::string> names;
        for (const auto& [created, name] : jobs)
            names.push_back(name);
        return names;
    }
    void Apply(const Json& object) const { kubectl_.MustApply(object); }
    Json Deployment(const std::string& name) const { return kubectl_.GetJson("deployment/" + name); }
    /// Names of everything that has a mark of ours, or is held.
    std::vector<std::string> Marked() const {
        std::vector<std::string> marked;
        for (const auto& object : kubectl_.List({"deployments,jobs,cronjobs"})) {
            const bool is_cron_job = object["kind"] == "CronJob";
            const auto metadata =
                (is_cron_job ? object["spec"]["jobTemplate"] : object).value("metadata", object["metadata"]);
            const auto annotations = metadata.value("annotations", Json::object());
            const auto pods =
                is_cron_job ? object["spec"]["jobTemplate"]["spec"]["template"] : object["spec"]["template"];
            const auto in_template = pods["metadata"].value("annotations", Json::object());
            if (metadata.value("labels", Json::object()).contains("tidegate.io/gate") ||
                annotations.contains("tidegate.io/waiting-for") || annotations.contains("tidegate.io/release-by") ||
                in_template.contains("tidegate.io/hold"))
                marked.push_back(object["metadata"]["name"]);
        }
        return marked;
    }

    const std::string state_ =
        std::filesystem::temp_directory_path() / ("tidegate-uninstall-" + std::to_string(getpid()));
    const std::string hook_kubeconfig_ = state_ + "-hook";
    const Kubectl kubectl_ = Kubectl("shop").With(state_ + "/admin.kubeconfig");
};

TEST_F(Uninstall, LeavesNothingHeldOrMarkedAndNothingOfTheRelease) {
    Json many = {{"apiVersion", "v1"}, {"kind", "List"}, {"items", Json::array()}};
    for (int i = 0; i < kHeld; ++i)
        many["items"].push_back(DeploymentBuilder("held-" + std::to_string(i)).Requires("orders@9").Build());
    Apply(many);
    Apply(DeploymentBuilder("web").Build());
    Apply(DeploymentBuilder("web").Requires("orders@9").Revision(2).Build());
    Apply(DeploymentBuilder("by-hand").Requires("orders@9").Annotation("tidegate.io/release", "orders@9").Build());
    auto paused = DeploymentBuilder("paused").Requires("orders@9").Build();
    paused["spec"]["paused"] = true;
    Apply(paused);
    Apply(DeploymentBuilder("other").Build());
    kubectl_.MergePatch("deployment/held-0", {{"metadata", {{"annotations", {{"tidegate.io/waiting-for", "it"}}}}}});
    kubectl_.Must({"create", "job", "report", "--image=report:1"});
    Json suspended = {
        {"apiVersion", "batch/v1"},
        {"kind", "Job"},
        {"metadata", {{"name", "held-job"}, {"labels", {{"tidegate.io/gate", "held"}}}}},
        {"spec",
         {{"suspend", true},
          {"template",
           {{"metadata", {{"annotations", {{"tidegate.io/requires", "orders@9"}}}}},
            {"spec",
             {{"restartPolicy", "Never"}, {"containers", Json::array({{{"name", "a"}, {"image", "a:1"}}})}}}}}}}};
    Apply(suspended);
    Apply(CronJobBuilder("nightly").Requires("orders@9").Release("orders@9").Build());
    const auto cron_job = kubectl_.GetJson("cronjob/nightly")["metadata"]["uid"];
    for (const char* name : {"nightly-3", "nightly-1", "nightly-2"}) {
        auto held = suspended;
        held["metadata"]["name"] = name;
        held["metadata"]["ownerReferences"] = Json::array({{{"apiVersion", "batch/v1"},
                                                            {"kind", "CronJob"},
                                                            {"name", "nightly"},
                                                            {"uid", cron_job},
                                                            {"controller", true}}});
        Apply(held);
    }
    const auto newest = JobsOfNightly().back();
    suspended["metadata"] = {{"name", "suspended-by-its-user"}};
    Apply(suspended);
    ASSERT_EQ(Marked().size(), kHeld + 7U) << "web, by-hand, held-job, nightly and its three";
    const auto other = Deployment("other")["metadata"]["resourceVersion"];
    const auto user_paused = Deployment("paused")["metadata"]["resourceVersion"];

    BecomeTheHook();
    const auto released = Release({Bindings()});
    EXPECT_TRUE(released.Ok()) << released.output << released.error;
    EXPECT_THAT(released.output, HasSubstr("released Deployment shop/web\n"));
    EXPECT_THAT(released.output, HasSubstr("released Job shop/held-job\n"));
    EXPECT_THAT(released.output,
                HasSubstr("done: " + std::to_string(kHeld + 3) + " held workloads were released, 2 others"));
    EXPECT_THAT(Marked(), testing::IsEmpty());
    for (const auto& deployment : kubectl_.List({"deployments"})) {
        const std::string name = deployment["metadata"]["name"];
        EXPECT_EQ(deployment["spec"].value("paused", false), name == "paused") << name;
    }
    EXPECT_FALSE(kubectl_.GetJson("job/held-job")["spec"]["suspend"]);
    EXPECT_EQ(JobsOfNightly(), std::vector<std::string>{newest}) << "a CronJob's work is not made up for";
    EXPECT_FALSE(kubectl_.GetJson("job/" + newest)["spec"]["suspend"]);
    EXPECT_TRUE(kubectl_.GetJson("job/suspended-by-its-user")["spec"]["suspend"]);
    EXPECT_EQ(Deployment("other")["metadata"]["resourceVersion"], other);
    EXPECT_EQ(Deployment("paused")["metadata"]["resourceVersion"], user_paused);
    EXPECT_EQ(Deployment("by-hand")["metadata"]["annotations"]["tidegate.io/release"], "orders@9") << "its owner's";
    EXPECT_EQ(kubectl_.GetJson("cronjob/nightly")["spec"]["jobTemplate"]["metadata"]["annotations"],
              Json({{"tidegate.io/release", "orders@9"}}));

    Apply(DeploymentBuilder("new").Requires("orders@9").Build());
    EXPECT_THAT(Marked(), testing::IsEmpty()) << "nobody holds any more";
    const auto again = Release({Bindings()});
    EXPECT_TRUE(again.Ok()) << again.output << again.error;
    EXPECT_THAT(again.output, HasSubstr("done: 0 held workloads were released, 0 others"));

    Must(Helm("uninstall", {"--no-hooks"}));
    const auto left =
        kubectl_.Must({"get", "--all-namespaces", "--output=name", "--selector=app.kubernetes.io/instance=tidegate",
                       "deployments,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings,"
                       "validatingadmissionpolicies,validatingadmissionpolicybindings,"
                       "mutatingadmissionpolicies,mutatingadmissionpolicybindings"});
    EXPECT_EQ(left,
              "serviceaccount/tidegate-release\nclusterrole.rbac.authorization.k8s.io/tidegate-release\n"
              "clusterrolebinding.rbac.authorization.k8s.io/tidegate-release\n")
        << "besides the hook's, which this case has made itself";
    EXPECT_THAT(kubectl_.Must({"get", "customresourcedefinitions", "--output=name"}),
                HasSubstr("databases.tidegate.io"));
}

TEST_F(Uninstall, StartsWhatThePoliciesHoldOfBothKinds) {
    const auto is_held = [&](const std::string& what, const char* field) {
        const auto object = kubectl_.GetJson(what);
        return object["spec"].value(field, false) &&
               object["metadata"]["labels"].value("tidegate.io/gate", "") == "held";
    };
    const auto pods_of = [&](const std::string& selector) { return kubectl_.List({"pods", "-l", selector}).size(); };
    ASSERT_TRUE(Eventually(
        [&] {
            return Json::parse(kubectl_.Must({"create", "--dry-run=server", "--output=json", "--filename=-"},
                                             JobBuilder("probe").Requires("a@1").Build().dump()))["spec"]
                .value("suspend", false);
        },
        "the hold policy of Jobs is in effect"));
    Apply(DeploymentBuilder("web").Requires("orders@9").Build());
    Apply(JobBuilder("report").Requires("orders@9").Build());
    Apply(JobBuilder("by-user").Requires("orders@9").Suspend(true).Build());
    Apply(CronJobBuilder("nightly").Requires("orders@9").Build());
    for (const char* name : {"nightly-2", "nightly-1"}) {
        auto job = JobBuilder(name).Requires("orders@9").Build();
        job["metadata"]["ownerReferences"] = {{{"apiVersion", "batch/v1"},
                                               {"kind", "CronJob"},
                                               {"name", "nightly"},
                                               {"uid", kubectl_.GetJson("cronjob/nightly")["metadata"]["uid"]},
                                               {"controller", true}}};
        Apply(job);
        ASSERT_TRUE(is_held(std::string("job/") + name, "suspend"));
    }
    ASSERT_TRUE(is_held("deployment/web", "paused"));
    ASSERT_TRUE(is_held("job/report", "suspend"));
    const auto newest = JobsOfNightly().back();
    ASSERT_EQ(pods_of("batch.kubernetes.io/job-name"), 0U);

    BecomeTheHook();
    const auto released = Release({Bindings()});
    EXPECT_TRUE(released.Ok()) << released.output << released.error;
    EXPECT_THAT(released.output, HasSubstr("done: 3 held workloads were released"));
    EXPECT_THAT(Marked(), testing::IsEmpty());
    EXPECT_EQ(JobsOfNightly(), std::vector<std::string>{newest});
    for (const auto& selector : {std::string("app=web"), std::string("batch.kubernetes.io/job-name=report"),
                                 "batch.kubernetes.io/job-name=" + newest})
        EXPECT_TRUE(Eventually([&] { return pods_of(selector) > 0; }, "pods with " + selector));
    EXPECT_TRUE(kubectl_.GetJson("job/by-user")["spec"]["suspend"]) << "its user's, not ours";
}

TEST_F(Uninstall, SaysWhatIsLeftAndWhyWhenItMayNotDoIt) {
    Apply(DeploymentBuilder("web").Requires("orders@9").Build());
    kubectl_.Must({"create", "serviceaccount", "nobody"});
    kubectl_.WriteKubeconfigOf("nobody", hook_kubeconfig_);
    const auto refused = Release({Bindings(), "--timeout-seconds=1"});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.output, HasSubstr("not done: 0 held workloads were released"));
    EXPECT_THAT(refused.output, HasSubstr("MutatingAdmissionPolicyBinding deployments-hold.tidegate.io: "));
    EXPECT_THAT(refused.output, HasSubstr("cannot get resource"));
    EXPECT_TRUE(Deployment("web")["spec"]["paused"]) << "nothing is released while it could be held again";
}

TEST_F(Uninstall, SaysSoWhenAPolicyPutsBackWhatIsTakenAway) {
    Apply(DeploymentBuilder("web").Requires("orders@9").Build());
    BecomeTheHook();
    const auto held_again = Release({"--timeout-seconds=1"});
    EXPECT_EQ(held_again.exit_code, 1);
    EXPECT_THAT(held_again.output,
                HasSubstr("Deployment shop/web: a policy that is still in effect put back what was taken away"));
}

}  // namespace
}  // namespace security
