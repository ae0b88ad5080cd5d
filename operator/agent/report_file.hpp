#pragma once

#include <filesystem>
#include <functional>
#include <mutex>

#include "api/agent_report.hpp"

namespace agent {

/// The report as it stands, kept up to date in the container's termination message file, so that an agent that is
/// killed leaves its last word. A file that cannot be written costs a line on standard error, nothing else: the fence
/// matters more than the report. Thread-safe.
class ReportFile {
public:
    explicit ReportFile(std::filesystem::path path);

    /// Changes the report and writes it.
    void Update(const std::function<void(api::AgentReport&)>& change);
    api::AgentReport Current() const;

private:
    void Write() const;

    const std::filesystem::path path_;
    mutable std::mutex mutex_;
    api::AgentReport report_;
};

/// One line on standard error, for `kubectl logs`.
void Say(const std::string& line);

}  // namespace agent
