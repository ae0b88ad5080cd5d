#include "support/chart.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "support/builders.hpp"
#include "support/control_plane.hpp"
#include "support/eventually.hpp"
#include "support/kubectl.hpp"
#include "support/namespace.hpp"

namespace support {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kSeparator = "\n---\n";

std::vector<std::string> DocumentsOf(const std::string& manifest) {
    std::vector<std::string> documents;
    for (std::size_t from = 0; from != std::string::npos;) {
        const auto end = manifest.find(kSeparator, from);
        documents.push_back(manifest.substr(from, end == std::string::npos ? end : end - from) + "\n");
        from = end == std::string::npos ? end : end + kSeparator.size();
    }
    return documents;
}

std::string WithoutOperator(const std::string& manifest) {
    std::string kept;
    for (const auto& document : DocumentsOf(manifest)) {
        if (document.find("\nkind: Deployment\n") == std::string::npos) kept += document + std::string(kSeparator);
    }
    return kept;
}

void Wait(const std::function<bool()>& condition, const std::string& what) {
    const auto result = Eventually(condition, what);
    if (!result) throw std::runtime_error(std::string("chart: ") + result.message());
}

bool Held(const Json& workload) {
    return workload["spec"].value(workload["kind"] == "Job" ? "suspend" : "paused", false) &&
           workload["metadata"].value("labels", Json::object()).value("tidegate.io/gate", "") == "held";
}

/// kubectl would find a kind of the other group by them. The chart renders a list as a line each.
std::string WithoutShortNames(const std::string& document) {
    std::istringstream lines(document);
    std::string without;
    bool in_list = false;
    for (std::string line; std::getline(lines, line);) {
        const auto start = line.find_first_not_of(' ');
        const bool is_item = start != std::string::npos && line.compare(start, 2, "- ") == 0;
        in_list = line.find("shortNames:") != std::string::npos || (in_list && is_item);
        if (!in_list) without += line + "\n";
    }
    return without;
}

}  // namespace

CommandResult Helm(const std::vector<std::string>& arguments) {
    const std::string nowhere = std::filesystem::temp_directory_path() / "tidegate-helm";
    Command command;
    command.argv = {ControlPlane::Get().Program("helm")};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.environment = {{"HELM_CONFIG_HOME", nowhere},
                           {"HELM_CACHE_HOME", nowhere},
                           {"HELM_DATA_HOME", nowhere},
                           {"KUBECONFIG", "/dev/null"}};
    return Run(command);
}

CommandResult HelmIn(const std::string& ns, const std::vector<std::string>& arguments) {
    auto all = arguments;
    all.push_back("--namespace=" + ns);
    all.push_back("--kubeconfig=" + ControlPlane::Get().AdminKubeconfig());
    return Helm(all);
}

std::string RenderChart(const std::vector<std::string>& options) {
    std::vector<std::string> arguments{"template", "tidegate", SourceFile("charts/tidegate"),
                                       std::string("--namespace=") + kOperatorNamespace, "--kube-version=1.36.3"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    CommandResult result = Helm(arguments);
    if (!result.Ok()) throw std::runtime_error("helm template: " + result.error);
    return std::move(result.output);
}

std::vector<std::string> RenderUnderGroup(const std::string& group, const std::vector<std::string>& names,
                                          const std::vector<std::string>& options) {
    std::vector<std::string> renamed;
    for (const auto& document : DocumentsOf(RenderChart(options))) {
        const bool is_named = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
            return document.find("\n  name: " + name + "\n") != std::string::npos;
        });
        if (is_named) renamed.push_back(WithoutShortNames(UnderGroup(group, document)));
    }
    return renamed;
}

std::string UnderGroup(const std::string& group, std::string text) {
    const std::string usual = "tidegate.io";
    for (auto at = text.find(usual); at != std::string::npos; at = text.find(usual, at + group.size()))
        text.replace(at, usual.size(), group);
    return text;
}

void InstallChart() {
    const Kubectl kubectl(kOperatorNamespace);
    kubectl.Apply(Json{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", kOperatorNamespace}}}});
    kubectl.Must({"apply", "--server-side", "--force-conflicts", "--filename=-"},
                 WithoutOperator(RenderChart({"--no-hooks"})));
    for (const char* crd : {"databases", "migrations", "ledgers"}) {
        kubectl.Must({"wait", "--for=condition=Established", "--timeout=60s",
                      std::string("customresourcedefinition/") + crd + ".tidegate.io"});
    }

    // The API server picks policies up within about a second, each kind on its own: look for what each of them does.
    const Namespace scratch;
    const Kubectl probe(scratch.Name());
    const auto dry_run = [&probe](const Json& object) {
        return probe.Run({"create", "--dry-run=server", "--output=json", "--filename=-"}, object.dump());
    };
    const auto gated = DeploymentBuilder("probe").Requires("probe@1").Build();
    const auto gated_job = JobBuilder("probe").Requires("probe@1").Build();
    Wait([&] { return Held(Json::parse(dry_run(gated).output)); }, "deployments-hold.tidegate.io holds");
    Wait([&] { return Held(Json::parse(dry_run(gated_job).output)); }, "jobs-hold.tidegate.io holds");
    Wait([&] { return probe.Apply(LedgerOf({"probe@1"})).Ok(); }, "a Ledger can be written");
    Wait([&] { return !Held(Json::parse(dry_run(gated).output)); }, "deployments-open.tidegate.io opens");
    Wait([&] { return !Held(Json::parse(dry_run(gated_job).output)); }, "jobs-open.tidegate.io opens");
    for (const auto& malformed :
         {DeploymentBuilder("probe").Requires("probe").Build(), JobBuilder("probe").Requires("probe").Build(),
          CronJobBuilder("probe").Requires("probe").Build()}) {
        Wait([&] { return !dry_run(malformed).Ok(); }, "the requirements of a " + malformed["kind"].get<std::string>());
    }
    for (const auto& untagged : {DeploymentBuilder("probe").Requires("probe@image").Image("app").Build(),
                                 JobBuilder("probe").Requires("probe@image").Image("app").Build(),
                                 CronJobBuilder("probe").Requires("probe@image").Image("app").Build(),
                                 MigrationBuilder("probe").Image("app").Build()}) {
        Wait([&] { return dry_run(untagged).error.find("does not say which build") != std::string::npos; },
             "the image tags of a " + untagged["kind"].get<std::string>());
    }

    const auto annotation = [&](const Json& object, const std::string& name) {
        return Json::parse(dry_run(object).output)["metadata"]["annotations"].value(name, "");
    };
    auto forged = MigrationBuilder("probe").Build();
    forged["metadata"]["annotations"] = {{"tidegate.io/requested-by", "somebody else"}};
    Wait(
        [&] {
            const auto answer = dry_run(forged);
            return !answer.Ok() || annotation(forged, "tidegate.io/requested-by") != "somebody else";
        },
        "requested-by.tidegate.io refuses a forged requester");
    const auto migration = MigrationBuilder("probe").Build();
    const auto released = DeploymentBuilder("probe").Annotation("tidegate.io/release", "probe@2").Build();
    Wait([&] { return !annotation(released, "tidegate.io/release-by").empty(); }, "release-by.tidegate.io stamps");
    probe.MustApply(migration);
    probe.MergePatch("migration.tidegate.io/probe", {{"status", {{"run", {{"active", true}}}}}}, "status");
    Wait(
        [&] {
            return !probe.Run({"delete", "migration.tidegate.io/probe", "--dry-run=server"}).Ok();
        },
        "keep-running.tidegate.io refuses");

    // Somebody with every right on Migrations and none on Jobs.
    probe.Must({"create", "role", "probe", "--verb=get,patch", "--resource=migrations.tidegate.io"});
    probe.Must({"create", "rolebinding", "probe", "--role=probe", "--user=probe"});
    Wait(
        [&] {
            const auto refused = probe.As("probe").Run({"patch", "migration.tidegate.io/probe", "--type=merge",
                                                        "--patch={\"spec\":{\"suspend\":true}}", "--dry-run=server"});
            return refused.error.find("may not create Jobs") != std::string::npos;
        },
        "requester.tidegate.io refuses");
}

void AwaitStamps() {
    const Namespace scratch;
    const Kubectl probe(scratch.Name());
    const auto migration = MigrationBuilder("probe").Build().dump();
    Wait(
        [&] {
            const auto answer = probe.Must({"create", "--dry-run=server", "--output=json", "--filename=-"}, migration);
            return Json::parse(answer)["metadata"].contains("annotations");
        },
        "requested-by.tidegate.io stamps");
}

}  // namespace support
