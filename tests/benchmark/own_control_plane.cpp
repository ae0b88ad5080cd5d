#include "benchmark/own_control_plane.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "kube/clients.hpp"
#include "kube/cpprest_transport.hpp"
#include "kube/kubeconfig.hpp"
#include "support/builders.hpp"
#include "support/chart.hpp"
#include "support/control_plane.hpp"
#include "support/eventually.hpp"
#include "support/kubectl.hpp"

namespace benchmark {
namespace {

using Json = nlohmann::json;
constexpr char kNamespace[] = "shop";

}  // namespace

OwnControlPlane::OwnControlPlane(const std::string& name)
    : state_(std::filesystem::temp_directory_path() / ("tidegate-benchmark-" + name + "-" + std::to_string(getpid()))) {
    support::RunOrThrow({.argv = {support::SourceFile("deploy/local/control-plane"), "up", "--state", state_,
                                  "--with-parent", std::to_string(getpid())},
                         .input = {},
                         .environment = {}});
    const auto kubeconfig = state_ + "/admin.kubeconfig";
    support::Kubectl(kNamespace).With(kubeconfig).Must({"create", "namespace", kNamespace});
    Signal(SIGSTOP);
    kube::InitialiseThreadPool();
    transport_ = std::make_shared<kube::CpprestTransport>(kube::LoadKubeconfig(kubeconfig),
                                                          kube::CpprestTransport::Settings{.user_agent = "benchmark"});
    client_ = std::make_unique<kube::Client>(
        transport_, kube::Client::Settings{.field_manager = "benchmark", .observer = nullptr, .may_write = {}});
}

OwnControlPlane::~OwnControlPlane() {
    try {
        Signal(SIGCONT);
        support::Run({.argv = {support::SourceFile("deploy/local/control-plane"), "down", "--state", state_},
                      .input = {},
                      .environment = {}});
    } catch (const std::exception&) {
        // --with-parent ends it, too.
    }
}

void OwnControlPlane::Signal(int signal) const {
    std::ifstream file(state_ + "/run/kube-controller-manager.pid");
    pid_t pid = 0;
    if (!(file >> pid)) throw std::runtime_error("the controllers of " + state_ + " have no pid");
    kill(pid, signal);
}

void OwnControlPlane::InstallChart(const std::string& satisfied) const {
    const auto kubeconfig = state_ + "/admin.kubeconfig";
    const auto installed = support::Helm(
        {"install", "tidegate", support::SourceFile("charts/tidegate"), "--no-hooks", "--create-namespace",
         std::string("--namespace=") + support::kOperatorNamespace, "--kubeconfig=" + kubeconfig});
    if (!installed.Ok()) throw std::runtime_error("helm install: " + installed.error);
    const auto kubectl = support::Kubectl(kNamespace).With(kubeconfig);
    kubectl.MustApply(support::LedgerOf({satisfied}));
    const auto held = [&](const Json& object, const char* field) {
        const auto made = kubectl.Run({"create", "--dry-run=server", "--output=json", "--filename=-"}, object.dump());
        return Json::parse(made.output)["spec"].value(field, false);
    };
    const auto in_effect = support::Eventually(
        [&] {
            return held(support::DeploymentBuilder("probe").Requires("other@1").Build(), "paused") &&
                   held(support::JobBuilder("probe").Requires("other@1").Build(), "suspend") &&
                   !held(support::DeploymentBuilder("probe").Requires(satisfied).Build(), "paused") &&
                   !held(support::JobBuilder("probe").Requires(satisfied).Build(), "suspend");
        },
        "the policies are in effect");
    if (!in_effect) throw std::runtime_error(in_effect.message());
}

void OwnControlPlane::Ping() const {
    transport_->Send({kube::Request::Method::kGet, "/livez/ping", "", ""}, {});
}

}  // namespace benchmark
