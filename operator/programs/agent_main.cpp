#include <algorithm>
#include <chrono>
#include <functional>

#include <CLI/CLI.hpp>
#include <malloc.h>
#include <sys/resource.h>

#include "agent/commands.hpp"
#include "agent/outcome.hpp"
#include "agent/supervisor.hpp"

namespace {

/// A core dump would hold the password.
void RefuseCoreDumps() {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
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

    CLI::App* wait = app.add_subcommand(
        "wait", "init container of a workload: exit 0 when the database shows the version, DATABASE@VERSION");
    agent::WaitOptions waits;
    wait->add_option("requirement", waits.requirement, "as in the annotation tidegate.io/requires")->required();
    std::int64_t timeout_seconds = waits.timeout.count();
    wait->add_option("--timeout", timeout_seconds, "seconds; then exit 1, or the code of the error that lasted")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();

    agent::Timing timing;
    AddTestOptions(*run, timing);
    AddTestOptions(*probe, timing);

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? agent::kDone : agent::kUsage;
    }
    if (*ready) return agent::AnswerReady();
    if (*probe) return agent::RunProbe(timing);
    if (*wait) {
        waits.timeout = std::chrono::seconds{timeout_seconds};
        return agent::RunWait(waits);
    }
    return agent::RunSidecar(timing);
}
