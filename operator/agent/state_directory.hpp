#pragma once

#include <filesystem>
#include <string>

#include "api/agent_report.hpp"

namespace agent {

/// Small files in the pod's emptyDir. They outlive the agent's container, not the pod:
///
///   ready      the agent that runs now holds the fence (or did a moment ago); `tidegate-agent ready` looks for it
///   admitted   `tidegate-agent ready` has said yes, so this pod's migration may have started. Decides which rule of
///              the fence holds when the lock was lost
///   incumbent  the report as it was when the fence was held last, for the next process to go on with
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

    /// For `tidegate-agent ready`: true if the migration may start, after it was written down that it may. An agent
    /// that calls ClearReady() and WasAdmitted(), in this order, has missed no "yes" that was given meanwhile.
    bool Admit();
    /// The migration may have started: whoever takes the lock again now is an incumbent.
    bool WasAdmitted() const;

    void MarkIncumbent(const api::AgentReport& report);
    /// Empty when there is none that can be read.
    api::AgentReport Incumbent() const;

    void WriteWaiting(const std::string& line);
    std::string Waiting() const;

private:
    void Write(const char* name, const std::string& text);

    std::filesystem::path path_;
    std::string ready_text_;
};

}  // namespace agent
