#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "api/agent_report.hpp"

namespace agent {

/// Small files in the pod's emptyDir. They outlive the agent's container, not the pod:
///
///   ready      the agent that runs now holds the fence (or did a moment ago); `tidegate-agent ready` looks for it
///   incumbent  this pod's migration may have started: the report as it was then. Decides which rule of the fence
///              holds after a restart of the agent
///   waiting    one line for people: what the agent waits for
///
/// The writing functions throw database::DbError{BadConfiguration} when the folder cannot be written.
class StateDirectory {
public:
    StateDirectory(std::filesystem::path path, const std::string& job_uid);

    void MarkReady();
    void ClearReady();
    /// False for a mark of another Job or from before the node's last boot.
    bool IsReady() const;

    void MarkIncumbent(const api::AgentReport& report);
    /// nullopt for a newcomer. An unreadable mark still makes an incumbent (with an empty report): waiting like a
    /// newcomer while the migration runs would leave it unfenced.
    std::optional<api::AgentReport> Incumbent() const;

    void WriteWaiting(const std::string& line);
    std::string Waiting() const;

private:
    void Write(const char* name, const std::string& text);

    std::filesystem::path path_;
    std::string ready_text_;
};

}  // namespace agent
