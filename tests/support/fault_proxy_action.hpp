#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace support {

/// Where the lines of a watch go on to the client.
class WatchOutput {
public:
    virtual ~WatchOutput() = default;

    /// One event, with its newline.
    virtual void Line(std::string_view line) = 0;
    /// A piece of a line.
    virtual void Bytes(std::string_view bytes) = 0;
    /// The stream ends here: properly, or as if the connection had broken.
    virtual void End() = 0;
    virtual void Break() = 0;
    /// It ended, its client is gone, or the proxy stops.
    virtual bool Closed() const = 0;
};

/// What happens to a watch's events on their way. One object may serve several watches; called by one thread per watch.
class WatchFault {
public:
    virtual ~WatchFault() = default;

    /// `line` without its newline. May block as long as `out` is not Closed().
    virtual void OnLine(std::string_view line, WatchOutput& out) = 0;
    /// Every 50 ms or so while nothing arrives.
    virtual void OnQuiet(WatchOutput&) {}
};

/// Holds events back while it is paused; they arrive in order afterwards. Thread-safe.
class WatchGate final : public WatchFault {
public:
    void Pause();
    void Resume();
    void OnLine(std::string_view line, WatchOutput& out) override;

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool paused_ = false;
};

/// An answer that does not come from the API server.
struct FaultReply {
    int code = 200;
    std::string body;
    /// Header Retry-After, seconds.
    std::optional<int> retry_after;
};

/// A metav1.Status.
FaultReply StatusReply(int code, const std::string& reason, const std::string& message,
                       std::optional<int> retry_after = {});

/// What the proxy does with one request. The default passes it on.
struct FaultAction {
    enum class Then { kReply, kReset, kHang };

    /// Before anything else.
    std::chrono::milliseconds delay{0};
    std::function<void()> before_forward;
    bool forward = true;
    /// Path and query instead of the request's own; empty: as asked.
    std::string target;
    /// The API server has answered, and the client does not know.
    std::function<void()> after_commit;
    /// Instead of the API server's answer.
    std::optional<FaultReply> reply;
    Then then = Then::kReply;
    /// The answer is in the client's socket.
    std::function<void()> after_reply;
    /// Forwarded although its client died meanwhile: a request that was on its way.
    bool survives_client = false;
    std::shared_ptr<WatchFault> watch;
};

/// The faults by name. `kill` ends the client synchronously: nothing of it runs when it returns.
namespace fault {

FaultAction Pass();
FaultAction KillBeforeForward(std::function<void()> kill);
FaultAction KillAfterCommit(std::function<void()> kill);
FaultAction KillAfterReply(std::function<void()> kill);
FaultAction CommitThen504();
FaultAction CommitThenReset();
FaultAction Conflict();
FaultAction TooManyRequests(int retry_after_seconds);
FaultAction InternalError();
/// No answer, and nothing reaches the API server; until the client gives up.
FaultAction Hang();
FaultAction CommitThenHang();
/// The client is killed at once; the request arrives at the API server `late`r.
FaultAction KillAndCommitLate(std::function<void()> kill, std::chrono::milliseconds late);
/// Answered from the state at `revision`, as a server that lags behind would.
FaultAction ListAt(const std::string& target, const std::string& revision);
FaultAction ExpiredContinue();
FaultAction Watch(std::shared_ptr<WatchFault> watch);

/// Passes `after` events, then does it; passes everything else.
std::shared_ptr<WatchFault> Duplicate(int after, int count);
/// Swallows `count` events, then ends the watch with ERROR 410, so that the client has to list; half a second after the
/// first one at the latest: what is lost for good no client could make good.
std::shared_ptr<WatchFault> DropThenExpire(int after, int count);
std::shared_ptr<WatchFault> ExpireAfter(int after);
std::shared_ptr<WatchFault> BreakInMidLine(int after);
std::shared_ptr<WatchFault> EndAfter(int after);
std::shared_ptr<WatchFault> Delay(std::chrono::milliseconds each);
/// Every byte in a piece of its own.
std::shared_ptr<WatchFault> SplitAtEveryByte();
/// Nothing but bookmarks for `lasts`, then ERROR 410.
std::shared_ptr<WatchFault> BookmarksOnly(std::chrono::milliseconds lasts);
/// Each event is followed by the one before it: the stream travels back in time.
std::shared_ptr<WatchFault> Replay(int after);

}  // namespace fault

}  // namespace support
