#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace testing_support {

/// Polls `holds` until it is true; false after `limit`. For conditions of other processes, which nobody can wait on.
bool Eventually(const std::function<bool()>& holds, std::chrono::milliseconds limit = std::chrono::seconds{20});

/// A process of ours. Ends with the test (SIGKILL by its pid), also when the test executable itself is killed.
class Process {
public:
    struct Settings {
        std::vector<std::string> command;
        /// The whole environment, except PATH.
        std::map<std::string, std::string> environment;
        /// Where standard output and error go; a file of the caller's.
        std::filesystem::path output;
        /// Give up root for an ordinary user first, if we are root.
        bool unprivileged = false;
        /// What it gets when the test executable dies.
        int signal_on_our_death = 9;
    };

    explicit Process(Settings settings);
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    pid_t Pid() const { return pid_; }
    void Signal(int signal) const;
    /// The exit code, or minus the signal that ended it; nullopt: still running after `limit`.
    std::optional<int> Wait(std::chrono::milliseconds limit = std::chrono::seconds{20});
    bool IsRunning();
    std::string Output() const;

private:
    Settings settings_;
    pid_t pid_ = -1;
    std::optional<int> ended_;
};

/// Runs to the end; the exit code. Output in `output`.
int RunToEnd(Process::Settings settings);

std::string ReadFile(const std::filesystem::path& path);

/// A user without privileges: PostgreSQL refuses to run as root. Our own when we are not root.
struct User {
    uid_t uid;
    gid_t gid;
};
User UnprivilegedUser();

}  // namespace testing_support
