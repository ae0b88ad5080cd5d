#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include <CLI/CLI.hpp>
#include <malloc.h>
#include <sys/resource.h>

#include "agent/configuration.hpp"
#include "agent/outcome.hpp"
#include "agent/probe.hpp"
#include "agent/sidecar.hpp"
#include "agent/supervisor.hpp"
#include "api/names.hpp"

namespace {

/// A core dump would hold the password.
void RefuseCoreDumps() {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
}

const char* FromProcess(const char* name) {
    return std::getenv(name);
}

/// Turns an environment that cannot be used into a report and an exit code, like any other error.
int WithConfiguration(agent::ReportFile& report, const std::function<int(const agent::Configuration&)>& body) {
    try {
        return body(agent::ReadConfiguration(FromProcess));
    } catch (const database::DbError& e) {
        agent::Say(e.what());
        report.Update([&](api::AgentReport& r) {
            r.phase = api::AgentPhase::Refused;
            r.error = {std::string{agent::ReasonOf(e.Kind())}, e.what()};
            r.end_time = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
        });
        return agent::ExitCodeOf(e.Kind());
    }
}

int RunSidecar(const agent::Timing& timing) {
    agent::ReportFile report{agent::ReportPath(FromProcess)};
    return WithConfiguration(report, [&](const agent::Configuration& configuration) {
        agent::StateDirectory state{agent::StateDirectoryPath(FromProcess), configuration.job_uid};
        const auto work = [&](std::stop_token token) {
            const agent::StopSignal stop{std::move(token)};
            return agent::Sidecar{configuration, state, report, stop, timing}.Run();
        };
        return agent::Supervise(work, report, timing.last_reading + timing.stop_margin);
    });
}

int RunProbe(const agent::Timing& timing) {
    agent::ReportFile report{agent::ReportPath(FromProcess)};
    return WithConfiguration(report, [&](const agent::Configuration& configuration) {
        const auto work = [&](std::stop_token token) {
            const agent::StopSignal stop{std::move(token)};
            return agent::RunProbe(configuration, report, stop, timing);
        };
        return agent::Supervise(work, report, timing.last_reading + timing.stop_margin);
    });
}

int PrintReady() {
    const char* path = FromProcess(api::kAgentStateDirectory.data());
    const char* job_uid = FromProcess(api::kAgentJobUid.data());
    agent::StateDirectory state{path ? path : "", job_uid ? job_uid : ""};
    try {
        const bool ready = state.Admit();
        std::puts(ready ? "holds the fence" : state.Waiting().c_str());
        return ready ? agent::kDone : agent::kNotReady;
    } catch (const database::DbError& e) {
        std::puts(e.what());
        return agent::kNotReady;
    }
}

/// Not in --help: they shorten the agent's times, safety rules among them, so that tests need not wait for them.
void AddTestOptions(CLI::App& command, agent::Timing& timing) {
    const auto add = [&](const char* name, const std::function<void(std::int64_t)>& set) {
        command.add_option_function<std::int64_t>(name, set)->group("");
    };
    using std::chrono::milliseconds;
    add("--unsafe-test-divide-times-by",
        [&](std::int64_t value) { timing = timing.DividedBy(static_cast<int>(value)); });
    add("--unsafe-test-poll-milliseconds", [&](std::int64_t value) { timing.fence.poll = milliseconds{value}; });
    add("--unsafe-test-quiet-milliseconds", [&](std::int64_t value) {
        timing.fence.quiet = milliseconds{value};
        timing.fence.settle = std::min(timing.fence.settle, timing.fence.quiet);
    });
    add("--unsafe-test-young-server-seconds",
        [&](std::int64_t value) { timing.fence.young_server = std::chrono::seconds{value}; });
    add("--unsafe-test-patience-milliseconds", [&](std::int64_t value) {
        timing.patience.transient = timing.patience.other = milliseconds{value};
        timing.last_reading = timing.stop_margin = milliseconds{value};
    });
}

}  // namespace

int main(int argc, char** argv) {
    agent::PrepareSignals();
    RefuseCoreDumps();
    // Two threads, one of them asleep: a second arena would only cost memory.
    ::mallopt(M_ARENA_MAX, 1);

    CLI::App app{
        "Opens the one database connection of a migration's pod: fence, version before and after, report.\n"
        "Configured by TIDEGATE_* variables (operator/api/names.hpp)."};
    app.require_subcommand(1);
    CLI::App* run = app.add_subcommand("run", "native sidecar: hold the fence until SIGTERM, then verify and report");
    CLI::App* ready = app.add_subcommand("ready", "startup probe: exit 0 when the fence is held");
    CLI::App* probe = app.add_subcommand("probe", "read the version once, without the fence, and report it");

    agent::Timing timing;
    AddTestOptions(*run, timing);
    AddTestOptions(*probe, timing);

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? agent::kDone : agent::kUsage;
    }
    if (*ready) return PrintReady();
    if (*probe) return RunProbe(timing);
    return RunSidecar(timing);
}
