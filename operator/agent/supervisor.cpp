#include "agent/supervisor.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <thread>
#include <utility>

#include <unistd.h>

#include "agent/outcome.hpp"

namespace agent {
namespace {

constexpr int kWorkEnded = SIGUSR1;

sigset_t Awaited() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, kWorkEnded})
        sigaddset(&signals, signal);
    return signals;
}

/// 0 when the time was over.
int AwaitSignal(const timespec* timeout) {
    const sigset_t signals = Awaited();
    int signal = -1;
    do
        signal = ::sigtimedwait(&signals, nullptr, timeout);
    while (signal < 0 && errno == EINTR);
    return signal < 0 ? 0 : signal;
}

core::Time Now() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

}  // namespace

void PrepareSignals() {
    std::signal(SIGPIPE, SIG_IGN);
    const sigset_t signals = Awaited();
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

int Supervise(const std::function<int(std::stop_token)>& work, std::chrono::milliseconds patience,
              const std::function<void()>& last_words) {
    int exit_code = kUsage;
    std::jthread worker{[&](std::stop_token stop) {
        exit_code = work(std::move(stop));
        ::kill(::getpid(), kWorkEnded);
    }};

    int signal = AwaitSignal(nullptr);
    if (signal != kWorkEnded) {
        worker.request_stop();
        const auto until = std::chrono::steady_clock::now() + patience;
        do {
            const auto left = std::chrono::ceil<std::chrono::seconds>(until - std::chrono::steady_clock::now());
            const timespec timeout{std::max<std::time_t>(left.count(), 0), 0};
            signal = AwaitSignal(&timeout);
        } while (signal == SIGTERM || signal == SIGINT);
    }
    if (signal == kWorkEnded) {
        worker.join();
        return exit_code;
    }

    last_words();
    // The worker sits in a call that nothing ends; waiting for it would wait for the kubelet's SIGKILL.
    ::_exit(ExitCodeOf(database::DbErrorKind::Unreachable));
}

std::function<void()> ReportSilence(ReportFile& report) {
    return [&report] {
        report.Update([](api::AgentReport& r) {
            r.phase = api::AgentPhase::Refused;
            r.error = {std::string{api::agent_error::kUnreachable},
                       "the database stopped answering; whether the migration reached its version must be read again"};
            r.end_time = Now();
        });
    };
}

}  // namespace agent
