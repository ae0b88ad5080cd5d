#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace support {

/// A command line with what it reads. `argv[0]` is looked up in PATH.
struct Command {
    std::vector<std::string> argv;
    std::string input;
    /// Added to this process's environment.
    std::map<std::string, std::string> environment;
    /// Commands of a test end in well under this; it is here to end a test that hangs, with its output.
    std::chrono::milliseconds timeout = std::chrono::minutes{2};
};

struct CommandResult {
    /// As a shell shows it: 128 + n after signal n.
    int exit_code = -1;
    std::string output;
    std::string error;

    bool Ok() const { return exit_code == 0; }
};

/// Runs the command to its end. Throws std::runtime_error when it cannot be started or does not end in time (it is
/// killed by its pid then); any exit code is a value.
CommandResult Run(const Command& command);

/// `Run`, and a std::runtime_error with command and stderr unless the exit code is 0. Returns stdout.
std::string RunOrThrow(const Command& command);

}  // namespace support
