#include "agent/commands.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "agent/configuration.hpp"
#include "agent/outcome.hpp"
#include "agent/probe.hpp"
#include "agent/sidecar.hpp"
#include "agent/supervisor.hpp"
#include "api/names.hpp"

namespace agent {
namespace {

/// A connection attempt and a reading, the longest that a stop has to wait for.
constexpr std::chrono::seconds kWaitEndsWithin{10};

const char* FromProcess(const char* name) {
    return std::getenv(name);
}

/// Turns an environment that cannot be used into a report and an exit code, like any other error.
int WithConfiguration(ReportFile& report, const std::function<int(const Configuration&)>& body) {
    try {
        return body(ReadConfiguration(FromProcess));
    } catch (const database::DbError& e) {
        Say(e.what());
        report.Update([&](api::AgentReport& r) {
            r.phase = api::AgentPhase::Refused;
            r.error = {std::string{ReasonOf(e.Kind())}, e.what()};
            r.end_time = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
        });
        return ExitCodeOf(e.Kind());
    }
}

}  // namespace

int RunSidecar(const Timing& timing) {
    ReportFile report{ReportPath(FromProcess)};
    return WithConfiguration(report, [&](const Configuration& configuration) {
        StateDirectory state{StateDirectoryPath(FromProcess), configuration.job_uid};
        const auto work = [&](std::stop_token token) {
            const StopSignal stop{std::move(token)};
            return Sidecar{configuration, state, report, stop, timing}.Run();
        };
        return Supervise(work, timing.last_reading + timing.stop_margin, ReportSilence(report));
    });
}

int RunProbe(const Timing& timing) {
    ReportFile report{ReportPath(FromProcess)};
    return WithConfiguration(report, [&](const Configuration& configuration) {
        const auto work = [&](std::stop_token token) {
            const StopSignal stop{std::move(token)};
            return ProbeOnce(configuration, report, stop, timing);
        };
        return Supervise(work, timing.last_reading + timing.stop_margin, ReportSilence(report));
    });
}

int RunWait(const WaitOptions& options) {
    try {
        const auto configuration = ReadDatabaseConfiguration(FromProcess);
        return Supervise(
            [&](std::stop_token token) {
                const StopSignal stop{std::move(token)};
                return Wait(configuration, options, stop);
            },
            kWaitEndsWithin, [] { Say("the database does not answer; asked to stop"); });
    } catch (const database::DbError& e) {
        Say(e.what());
        return ExitCodeOf(e.Kind());
    }
}

int AnswerReady() {
    const char* path = FromProcess(api::kAgentStateDirectory.data());
    const char* job_uid = FromProcess(api::kAgentJobUid.data());
    StateDirectory state{path ? path : "", job_uid ? job_uid : ""};
    try {
        const bool ready = state.Admit();
        std::puts(ready ? "holds the fence" : state.Waiting().c_str());
        return ready ? kDone : kNotReady;
    } catch (const database::DbError& e) {
        std::puts(e.what());
        return kNotReady;
    }
}

}  // namespace agent
