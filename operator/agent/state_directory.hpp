#pragma once

#include <filesystem>
#include <string>

#include "api/agent_report.hpp"

namespace agent {

/// Small files in the pod's emptyDir. They outlive the agent's container, not the pod:
///
///   ready      the agent that runs now holds the fence (or did a moment ago); `tidegate-agent ready` looks for it.
///              Locked (flock) by that agent, so that what a killed one left behind says nothing, also before the next
///              one has removed it
///   admitted   `tidegate-agent ready` has said yes, so this pod's migration may have started. Decides which rule of
///              the fence holds when the lock was lost
///   incumbent  the report as it was when the fence was held last, for the next process to go on with
///   waiting    one line for people: what the agent waits for
///
/// The writing functions throw database::DbError{BadConfiguration} when the folder cannot be written.
class StateDirectory {
public:
    StateDirectory(std::filesystem::path path, const std::string& job_uid);
    ~StateDirectory();
    StateDirectory(const StateDirectory&) = delete;
    StateDirectory& operator=(const StateDirectory&) = delete;

    void MarkReady();
    void ClearReady();
    /// False for a mark of another Job, from before the node's last boot, or of a process that is gone.
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
    /// Open, and so locked, while this process's mark stands; -1: none.
    int ready_lock_ = -1;
};

}  // namespace agent
