#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace support {

/// A process that runs beside the test; stdout and stderr go to a file. Killed by its pid when the object goes.
class Process final {
public:
    struct Settings {
        /// argv[0] is looked up in PATH.
        std::vector<std::string> argv;
        /// Added to this process's environment.
        std::map<std::string, std::string> environment;
        /// Appended to.
        std::string log_file;
        /// What the process reads; it sees the end of the file afterwards. At most the size of a pipe (64 KiB).
        std::string input;
    };

    /// Throws std::runtime_error when it cannot be started; a program that is missing or not executable is one such
    /// case.
    explicit Process(const Settings& settings);
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process();

    pid_t Pid() const { return pid_; }
    /// Does nothing once the process was waited for: its pid may be somebody else's by then.
    void Signal(int signal);
    /// nullopt: still running after `timeout`. Else the exit code, 128 + n after signal n.
    std::optional<int> Wait(std::chrono::milliseconds timeout);
    bool Running() { return !Wait(std::chrono::milliseconds{0}); }

private:
    pid_t pid_ = -1;
    std::optional<int> exit_code_;
};

/// Starts `argv` with the given descriptors as stdin, stdout and stderr. Shared by Process and Run.
pid_t Spawn(const std::vector<std::string>& argv, const std::map<std::string, std::string>& environment, int in,
            int out, int error);
/// The exit code of a wait status as a shell shows it.
int ExitCode(int wait_status);

}  // namespace support
