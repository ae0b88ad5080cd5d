#include "runtime/shutdown.hpp"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <malloc.h>
#include <pthread.h>
#include <unistd.h>

// Present in sanitizer builds only.
extern "C" int __lsan_do_recoverable_leak_check() __attribute__((weak));

namespace runtime {
namespace {

sigset_t EndSignals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signals;
}

extern "C" void EndAtOnce(int) {
    _exit(1);
}

}  // namespace

void BlockSignals() {
    const auto signals = EndSignals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

int WaitForSignal() {
    const auto signals = EndSignals();
    int received = 0;
    while (sigwait(&signals, &received) != 0) {
    }
    std::signal(SIGTERM, EndAtOnce);
    std::signal(SIGINT, EndAtOnce);
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
    return received;
}

void RequestShutdown() {
    kill(getpid(), SIGTERM);
}

void ExitNow(int code) {
    std::fflush(nullptr);
    if (__lsan_do_recoverable_leak_check != nullptr && __lsan_do_recoverable_leak_check() != 0 && code == 0) code = 1;
    std::_Exit(code);
}

void LimitMemoryArenas() {
    mallopt(M_ARENA_MAX, 2);
}

void TrimMemory() {
    malloc_trim(0);
}

}  // namespace runtime
