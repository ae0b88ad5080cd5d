#include <cstdlib>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>

#include "controllers/application.hpp"
#include "kube/clients.hpp"
#include "programs/release_command.hpp"
#include "runtime/shutdown.hpp"
#include "telemetry/json_log.hpp"

#ifndef TIDEGATE_VERSION
#error "TIDEGATE_VERSION comes from the build file"
#endif

namespace {

std::string FromEnvironment(const char* name, const std::string& otherwise) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : otherwise;
}

int Serve(controllers::Options options) {
    try {
        controllers::Application application(std::move(options));
        const int code = application.Run();
        runtime::ExitNow(code);
    } catch (const std::exception& error) {
        telemetry::Log(runtime::LogLevel::kError, "tidegate cannot start", {{"error", error.what()}});
        return EXIT_FAILURE;
    }
}

}  // namespace

int main(int argc, char** argv) {
    runtime::BlockSignals();
    runtime::LimitMemoryArenas();
    kube::InitialiseThreadPool();

    controllers::Options options;
    options.version = TIDEGATE_VERSION;
    options.jobs.version = TIDEGATE_VERSION;
    options.pod_namespace = FromEnvironment("POD_NAMESPACE", options.pod_namespace);
    options.pod_name = FromEnvironment("POD_NAME", FromEnvironment("HOSTNAME", "tidegate"));
    std::string log_level = "info";

    CLI::App app{"tidegate: runs database migrations as custom resources and holds rollouts until they are proven"};
    // As in Go's programs, the last one counts: charts and patches append arguments.
    app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    app.set_version_flag("--version", options.version);
    app.add_option("--kubeconfig", options.kubeconfig,
                   "Kubeconfig file; default: $KUBECONFIG, the pod's service account");
    app.add_option("--namespaces", options.namespaces, "Namespaces to work in, comma separated; default: all")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->delimiter(',');
    app.add_option("--leader-elect", options.leader_elect, "Work only while holding the Lease")->capture_default_str();
    app.add_option("--bind", options.bind, "HOST:PORT of /healthz, /readyz and /metrics; port 0 picks one")
        ->capture_default_str();
    app.add_option("--ready-file", options.ready_file, "File that gets HOST:PORT once tidegate is ready");
    auto* agent_image =
        app.add_option("--agent-image", options.jobs.agent_image, "Image with /tidegate-agent: the operator's own")
            ->required();
    app.add_option("--agent-pull-policy", options.jobs.agent_pull_policy, "imagePullPolicy of the agent")
        ->check(CLI::IsMember({"Always", "IfNotPresent", "Never"}))
        ->capture_default_str();
    auto wait_seconds = options.in_flight_wait.count();
    app.add_option("--in-flight-wait-seconds", wait_seconds,
                   "How long before a Contract or a Down API requests may be in flight. Less than the default is for "
                   "tests only: a rollout that was let through may come after what it needs was taken away")
        ->check(CLI::Range(0, 3600))
        ->capture_default_str();
    app.add_option("--log-level", log_level, "debug, info, warning or error")
        ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
        ->capture_default_str();
    programs::ReleaseCommand release(app, agent_image);
    CLI11_PARSE(app, argc, argv);
    options.in_flight_wait = std::chrono::seconds{wait_seconds};
    telemetry::SetLogLevel(std::string_view(log_level));
    if (release.IsAsked()) runtime::ExitNow(release.Run(options));
    return Serve(std::move(options));
}
