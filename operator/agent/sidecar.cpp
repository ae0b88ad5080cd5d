#include "agent/sidecar.hpp"

#include <thread>

#include "agent/outcome.hpp"
#include "api/names.hpp"
#include "core/text.hpp"
#include "database/connection_check.hpp"
#include "database/encryption.hpp"
#include "database/history/history.hpp"
#include "database/identity.hpp"

namespace agent {
namespace {

using database::DbError;
using database::FenceRule;

/// Clears first: a "yes" that is given in between is then seen.
bool Admitted(StateDirectory& state) {
    state.ClearReady();
    return state.WasAdmitted();
}

FenceRule::Role Role(bool admitted) {
    return admitted ? FenceRule::Role::Incumbent : FenceRule::Role::Newcomer;
}

core::Time Now() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

std::string Describe(const version::Reading& reading) {
    if (!reading.initialised) return "no history table";
    std::string text;
    for (const std::string& version : reading.versions)
        text += (text.empty() ? "" : ", ") + version;
    return text.empty() ? "none" : text;
}

std::string Describe(const std::optional<database::Fence::Holder>& holder, std::chrono::milliseconds quiet) {
    if (!holder) {
        return "waiting for the fence: it is free and must stay free for " +
               core::FormatDuration(std::chrono::ceil<std::chrono::seconds>(quiet)) +
               ", for a run that lost it to take it back";
    }
    std::string text = "waiting for the fence: ";
    text += holder->has_lock ? std::string{database::Fence::kLockName} + " is held by "
                             : "it is free, but a session of another run is there: ";
    text += api::DescribeServerProcess(holder->pid, holder->application_name,
                                       holder->client.empty() ? "" : "client " + holder->client);
    if (holder->since) text += ", connected since " + core::FormatTime(*holder->since);
    return text + "; it goes on by itself when that ends";
}

}  // namespace

Sidecar::Sidecar(const Configuration& configuration, StateDirectory& state, ReportFile& report, const StopSignal& stop,
                 const Timing& timing)
    : configuration_{configuration},
      state_{state},
      report_{report},
      stop_{stop},
      timing_{timing},
      tag_{std::string{api::kFenceTagPrefix} + configuration.job_uid},
      admitted_{Admitted(state)},
      patience_{timing.patience},
      fence_{tag_, Role(admitted_), database::history::DriverCarriesTag(configuration.history.tool), timing.fence},
      locks_{tag_, configuration.lock_watch, timing.lock_look, report, state} {}

int Sidecar::Run() {
    report_.Update([&](api::AgentReport& r) {
        if (admitted_) {
            r = state_.Incumbent();
            // The fence went with the process that held it.
            ++r.fence_lost;
        }
        r.phase = api::AgentPhase::Waiting;
        r.tool = version::Name(configuration_.history.tool);
        if (!r.start_time) r.start_time = Now();
    });
    try {
        do {
            if (!GetReady()) return exit_code_;
        } while (!Hold());
    } catch (const DbError& e) {
        return Refuse(e);
    }
    return Finish();
}

bool Sidecar::GetReady() {
    while (!stop_.IsRequested()) {
        try {
            if (!connection_) Connect();
            if (!TakeFence()) continue;
            if (!admitted_) {
                // Before the reading, which shows whether the connection and with it the lock is still there.
                stop_.Pause(timing_.fence.Seen());
                std::string identity;
                const version::Reading before = ReadVersion(identity);
                Say("holds the fence; version before: " + Describe(before));
                report_.Update([&](api::AgentReport& r) {
                    r.before = before;
                    r.identity = identity;
                });
            }
            report_.Update([&](api::AgentReport& r) {
                r.phase = api::AgentPhase::Holding;
                r.waiting_for.reset();
                r.error.reset();
                if (!r.fence_time) r.fence_time = Now();
            });
            state_.MarkIncumbent(report_.Current());
            state_.MarkReady();
            shown_.clear();
            SayWhatIsWatched();
            return true;
        } catch (const DbError& e) {
            // What the server refuses (a locked table, a missing grant) is asked again behind the fence that is held.
            if (!fence_.IsHeld() || e.Kind() == database::DbErrorKind::Unreachable) Disconnect();
            Show(e.what(), [&](api::AgentReport& r) { r.error = {std::string{ReasonOf(e.Kind())}, e.what()}; });
            if (GivesUp(e)) throw;
            stop_.Pause(patience_.NextPause());
        }
    }
    if (admitted_) return true;
    Say("asked to stop before it held the fence");
    report_.Update([](api::AgentReport& r) { r.end_time = Now(); });
    exit_code_ = kStoppedBeforeReady;
    return false;
}

bool Sidecar::TakeFence() {
    if (fence_.Poll(*connection_)) return true;
    patience_.Succeeded();
    ShowWaiting();
    stop_.Pause(timing_.fence.poll);
    return false;
}

void Sidecar::ShowWaiting() {
    const auto& in_the_way = fence_.InTheWay();
    Show(Describe(in_the_way, fence_.QuietTime()), [&](api::AgentReport& r) {
        r.error.reset();
        r.waiting_for = in_the_way
                            ? api::AgentReport::Holder{in_the_way->pid, in_the_way->application_name, in_the_way->since}
                            : api::AgentReport::Holder{};
    });
}

void Sidecar::Show(const std::string& line, const std::function<void(api::AgentReport&)>& change) {
    if (line == shown_) return;
    shown_ = line;
    Say(line);
    report_.Update(change);
    state_.WriteWaiting(line);
}

bool Sidecar::Hold() {
    while (!stop_.IsRequested()) {
        try {
            HoldOnce();
        } catch (const DbError& e) {
            Say(std::string{e.what()} + "; takes the fence again");
            const bool was_held = fence_.IsHeld();
            Disconnect();
            if (!admitted_) {
                StartAgain();
                return false;
            }
            if (was_held) {
                report_.Update([](api::AgentReport& r) { ++r.fence_lost; });
                state_.MarkIncumbent(report_.Current());
            }
            if (GivesUp(e)) throw;
            stop_.Pause(patience_.NextPause());
        }
    }
    return true;
}

void Sidecar::StartAgain() {
    report_.Update([](api::AgentReport& r) {
        r.phase = api::AgentPhase::Waiting;
        // Of a run that did not begin; another one may come first now.
        r.before.reset();
        r.fence_time.reset();
    });
}

void Sidecar::HoldOnce() {
    if (!connection_) Connect();
    if (!fence_.IsHeld()) {
        if (!TakeFence()) return;
        Say("holds the fence again");
        report_.Update([](api::AgentReport& r) { r.waiting_for.reset(); });
        state_.MarkReady();
        shown_.clear();
    }
    patience_.Succeeded();
    stop_.WaitReadable(connection_->Socket(), next_look_);
    if (!stop_.IsRequested()) next_look_ = locks_.Look(*connection_);
}

int Sidecar::Finish() {
    const auto until = std::chrono::steady_clock::now() + timing_.last_reading;
    while (true) {
        try {
            if (!connection_) Connect();
            std::string identity;
            const version::Reading after = ReadVersion(identity);
            Say("version after: " + Describe(after));
            report_.Update([&](api::AgentReport& r) {
                r.phase = api::AgentPhase::Done;
                r.after = after;
                r.identity = identity;
                r.error.reset();
                r.waiting_for.reset();
                r.end_time = Now();
            });
            fence_.Release(*connection_);
            return kDone;
        } catch (const DbError& e) {
            Disconnect();
            if (report_.Current().phase == api::AgentPhase::Done) return kDone;
            if (std::chrono::steady_clock::now() >= until) return Refuse(e);
            Say(e.what());
            // Not the stop signal's pause: the stop is what brought us here.
            std::this_thread::sleep_for(timing_.patience.first_pause);
        }
    }
}

bool Sidecar::GivesUp(const DbError& error) {
    const bool lasts = patience_.Failed(error.Kind(), std::chrono::steady_clock::now());
    // An incumbent's migration may be running: it stays to take the fence again as soon as that is possible.
    return lasts && (!admitted_ || Patience::NewProcessMayHelp(error.Kind()));
}

int Sidecar::Refuse(const DbError& error) {
    report_.Update([&](api::AgentReport& r) {
        r.phase = api::AgentPhase::Refused;
        r.error = {std::string{ReasonOf(error.Kind())}, error.what()};
        r.end_time = Now();
    });
    return ExitCodeOf(error.Kind());
}

void Sidecar::Connect() {
    // Under the run's tag only when the migration may be running: waiting agents would take each other for one.
    const std::string name = admitted_ ? tag_ : "tidegate-agent/" + configuration_.job_uid;
    connection_ = std::make_unique<database::Connection>(configuration_.credentials, name);
    Say("connected to database " + connection_->Target() + ", " + database::DescribeEncryption(*connection_));
    const bool check = database::AskForConnectionCheck(*connection_);
    report_.Update([&](api::AgentReport& r) { r.connection_check = check; });
}

void Sidecar::SayWhatIsWatched() const {
    if (database::history::DriverCarriesTag(configuration_.history.tool)) return;
    Say("sessions of " + std::string{version::Name(configuration_.history.tool)} +
        " are known, for the fence and the lock watch, only if its JDBC URL has ApplicationName=" + tag_);
}

void Sidecar::Disconnect() {
    connection_.reset();
    admitted_ = Admitted(state_);
    fence_.Disconnected(Role(admitted_));
}

version::Reading Sidecar::ReadVersion(std::string& identity) {
    identity = database::ReadIdentity(*connection_);
    return database::history::Read(*connection_, configuration_.history, configuration_.wanted);
}

}  // namespace agent
