#include "agent/probe.hpp"

#include "agent/outcome.hpp"
#include "database/connection.hpp"
#include "database/connection_check.hpp"
#include "database/encryption.hpp"
#include "database/history/history.hpp"
#include "database/identity.hpp"

namespace agent {
namespace {

core::Time Now() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

void ReadOnce(const Configuration& configuration, ReportFile& report) {
    // Not "tidegate/": a probe is no run, and nobody behind the fence need wait for it.
    database::Connection connection{configuration.credentials, "tidegate-probe/" + configuration.job_uid};
    Say("connected to database " + connection.Target() + ", " + database::DescribeEncryption(connection));
    const bool check = database::AskForConnectionCheck(connection);
    const std::string identity = database::ReadIdentity(connection);
    const version::Reading reading = database::history::Read(connection, configuration.history, configuration.wanted);
    report.Update([&](api::AgentReport& r) {
        r.phase = api::AgentPhase::Done;
        r.identity = identity;
        r.connection_check = check;
        r.after = reading;
        r.error.reset();
        r.end_time = Now();
    });
}

}  // namespace

int ProbeOnce(const Configuration& configuration, ReportFile& report, const StopSignal& stop, const Timing& timing) {
    report.Update([&](api::AgentReport& r) {
        r.tool = version::Name(configuration.history.tool);
        r.start_time = Now();
    });
    Patience patience{timing.patience};
    while (!stop.IsRequested()) {
        try {
            ReadOnce(configuration, report);
            return kDone;
        } catch (const database::DbError& e) {
            const bool give_up = patience.Failed(e.Kind(), std::chrono::steady_clock::now());
            report.Update([&](api::AgentReport& r) {
                if (give_up) r.phase = api::AgentPhase::Refused;
                r.error = {std::string{ReasonOf(e.Kind())}, e.what()};
                r.end_time = Now();
            });
            Say(e.what());
            if (give_up) return ExitCodeOf(e.Kind());
            stop.Pause(patience.NextPause());
        }
    }
    return kStoppedBeforeReady;
}

}  // namespace agent
