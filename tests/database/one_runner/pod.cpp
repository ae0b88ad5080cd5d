#include "one_runner/pod.hpp"

#include <algorithm>
#include <csignal>
#include <string_view>
#include <utility>

namespace one_runner {

using testing_support::Process;
using testing_support::ReadFile;

Pod::Pod(const PlannedPod& plan, Setting setting) : plan_{plan}, setting_{std::move(setting)} {
    state_ = setting_.folder / "state";
    std::filesystem::create_directories(state_);
    if (plan_.proxied) proxy_ = std::make_unique<TcpProxy>(setting_.port);
    const std::string port = std::to_string(proxy_ ? proxy_->Port() : setting_.port);
    environment_ = {{"TIDEGATE_HOST", "127.0.0.1"},
                    {"TIDEGATE_PORT", port},
                    {"TIDEGATE_DBNAME", setting_.database},
                    {"TIDEGATE_USER", setting_.database},
                    {"TIDEGATE_TOOL", "Alembic"},
                    {"TIDEGATE_JOB_UID", plan_.job_uid},
                    {"TIDEGATE_STATE_DIRECTORY", state_},
                    {"TIDEGATE_REPORT_PATH", setting_.folder / "termination-log"},
                    {"LSAN_OPTIONS", "print_suppressions=0:suppressions=" LEAK_SUPPRESSIONS}};
}

Pod::~Pod() {
    // A stopped process is killed by SIGKILL as well.
    for (auto* process : {&agent_, &probe_, &migration_})
        process->reset();
}

std::optional<Instant> Pod::Since(Event event) const {
    const auto found = events_.find(event);
    return found == events_.end() ? std::nullopt : std::optional{found->second};
}

void Pod::Happened(Event event, Instant now) {
    if (events_.try_emplace(event, now).second)
        setting_.say("pod " + std::to_string(setting_.number) + " " + Name(event));
}

bool Pod::Waited() const {
    const auto said = Output("agent.log");
    return said.find("is held by server process") != std::string::npos ||
           said.find("a session of another run is there") != std::string::npos;
}

void Pod::StartAgent(Instant now) {
    Process::Settings settings{
        .command = {TIDEGATE_AGENT, "run"}, .environment = environment_, .output = setting_.folder / "agent.log"};
    settings.command.insert(settings.command.end(), setting_.agent_options.begin(), setting_.agent_options.end());
    agent_ = std::make_unique<Process>(std::move(settings));
    agent_starts_at_.reset();
    held_seen_ = false;
    Happened(Event::Arrived, now);
}

void Pod::StartMigration(Instant now) {
    // The container's environment as operator/jobs writes it.
    const std::map<std::string, std::string> environment{{"PGHOST", environment_["TIDEGATE_HOST"]},
                                                         {"PGPORT", environment_["TIDEGATE_PORT"]},
                                                         {"PGDATABASE", setting_.database},
                                                         {"PGUSER", setting_.database},
                                                         {"PGAPPNAME", "tidegate/" + plan_.job_uid}};
    migration_ = std::make_unique<Process>(
        Process::Settings{.command = {TIDEGATE_TEST_MIGRATION, setting_.round, std::to_string(setting_.number),
                                      std::to_string(plan_.sessions), std::to_string(plan_.hold.count()),
                                      std::to_string(plan_.gap.count()), plan_.reconnects ? "1" : "0"},
                          .environment = environment,
                          .output = setting_.folder / "migration.log"});
    migration_interval_ = Interval{now, std::nullopt};
    phase_ = Phase::Migrating;
    Happened(Event::Spawned, now);
}

void Pod::Step(Instant now) {
    if (phase_ == Phase::Over) return;
    StepAgent(now);
    switch (phase_) {
        case Phase::Waiting:
            return StepWaiting(now);
        case Phase::Starting:
            return StepStarting(now);
        case Phase::Migrating:
            return StepMigrating(now);
        case Phase::Stopping:
            // Containers that end after the last ordinary one has ended are not started again.
            if (!agent_) phase_ = Phase::Over;
            return;
        case Phase::Over:
            return;
    }
}

void Pod::StepAgent(Instant now) {
    if (agent_ && !agent_->IsRunning()) {
        setting_.say("pod " + std::to_string(setting_.number) + "'s agent ended with " +
                     std::to_string(agent_->Wait().value_or(-1)));
        agent_.reset();
        if (!agent_starts_at_) agent_starts_at_ = now + setting_.settle / 5;
    }
    const bool wanted = phase_ == Phase::Waiting || phase_ == Phase::Starting || phase_ == Phase::Migrating;
    if (!agent_ && wanted && (!agent_starts_at_ || now >= *agent_starts_at_)) StartAgent(now);
}

void Pod::StepWaiting(Instant now) {
    if (!agent_) return;
    if (probe_) {
        if (probe_->IsRunning()) return;
        const bool ready = probe_->Wait() == 0;
        probe_.reset();
        longest_probe_ = std::max(longest_probe_, now - probe_began_);
        probe_at_ = now + plan_.probe_pause;
        if (!ready) return;
        Happened(Event::Ready, now);
        container_at_ = now + plan_.container_start;
        phase_ = Phase::Starting;
        return;
    }
    // The file only says when asking is worth a process; what counts is the answer.
    if (!std::filesystem::exists(state_ / "ready")) return;
    if (!held_seen_) {
        held_seen_ = true;
        // A kubelet does not look in the moment in which there is something to see.
        probe_at_ = now + plan_.probe_pause;
        Happened(Event::Holds, now);
    }
    if (now < probe_at_) return;
    probe_began_ = now;
    probe_ = std::make_unique<Process>(Process::Settings{
        .command = {TIDEGATE_AGENT, "ready"}, .environment = environment_, .output = setting_.folder / "ready.log"});
}

void Pod::StepStarting(Instant now) {
    if (!agent_ && plan_.kubelet_is_quick) {
        phase_ = Phase::Waiting;
        return;
    }
    if (now >= container_at_) StartMigration(now);
}

void Pod::StepMigrating(Instant now) {
    if (!Since(Event::InSession)) {
        // Reading it is worth while only once there is more in it than that it started.
        std::error_code ignored;
        const auto size = std::filesystem::file_size(setting_.folder / "migration.log", ignored);
        const bool more = !ignored && size > std::string_view{"started\n"}.size();
        if (more && Output("migration.log").find("in session") != std::string::npos) Happened(Event::InSession, now);
    }
    if (migration_->IsRunning()) return;
    migration_interval_->ended = now;
    setting_.say("pod " + std::to_string(setting_.number) + "'s migration ended with " +
                 std::to_string(migration_->Wait().value_or(-1)));
    Happened(Event::MigrationEnded, now);
    migration_.reset();
    if (agent_) agent_->Signal(SIGTERM);
    phase_ = Phase::Stopping;
}

bool Pod::KillAgent(Milliseconds restart_after, Instant now) {
    if (!agent_) return false;
    agent_->Signal(SIGKILL);
    agent_->Wait();
    agent_.reset();
    // A long time without the agent is drawn for a pod whose migration was not admitted yet. Should it be by now, the
    // kubelet is as quick as it is with a pod that runs.
    const bool admitted = phase_ != Phase::Waiting || probe_;
    probe_.reset();
    if (admitted) restart_after = std::min(restart_after, setting_.settle * 2 / 5);
    agent_starts_at_ = now + restart_after;
    return true;
}

bool Pod::KillMigration() {
    return SignalMigration(SIGKILL);
}

bool Pod::Kill(Instant now) {
    if (phase_ == Phase::Over) return false;
    for (auto* process : {&probe_, &migration_, &agent_})
        process->reset();
    if (migration_interval_ && !migration_interval_->ended) migration_interval_->ended = now;
    phase_ = Phase::Over;
    killed_ = true;
    return true;
}

bool Pod::SignalAgent(int signal) {
    if (!agent_) return false;
    agent_->Signal(signal);
    return true;
}

bool Pod::SignalMigration(int signal) {
    if (!migration_) return false;
    migration_->Signal(signal);
    return true;
}

std::string Pod::Output(const char* name) const {
    return ReadFile(setting_.folder / name);
}

std::string Pod::Logs() const {
    const std::string number = "pod " + std::to_string(setting_.number);
    return "--- " + number + ", agent\n" + Output("agent.log") + "--- " + number + ", migration\n" +
           Output("migration.log");
}

}  // namespace one_runner
