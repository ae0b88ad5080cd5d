#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/configuration.hpp"
#include "agent/lock_watcher.hpp"
#include "agent/report_file.hpp"
#include "agent/state_directory.hpp"
#include "agent/stop_signal.hpp"
#include "agent/timing.hpp"
#include "database/connection.hpp"
#include "database/fence.hpp"

namespace agent {

/// The native sidecar of a migration's pod: `tidegate-agent run`.
///
/// Takes the fence, reads the version, marks itself ready (only then may the migration container start), holds the
/// fence and watches the locks until SIGTERM, reads the version again, reports, gives the fence back.
///
/// How its state is seen from outside, where only the pod's status can be read:
///  - An error that lasts (10 s, a server that does not answer 30 s) ends the process with the report as termination
///    message and the exit codes of agent/outcome.hpp. The kubelet starts it again with the Secret's present content;
///    until then `lastState.terminated.message` of the container has the report.
///  - Waiting for the fence never ends by itself: an agent that were restarted would forget what it saw. The report is
///    kept in the termination message file all the time, and `tidegate-agent ready` prints what is waited for, which
///    the kubelet shows as an event of the pod (Unhealthy, "Startup probe failed: …").
///
/// Once the migration may have started (`tidegate-agent ready` has said yes), a lost connection is made again and the
/// fence taken again, as incumbent, for as long as it takes; only credentials that no longer work end the process,
/// because a new one reads the Secret anew (and is an incumbent too). Who loses the fence before that is a newcomer
/// like any other: somebody else may have it by now, and no migration of ours is there to be kept behind it. After
/// SIGTERM the reading is tried for Timing::last_reading.
class Sidecar {
public:
    Sidecar(const Configuration& configuration, StateDirectory& state, ReportFile& report, const StopSignal& stop,
            const Timing& timing);

    /// Returns the exit code.
    int Run();

private:
    bool GetReady();
    bool TakeFence();
    /// Until it is asked to stop: true. False: the fence was lost before the migration could start, all begins again.
    /// Throws DbError when a new process must go on.
    bool Hold();
    void StartAgain();
    void HoldOnce();
    int Finish();
    bool GivesUp(const database::DbError& error);
    int Refuse(const database::DbError& error);

    void Connect();
    void Disconnect();
    void ShowWaiting();
    /// Says it everywhere, once.
    void Show(const std::string& line, const std::function<void(api::AgentReport&)>& change);
    version::Reading ReadVersion(std::string& identity);
    void SayWhatIsWatched() const;

    const Configuration& configuration_;
    StateDirectory& state_;
    ReportFile& report_;
    const StopSignal& stop_;
    const Timing timing_;
    const std::string tag_;
    /// The migration may have started.
    bool admitted_;
    int exit_code_ = 0;
    std::string shown_;
    Patience patience_;
    database::Fence fence_;
    LockWatcher locks_;
    std::chrono::milliseconds next_look_{0};
    std::unique_ptr<database::Connection> connection_;
};

}  // namespace agent
