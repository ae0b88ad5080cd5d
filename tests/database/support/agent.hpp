#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/agent_report.hpp"
#include "support/postgres_server.hpp"
#include "support/process.hpp"

namespace testing_support {

/// A database of its own for a case, with a role of its own that owns it, on some server.
struct TestDatabase {
    int port = 0;
    std::string name;
    std::string user;
    std::string password;
};

/// What a pod is for the agent: an environment, an emptyDir, a termination message file. It outlives agents that are
/// killed and started again in it.
class AgentPod {
public:
    /// `name` tells pods of one Job apart.
    AgentPod(const TemporaryFolder& folder, const std::string& name, const std::string& job_uid,
             const TestDatabase& database);
    /// Fails the test if any part of a password was shown anywhere.
    ~AgentPod();

    /// For Environment() and options of the next start.
    std::map<std::string, std::string> environment;
    /// Options of the command line; quiet time and patience are short unless a case says otherwise.
    std::vector<std::string> options;

    Process& Run();
    Process& Probe();
    /// An init container of somebody else's pod: `arguments` instead of `options`.
    Process& Wait(const std::vector<std::string>& arguments);
    Process& Agent() { return *process_; }

    struct Readiness {
        int exit_code;
        std::string line;
    };
    Readiness Ready();
    bool BecomesReady(std::chrono::milliseconds limit = std::chrono::seconds{20});
    /// `ready` prints a line that holds `part`.
    bool Shows(const std::string& part);

    /// SIGTERM, as the kubelet does when the migration container has ended; the exit code.
    std::optional<int> Terminate();
    /// Asserts that there is one.
    api::AgentReport Report() const;
    std::string ReportText() const;
    std::string Output() const;

private:
    Process& Start(const std::string& command, const std::vector<std::string>& arguments);
    void ExpectNoLeak() const;

    std::filesystem::path folder_;
    std::unique_ptr<Process> process_;
    int starts_ = 0;
};

}  // namespace testing_support
