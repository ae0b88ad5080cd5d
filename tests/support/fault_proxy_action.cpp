#include "support/fault_proxy_action.hpp"

#include <limits>

#include <nlohmann/json.hpp>

namespace support {

using std::chrono::milliseconds;

namespace {

/// How often a blocked stream looks whether its client is still there.
constexpr milliseconds kLook{20};
/// From the first lost event to the ERROR 410 that makes up for it.
constexpr milliseconds kLostAtMost{500};

}  // namespace

void WatchGate::Pause() {
    const std::lock_guard lock(mutex_);
    paused_ = true;
}

void WatchGate::Resume() {
    const std::lock_guard lock(mutex_);
    paused_ = false;
    changed_.notify_all();
}

void WatchGate::OnLine(std::string_view line, WatchOutput& out) {
    {
        std::unique_lock lock(mutex_);
        while (paused_ && !out.Closed())
            changed_.wait_for(lock, kLook);
    }
    out.Line(line);
}

FaultReply StatusReply(int code, const std::string& reason, const std::string& message,
                       std::optional<int> retry_after) {
    nlohmann::json status{{"kind", "Status"},    {"apiVersion", "v1"}, {"metadata", nlohmann::json::object()},
                          {"status", "Failure"}, {"message", message}, {"reason", reason},
                          {"code", code}};
    if (retry_after) status["details"]["retryAfterSeconds"] = *retry_after;
    return {code, status.dump(), retry_after};
}

namespace fault {

FaultAction Pass() {
    return {};
}

FaultAction KillBeforeForward(std::function<void()> kill) {
    FaultAction action;
    action.before_forward = std::move(kill);
    action.forward = false;
    action.then = FaultAction::Then::kReset;
    return action;
}

FaultAction KillAfterCommit(std::function<void()> kill) {
    FaultAction action;
    action.after_commit = std::move(kill);
    action.then = FaultAction::Then::kReset;
    return action;
}

FaultAction KillAfterReply(std::function<void()> kill) {
    FaultAction action;
    action.after_reply = std::move(kill);
    return action;
}

FaultAction CommitThen504() {
    FaultAction action;
    action.reply = StatusReply(504, "Timeout", "request did not complete within the allotted timeout");
    return action;
}

FaultAction CommitThenReset() {
    FaultAction action;
    action.then = FaultAction::Then::kReset;
    return action;
}

namespace {

FaultAction Refuse(FaultReply reply) {
    FaultAction action;
    action.forward = false;
    action.reply = std::move(reply);
    return action;
}

}  // namespace

FaultAction Conflict() {
    return Refuse(StatusReply(409, "Conflict", "the object has been modified; please apply your changes to it again"));
}

FaultAction TooManyRequests(int retry_after_seconds) {
    return Refuse(
        StatusReply(429, "TooManyRequests", "too many requests, please try again later", retry_after_seconds));
}

FaultAction InternalError() {
    return Refuse(StatusReply(500, "InternalError", "an error on the server has prevented the request"));
}

FaultAction Hang() {
    FaultAction action;
    action.forward = false;
    action.then = FaultAction::Then::kHang;
    return action;
}

FaultAction CommitThenHang() {
    FaultAction action;
    action.then = FaultAction::Then::kHang;
    return action;
}

FaultAction KillAndCommitLate(std::function<void()> kill, milliseconds late) {
    FaultAction action;
    action.before_forward = [kill = std::move(kill), late] {
        kill();
        std::mutex mutex;
        std::unique_lock lock(mutex);
        std::condition_variable never;
        never.wait_for(lock, late, [] { return false; });
    };
    action.survives_client = true;
    action.then = FaultAction::Then::kReset;
    return action;
}

FaultAction ListAt(const std::string& target, const std::string& revision) {
    FaultAction action;
    action.target = target + (target.find('?') == std::string::npos ? "?" : "&") + "resourceVersion=" + revision +
                    "&resourceVersionMatch=Exact";
    return action;
}

FaultAction ExpiredContinue() {
    return Refuse(StatusReply(410, "Expired", "The provided continue parameter is too old"));
}

FaultAction Watch(std::shared_ptr<WatchFault> watch) {
    FaultAction action;
    action.watch = std::move(watch);
    return action;
}

}  // namespace fault

namespace {

std::string ExpiredEvent() {
    const auto reply = StatusReply(410, "Expired", "too old resource version");
    return R"({"type":"ERROR","object":)" + reply.body + "}";
}

bool IsBookmark(std::string_view line) {
    return line.starts_with(R"({"type":"BOOKMARK")");
}

void Expire(WatchOutput& out) {
    out.Line(ExpiredEvent());
    out.End();
}

/// Counts events and hands them to a function.
class Scripted final : public WatchFault {
public:
    using Script = std::function<void(int nth, std::string_view line, WatchOutput& out)>;

    explicit Scripted(Script script) : script_(std::move(script)) {}

    void OnLine(std::string_view line, WatchOutput& out) override { script_(++seen_, line, out); }

private:
    const Script script_;
    int seen_ = 0;
};

/// Loses events (bookmarks pass), then expires the watch.
class Swallowing final : public WatchFault {
public:
    Swallowing(int after, int count, milliseconds lasts) : after_(after), count_(count), lasts_(lasts) {}

    void OnLine(std::string_view line, WatchOutput& out) override {
        if (IsBookmark(line) || ++seen_ <= after_) return out.Line(line);
        if (!due_) due_ = std::chrono::steady_clock::now() + lasts_;
        if (seen_ - after_ >= count_) Expire(out);
    }

    void OnQuiet(WatchOutput& out) override {
        if (due_ && std::chrono::steady_clock::now() >= *due_) Expire(out);
    }

private:
    const int after_;
    const int count_;
    const milliseconds lasts_;
    int seen_ = 0;
    std::optional<std::chrono::steady_clock::time_point> due_;
};

std::shared_ptr<WatchFault> Script(Scripted::Script script) {
    return std::make_shared<Scripted>(std::move(script));
}

}  // namespace

namespace fault {

std::shared_ptr<WatchFault> Duplicate(int after, int count) {
    return Script([=](int nth, std::string_view line, WatchOutput& out) {
        out.Line(line);
        if (nth > after && nth <= after + count) out.Line(line);
    });
}

std::shared_ptr<WatchFault> DropThenExpire(int after, int count) {
    return std::make_shared<Swallowing>(after, count, kLostAtMost);
}

std::shared_ptr<WatchFault> ExpireAfter(int after) {
    return Script([=](int nth, std::string_view line, WatchOutput& out) {
        if (nth > after) return Expire(out);
        out.Line(line);
    });
}

std::shared_ptr<WatchFault> BreakInMidLine(int after) {
    return Script([=](int nth, std::string_view line, WatchOutput& out) {
        if (nth <= after) return out.Line(line);
        out.Bytes(line.substr(0, line.size() / 2));
        out.Break();
    });
}

std::shared_ptr<WatchFault> EndAfter(int after) {
    return Script([=](int nth, std::string_view line, WatchOutput& out) {
        if (nth <= after) return out.Line(line);
        out.End();
    });
}

std::shared_ptr<WatchFault> Delay(milliseconds each) {
    return Script([=](int, std::string_view line, WatchOutput& out) {
        const auto until = std::chrono::steady_clock::now() + each;
        std::mutex mutex;
        std::unique_lock lock(mutex);
        std::condition_variable never;
        while (std::chrono::steady_clock::now() < until && !out.Closed())
            never.wait_for(lock, std::min(each, kLook));
        out.Line(line);
    });
}

std::shared_ptr<WatchFault> SplitAtEveryByte() {
    return Script([](int, std::string_view line, WatchOutput& out) {
        for (std::size_t i = 0; i < line.size() && !out.Closed(); ++i)
            out.Bytes(line.substr(i, 1));
        out.Bytes("\n");
    });
}

std::shared_ptr<WatchFault> BookmarksOnly(milliseconds lasts) {
    return std::make_shared<Swallowing>(0, std::numeric_limits<int>::max(), lasts);
}

std::shared_ptr<WatchFault> Replay(int after) {
    auto before = std::make_shared<std::string>();
    return Script([=](int nth, std::string_view line, WatchOutput& out) {
        out.Line(line);
        if (nth > after && !before->empty()) {
            out.Line(*before);
            out.Line(line);
        }
        if (!IsBookmark(line)) *before = line;
    });
}

}  // namespace fault

}  // namespace support
