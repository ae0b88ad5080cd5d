#include "support/chart.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include "support/control_plane.hpp"
#include "support/kubectl.hpp"
#include "support/namespace.hpp"

namespace charts {
namespace {

using support::Helm;
using support::RenderChart;
using support::SourceFile;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

std::vector<YAML::Node> Documents(const std::vector<std::string>& options = {}) {
    std::vector<YAML::Node> documents;
    for (const auto& document : YAML::LoadAll(RenderChart(options))) {
        if (document.IsMap()) documents.push_back(document);
    }
    return documents;
}

std::string Kind(const YAML::Node& document) {
    return document["kind"].as<std::string>();
}

std::vector<YAML::Node> OfKind(const std::vector<YAML::Node>& documents, const std::string& kind) {
    std::vector<YAML::Node> found;
    std::copy_if(documents.begin(), documents.end(), std::back_inserter(found),
                 [&](const YAML::Node& document) { return Kind(document) == kind; });
    return found;
}

std::set<std::string> Kinds(const std::vector<YAML::Node>& documents) {
    std::set<std::string> kinds;
    for (const auto& document : documents)
        kinds.insert(Kind(document));
    return kinds;
}

std::vector<std::string> Texts(const YAML::Node& list) {
    return list.as<std::vector<std::string>>();
}

class Chart : public testing::Test {
protected:
    /// Of every policy that holds, refuses or warns about workloads, and of no other: what opens works everywhere, so
    /// that nothing held is left behind, and our own kinds and Jobs are nobody else's in any namespace.
    static std::vector<YAML::Node> BindingsOfTheGate(const std::vector<YAML::Node>& documents) {
        const std::set<std::string> everywhere{
            "deployments-open.tidegate.io", "deployments-release.tidegate.io", "jobs-open.tidegate.io",
            "jobs-release.tidegate.io",     "keep-running.tidegate.io",        "migrations-image-tags.tidegate.io",
            "release-by.tidegate.io",       "requested-by.tidegate.io",        "requester.tidegate.io"};
        std::vector<YAML::Node> confined;
        std::set<std::string> others;
        for (const char* kind : {"MutatingAdmissionPolicyBinding", "ValidatingAdmissionPolicyBinding"}) {
            for (const auto& binding : OfKind(documents, kind)) {
                const auto name = binding["metadata"]["name"].as<std::string>();
                const auto resources = binding["spec"]["matchResources"];
                const bool is_confined = resources && resources["namespaceSelector"];
                if (!is_confined) others.insert(name);
                if (is_confined) confined.push_back(binding);
            }
        }
        EXPECT_EQ(others, everywhere) << "a binding needs tidegate.gatedNamespaces, or a reason to stand in this list";
        EXPECT_EQ(confined.size(), 8U) << "hold of two kinds, requirements and image tags of three";
        return confined;
    }
};

TEST_F(Chart, PassesHelmLint) {
    const auto lint = Helm({"lint", "--strict", SourceFile("charts/tidegate")});
    EXPECT_TRUE(lint.Ok()) << lint.output << lint.error;
}

TEST_F(Chart, GivesNobodyAVerbOnSecretsNorAWildcard) {
    for (const auto& options : std::vector<std::vector<std::string>>{{}, {"--set=namespaces={shop,stock}"}}) {
        int rules = 0;
        for (const auto& document : Documents(options)) {
            if (Kind(document) != "ClusterRole" && Kind(document) != "Role") continue;
            for (const auto& rule : document["rules"]) {
                ++rules;
                const auto resources = Texts(rule["resources"]);
                EXPECT_THAT(resources, Not(Contains(HasSubstr("secrets")))) << document["metadata"]["name"];
                for (const char* list : {"apiGroups", "resources", "verbs"}) {
                    EXPECT_THAT(Texts(rule[list]), Not(Contains(HasSubstr("*")))) << document["metadata"]["name"];
                }
                for (const char* verb : {"escalate", "bind", "impersonate"}) {
                    EXPECT_THAT(Texts(rule["verbs"]), Not(Contains(verb))) << document["metadata"]["name"];
                }
            }
        }
        EXPECT_GE(rules, 9);
    }
}

TEST_F(Chart, HasNoWebhookAndOnlyKindsThatAreKnown) {
    EXPECT_THAT(Kinds(Documents()),
                testing::UnorderedElementsAre("ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition",
                                              "Deployment", "Job", "MutatingAdmissionPolicy",
                                              "MutatingAdmissionPolicyBinding", "Role", "RoleBinding", "ServiceAccount",
                                              "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"));
}

TEST_F(Chart, OperatorMayDoWhatItDoesAndNothingElse) {
    const support::Kubectl kubectl = support::Kubectl("default").As(support::kOperatorUser);
    const auto may = [&](const std::vector<std::string>& what) {
        std::vector<std::string> arguments{"auth", "can-i", "--quiet"};
        arguments.insert(arguments.end(), what.begin(), what.end());
        return kubectl.Run(arguments).Ok();
    };
    EXPECT_TRUE(may({"create", "jobs.batch"}));
    EXPECT_TRUE(may({"patch", "migrations.tidegate.io", "--subresource=status"}));
    EXPECT_TRUE(may({"patch", "deployments.apps"}));
    EXPECT_TRUE(may({"update", "leases.coordination.k8s.io", "--namespace=tidegate-system"}));
    EXPECT_FALSE(may({"get", "secrets"}));
    EXPECT_FALSE(may({"list", "secrets"}));
    EXPECT_FALSE(may({"patch", "migrations.tidegate.io"}));
    EXPECT_FALSE(may({"create", "pods"}));
    EXPECT_FALSE(may({"get", "pods", "--subresource=log"}));
    EXPECT_FALSE(may({"update", "jobs.batch"}));
    EXPECT_FALSE(may({"delete", "deployments.apps"}));
    EXPECT_FALSE(may({"get", "leases.coordination.k8s.io"})) << "of another namespace";
}

TEST_F(Chart, EditorsWriteMigrationsAndNobodyWritesLedgers) {
    for (const auto& role : OfKind(Documents(), "ClusterRole")) {
        const auto name = role["metadata"]["name"].as<std::string>();
        if (name != "tidegate-view" && name != "tidegate-edit") continue;
        for (const auto& rule : role["rules"]) {
            const auto resources = Texts(rule["resources"]);
            const bool ledgers = std::find(resources.begin(), resources.end(), "ledgers") != resources.end();
            if (!ledgers) continue;
            EXPECT_THAT(Texts(rule["verbs"]), testing::UnorderedElementsAre("get", "list", "watch"));
        }
    }
    const auto aggregates = [](const std::vector<std::string>& options) {
        return RenderChart(options).find("rbac.authorization.k8s.io/aggregate-to-") != std::string::npos;
    };
    EXPECT_TRUE(aggregates({}));
    EXPECT_FALSE(
        aggregates({"--set=rbac.aggregateToView=false,rbac.aggregateToEdit=false,rbac.aggregateToAdmin=false"}));
}

TEST_F(Chart, IsConfinedToTheNamespacesNamed) {
    const auto documents = Documents({"--no-hooks", "--set=namespaces={shop,stock}"});
    EXPECT_THAT(Kinds(documents), Not(Contains("ClusterRoleBinding")));
    std::set<std::string> roles;
    for (const auto& role : OfKind(documents, "Role"))
        roles.insert(role["metadata"]["namespace"].as<std::string>());
    EXPECT_THAT(roles, testing::UnorderedElementsAre("shop", "stock", "tidegate-system"));
    const auto args = OfKind(documents, "Deployment").at(0)["spec"]["template"]["spec"]["containers"][0]["args"];
    EXPECT_THAT(Texts(args), Contains("--namespaces=shop,stock"));
    for (const auto& binding : BindingsOfTheGate(documents)) {
        const auto expressions = binding["spec"]["matchResources"]["namespaceSelector"]["matchExpressions"];
        ASSERT_EQ(expressions.size(), 2U) << binding["metadata"]["name"];
        EXPECT_EQ(expressions[1]["key"].as<std::string>(), "kubernetes.io/metadata.name");
        EXPECT_EQ(expressions[1]["operator"].as<std::string>(), "In");
        EXPECT_THAT(Texts(expressions[1]["values"]), testing::ElementsAre("shop", "stock"));
    }
}

TEST_F(Chart, NeverHoldsTheOperatorsOwnNamespaceNorTheExcludedOnes) {
    for (const auto& binding : BindingsOfTheGate(Documents({"--set=gate.excludedNamespaces={a,b}"}))) {
        const auto expressions = binding["spec"]["matchResources"]["namespaceSelector"]["matchExpressions"];
        ASSERT_EQ(expressions.size(), 1U) << binding["metadata"]["name"];
        EXPECT_EQ(expressions[0]["operator"].as<std::string>(), "NotIn");
        EXPECT_THAT(Texts(expressions[0]["values"]), testing::ElementsAre("a", "b", "tidegate-system"));
    }
}

TEST_F(Chart, PoliciesKnowTheOperatorByItsServiceAccount) {
    const std::string rendered = RenderChart({"--set=serviceAccount.name=other"});
    EXPECT_THAT(rendered, HasSubstr("'system:serviceaccount:tidegate-system:other'"));
    EXPECT_THAT(rendered, Not(HasSubstr("system:serviceaccount:tidegate-system:tidegate")));
}

TEST_F(Chart, OperatorIsAdmittedUnderPodSecurityRestrictedWithoutAWarning) {
    const support::Namespace restricted(
        {{"pod-security.kubernetes.io/enforce", "restricted"}, {"pod-security.kubernetes.io/warn", "restricted"}});
    const support::Kubectl kubectl(restricted.Name());
    YAML::Node deployment = OfKind(Documents(), "Deployment").at(0);
    deployment["metadata"].remove("namespace");
    const auto admitted = kubectl.Run({"create", "--dry-run=server", "--filename=-"}, YAML::Dump(deployment));
    EXPECT_TRUE(admitted.Ok()) << admitted.error;
    EXPECT_EQ(admitted.error, "") << "a warning";

    // A Deployment is only warned about; the pod itself is what is enforced.
    YAML::Node pod;
    pod["apiVersion"] = "v1";
    pod["kind"] = "Pod";
    pod["metadata"]["name"] = "tidegate";
    pod["spec"] = deployment["spec"]["template"]["spec"];
    pod["spec"].remove("serviceAccountName");
    const auto pod_admitted = kubectl.Run({"create", "--dry-run=server", "--filename=-"}, YAML::Dump(pod));
    EXPECT_TRUE(pod_admitted.Ok()) << pod_admitted.error;
    const auto container = deployment["spec"]["template"]["spec"]["containers"][0];
    EXPECT_TRUE(container["securityContext"]["readOnlyRootFilesystem"].as<bool>());
}

/// What `helm uninstall` does before anything of the release goes.
class UninstallHook : public testing::Test {
protected:
    static std::vector<YAML::Node> Hook(std::vector<std::string> options = {}) {
        std::vector<YAML::Node> hook;
        for (const auto& document : Documents(options)) {
            if (document["metadata"]["annotations"] && document["metadata"]["annotations"]["helm.sh/hook"])
                hook.push_back(document);
        }
        return hook;
    }
    static std::string Annotation(const YAML::Node& document, const std::string& name) {
        return document["metadata"]["annotations"]["helm.sh/" + name].as<std::string>();
    }
};

TEST_F(UninstallHook, DeletesEveryBindingOfAPolicyThatChangesWorkloads) {
    std::set<std::string> policies;
    for (const auto& policy : OfKind(Documents(), "MutatingAdmissionPolicy")) {
        for (const auto& rule : policy["spec"]["matchConstraints"]["resourceRules"]) {
            if (rule["apiGroups"][0].as<std::string>() != "tidegate.io")
                policies.insert(policy["metadata"]["name"].as<std::string>());
        }
    }
    std::set<std::string> bindings;
    for (const auto& binding : OfKind(Documents(), "MutatingAdmissionPolicyBinding")) {
        if (policies.contains(binding["spec"]["policyName"].as<std::string>()))
            bindings.insert(binding["metadata"]["name"].as<std::string>());
    }
    const auto args = Texts(OfKind(Hook(), "Job").at(0)["spec"]["template"]["spec"]["containers"][0]["args"]);
    ASSERT_THAT(args, testing::ElementsAre("release", "--all", testing::StartsWith("--bindings=")));
    std::set<std::string> deleted, allowed;
    std::istringstream list(args[2].substr(args[2].find('=') + 1));
    for (std::string name; std::getline(list, name, ',');)
        deleted.insert(name);
    const auto rule = OfKind(Hook(), "ClusterRole").at(0)["rules"][0];
    for (const auto& name : Texts(rule["resourceNames"]))
        allowed.insert(name);
    EXPECT_EQ(deleted, allowed);
    EXPECT_THAT(Texts(rule["verbs"]), testing::UnorderedElementsAre("get", "delete"));
    ASSERT_GE(bindings.size(), 4U);
    for (const auto& binding : bindings)
        EXPECT_TRUE(deleted.contains(binding)) << binding << ": add it to tidegate.mutatingBindings";
}

TEST_F(UninstallHook, HasItsRightsOnlyWhileItRuns) {
    for (const auto& options : std::vector<std::vector<std::string>>{{}, {"--set=namespaces={shop,stock}"}}) {
        const auto hook = Hook(options);
        EXPECT_THAT(Kinds(hook), testing::IsSupersetOf({"ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Job"}));
        for (const auto& document : hook) {
            const bool is_job = Kind(document) == "Job", is_account = Kind(document) == "ServiceAccount";
            EXPECT_EQ(Annotation(document, "hook"), "pre-delete");
            EXPECT_EQ(Annotation(document, "hook-delete-policy"), "before-hook-creation,hook-succeeded");
            EXPECT_EQ(Annotation(document, "hook-weight"), is_job ? "0" : is_account ? "-10" : "-5") << Kind(document);
            EXPECT_EQ(document["metadata"]["name"].as<std::string>(), "tidegate-release");
        }
        const auto cluster_rules = OfKind(hook, "ClusterRole").at(0)["rules"];
        EXPECT_EQ(cluster_rules.size(), options.empty() ? 4U : 1U) << "workloads of the namespaces named only";
        EXPECT_EQ(OfKind(hook, "Role").size(), options.empty() ? 0U : 2U);
    }
    const auto args = OfKind(Hook({"--set=namespaces={shop,stock}"}), "Job").at(0)["spec"]["template"]["spec"];
    EXPECT_THAT(Texts(args["containers"][0]["args"]), Contains("--namespaces=shop,stock"));
    EXPECT_TRUE(Hook({"--set=rbac.create=false"}).empty()) << "without roles it could only fail";
}

TEST_F(UninstallHook, ItsPodIsAdmittedUnderPodSecurityRestrictedAndIsNotTheOperators) {
    const support::Namespace restricted(
        {{"pod-security.kubernetes.io/enforce", "restricted"}, {"pod-security.kubernetes.io/warn", "restricted"}});
    YAML::Node job = OfKind(Hook(), "Job").at(0);
    job["metadata"].remove("namespace");
    // A weight that was quoted is a number when it is printed again.
    job["metadata"].remove("annotations");
    const auto admitted =
        support::Kubectl(restricted.Name()).Run({"create", "--dry-run=server", "--filename=-"}, YAML::Dump(job));
    EXPECT_TRUE(admitted.Ok()) << admitted.error;
    EXPECT_EQ(admitted.error, "") << "a warning";
    for (const auto& label : OfKind(Documents({"--no-hooks"}), "Deployment").at(0)["spec"]["selector"]["matchLabels"])
        EXPECT_FALSE(job["spec"]["template"]["metadata"]["labels"][label.first.as<std::string>()]) << label.first;
}

TEST_F(Chart, KeepsCustomResourcesUnlessToldOtherwise) {
    for (const auto& crd : OfKind(Documents(), "CustomResourceDefinition")) {
        EXPECT_EQ(crd["metadata"]["annotations"]["helm.sh/resource-policy"].as<std::string>(), "keep");
    }
    for (const auto& crd : OfKind(Documents({"--set=crds.keep=false"}), "CustomResourceDefinition")) {
        EXPECT_FALSE(crd["metadata"]["annotations"]);
    }
    EXPECT_THAT(Kinds(Documents({"--set=crds.enabled=false"})), Not(Contains("CustomResourceDefinition")));
}

TEST_F(Chart, InstallsExactlyTheDefinitionsInCrds) {
    std::set<std::string> installed, written;
    for (const auto& crd : OfKind(Documents(), "CustomResourceDefinition")) {
        installed.insert(crd["metadata"]["name"].as<std::string>());
        EXPECT_GT(crd["spec"]["versions"].size(), 0U);
    }
    for (const auto& file : std::filesystem::directory_iterator(SourceFile("crds"))) {
        written.insert(file.path().stem().string() + ".tidegate.io");
    }
    EXPECT_EQ(installed, written);
    EXPECT_EQ(written.size(), 3U);
}

TEST_F(Chart, PackageCarriesTheDefinitionsToo) {
    const std::string folder = std::filesystem::temp_directory_path() / ("tidegate-chart-" + std::to_string(getpid()));
    const auto packaged = Helm({"package", SourceFile("charts/tidegate"), "--destination=" + folder});
    ASSERT_TRUE(packaged.Ok()) << packaged.error;
    const auto rendered = Helm({"template", "tidegate", folder + "/tidegate-0.1.0.tgz", "--kube-version=1.36.3",
                                "--namespace=tidegate-system"});
    std::filesystem::remove_all(folder);
    ASSERT_TRUE(rendered.Ok()) << rendered.error;
    EXPECT_EQ(rendered.output, RenderChart());
}

TEST_F(Chart, RefusesValuesThatNothingReads) {
    for (const char* unknown :
         {"replicas=2", "image.name=x", "gate.exclude={a}", "rbac.createe=true", "resources.limit=x"}) {
        const auto refused = Helm({"template", "tidegate", SourceFile("charts/tidegate"), "--kube-version=1.36.3",
                                   std::string("--set=") + unknown});
        EXPECT_FALSE(refused.Ok()) << unknown;
        EXPECT_THAT(refused.error, HasSubstr("additional properties")) << unknown;
    }
}

TEST_F(Chart, RefusesTwoReplicasWithoutLeaderElection) {
    const std::vector<std::string> common{"template", "tidegate", SourceFile("charts/tidegate"),
                                          "--kube-version=1.36.3"};
    const auto with = [&](const std::string& value) {
        auto arguments = common;
        arguments.push_back("--set=" + value);
        return Helm(arguments).Ok();
    };
    EXPECT_FALSE(with("replicaCount=2,leaderElection=false"));
    EXPECT_TRUE(with("replicaCount=2"));
    EXPECT_TRUE(with("leaderElection=false"));
}

TEST_F(Chart, RefusesKubernetesWithoutThePolicies) {
    const auto refused = Helm({"template", "tidegate", SourceFile("charts/tidegate"), "--kube-version=1.35.9"});
    EXPECT_FALSE(refused.Ok());
    EXPECT_THAT(refused.error, HasSubstr("1.36"));
}

TEST_F(Chart, EveryValueIsReadByATemplate) {
    // Turning each switch has to change what is rendered: a value that nothing reads is a promise that nobody keeps.
    const std::string rendered = RenderChart();
    for (const char* change : {"namespaces={a}",
                               "image.repository=x",
                               "image.tag=x",
                               "image.pullPolicy=Always",
                               "imagePullSecrets[0].name=x",
                               "crds.enabled=false",
                               "crds.keep=false",
                               "gate.excludedNamespaces={x}",
                               "rbac.create=false",
                               "rbac.aggregateToView=false",
                               "rbac.aggregateToEdit=false",
                               "rbac.aggregateToAdmin=false",
                               "serviceAccount.create=false",
                               "serviceAccount.name=x",
                               "serviceAccount.annotations.a=b",
                               "replicaCount=2",
                               "leaderElection=false",
                               "nameOverride=x",
                               "fullnameOverride=x",
                               "commonLabels.a=b",
                               "podLabels.a=b",
                               "podAnnotations.a=b",
                               "podSecurityContext.runAsUser=1",
                               "securityContext.privileged=false",
                               "resources.limits.cpu=1",
                               "nodeSelector.a=b",
                               "tolerations[0].key=x",
                               "affinity.podAffinity.x=y",
                               "topologySpreadConstraints[0].maxSkew=1",
                               "priorityClassName=x",
                               "extraArgs[0]=--x",
                               "extraEnv[0].name=X"}) {
        EXPECT_NE(RenderChart({std::string("--set=") + change}), rendered) << change;
    }
}

}  // namespace
}  // namespace charts
