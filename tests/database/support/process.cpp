#include "support/process.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace testing_support {
namespace {

constexpr std::chrono::milliseconds kPoll{5};

[[noreturn]] void ExecChild(const Process::Settings& settings, const User& user, char** argv, char** environment) {
    ::setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    const int output = ::open(settings.output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::dup2(::open("/dev/null", O_RDONLY), 0);
    ::dup2(output, 1);
    ::dup2(output, 2);
    ::close_range(3, ~0U, 0);
    // The system calls themselves: the library's functions of these names would change the threads of our parent, too.
    if (settings.unprivileged && ::geteuid() == 0 &&
        (::syscall(SYS_setgroups, 0, nullptr) != 0 || ::syscall(SYS_setgid, user.gid) != 0 ||
         ::syscall(SYS_setuid, user.uid) != 0)) {
        ::_exit(126);
    }
    // After setuid, which clears it.
    ::prctl(PR_SET_PDEATHSIG, settings.signal_on_our_death);
    ::execvpe(argv[0], argv, environment);
    ::dprintf(2, "cannot run %s: %s\n", argv[0], std::strerror(errno));
    ::_exit(127);
}

}  // namespace

bool Eventually(const std::function<bool()>& holds, std::chrono::milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (!holds()) {
        if (std::chrono::steady_clock::now() >= until) return false;
        std::this_thread::sleep_for(kPoll);
    }
    return true;
}

Process::Process(Settings settings) : settings_{std::move(settings)} {
    const char* path = std::getenv("PATH");
    std::vector<std::string> variables{std::string{"PATH="} + (path ? path : "/usr/bin:/bin")};
    for (const auto& [name, value] : settings_.environment)
        variables.push_back(name + "=" + value);
    std::vector<char*> argv;
    for (std::string& word : settings_.command)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    std::vector<char*> environment;
    for (std::string& variable : variables)
        environment.push_back(variable.data());
    environment.push_back(nullptr);
    const User user = UnprivilegedUser();

    // Not fork: a copy of this process for each of thousands of processes, with all its threads' pages, is what a test
    // of many threads would spend its time with. Until it has become another program the child only makes system calls.
    pid_ = ::vfork();
    if (pid_ < 0) throw std::runtime_error{"vfork"};
    if (pid_ == 0) ExecChild(settings_, user, argv.data(), environment.data());
}

Process::~Process() {
    if (!IsRunning()) return;
    Signal(SIGKILL);
    Wait();
}

void Process::Signal(int signal) const {
    if (!ended_) ::kill(pid_, signal);
}

bool Process::IsRunning() {
    return !Wait(std::chrono::milliseconds{0});
}

std::optional<int> Process::Wait(std::chrono::milliseconds limit) {
    Eventually(
        [&] {
            if (ended_) return true;
            int status = 0;
            if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
            ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
            return true;
        },
        limit);
    return ended_;
}

std::string Process::Output() const {
    return ReadFile(settings_.output);
}

int RunToEnd(Process::Settings settings) {
    Process process{std::move(settings)};
    return process.Wait(std::chrono::seconds{60}).value_or(-SIGALRM);
}

std::string ReadFile(const std::filesystem::path& path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

User UnprivilegedUser() {
    // Once: getpwnam may not be called by several threads, and tests start processes from several.
    static const User user = [] {
        if (::geteuid() != 0) return User{::geteuid(), ::getegid()};
        for (const char* name : {"postgres", "nobody"}) {
            if (const passwd* entry = ::getpwnam(name)) return User{entry->pw_uid, entry->pw_gid};
        }
        throw std::runtime_error{"neither a user postgres nor nobody: run the database tier as an ordinary user"};
    }();
    return user;
}

}  // namespace testing_support
