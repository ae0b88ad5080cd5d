#include "runtime/event_recorder.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/hash.hpp"
#include "kube/errors.hpp"

namespace runtime {
namespace {

using Steady = std::chrono::steady_clock;
using nlohmann::json;

/// The server's limits (events.k8s.io/v1 validation).
constexpr std::size_t kLongestNote = 1024;
constexpr std::size_t kLongestName = 253;
constexpr std::size_t kHashCharacters = 16;
/// How often what has expired is looked for: bounds memory, not correctness.
constexpr std::chrono::seconds kSweep{30};
/// client-go gives up after 12 tries.
constexpr int kTries = 12;
constexpr std::chrono::milliseconds kFirstPause{250};
constexpr std::chrono::milliseconds kLongestPause{10000};

/// Cut at a character, not in the middle of one.
std::string Shorten(const std::string& note) {
    if (note.size() <= kLongestNote) return note;
    std::size_t end = kLongestNote - 3;
    while (end > 0 && (static_cast<unsigned char>(note[end]) & 0xC0U) == 0x80U)
        --end;
    return note.substr(0, end) + "...";
}

std::string KeyOf(const Event& event) {
    return core::JoinForHash({event.regarding.uid.value, event.regarding.key.ns, event.regarding.key.name,
                              event.type == EventType::kNormal ? "Normal" : "Warning", event.reason, event.action,
                              event.note});
}

/// Unique per series, and the same when a POST is sent twice.
std::string NameOf(const std::string& key, const Event& event, const std::string& time) {
    auto name = event.regarding.key.name.substr(0, kLongestName - kHashCharacters - 1);
    while (!name.empty() && (name.back() == '.' || name.back() == '-'))
        name.pop_back();
    return name + "." + core::HashText(key + time, kHashCharacters);
}

}  // namespace

EventRecorder::EventRecorder(Settings settings, kube::Client client, Observer& observer)
    : settings_(std::move(settings)), client_(std::move(client)), observer_(observer) {
    thread_ = std::jthread([this](std::stop_token stop) { Run(std::move(stop)); });
}

EventRecorder::~EventRecorder() {
    Stop();
}

void EventRecorder::Record(Event event) noexcept {
    {
        const std::lock_guard lock(mutex_);
        if (buffer_.size() < settings_.buffer && !ended_) {
            buffer_.push_back(std::move(event));
            changed_.notify_all();
            return;
        }
    }
    observer_.EventDropped("buffer full");
}

void EventRecorder::Stop() noexcept {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, settings_.flush, [&] { return ended_; });
    }
    cut_off_.request_stop();
    thread_.join();
}

bool EventRecorder::Idle() const {
    const std::lock_guard lock(mutex_);
    return buffer_.empty() && !writing_;
}

void EventRecorder::Run(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, stop, [&] { return !buffer_.empty(); });
        if (buffer_.empty() || cut_off_.stop_requested()) break;
        const auto event = std::move(buffer_.front());
        buffer_.pop_front();
        writing_ = true;
        lock.unlock();
        Write(event);
        lock.lock();
        writing_ = false;
    }
    for (std::size_t i = 0; i < buffer_.size(); ++i)
        observer_.EventDropped("shutdown");
    buffer_.clear();
    ended_ = true;
    changed_.notify_all();
}

void EventRecorder::Write(const Event& event) {
    const auto now = Steady::now();
    Expire(now);
    if (!Spend(event.regarding.uid, now)) return observer_.EventDropped("burst");
    const auto key = KeyOf(event);
    // The same for all tries, so that one whose answer was lost is recognised by AlreadyExists.
    const auto time = FormatMicroTime(std::chrono::system_clock::now());
    const core::ObjectKey name{event.regarding.key.ns.empty() ? "default" : event.regarding.key.ns,
                               NameOf(key, event, time)};
    auto pause = kFirstPause;
    std::string error;
    for (int i = 0; i < kTries; ++i) {
        try {
            const auto known = series_.find(key);
            if (known != series_.end()) {
                if (now - known->second.last <= settings_.series_end && Repeat(known->second)) return;
                series_.erase(known);
            }
            return Post(name, time, key, event);
        } catch (const kube::Stopped&) {
            break;
        } catch (const kube::Error& failure) {
            error = failure.what();
        } catch (const std::exception& failure) {
            // Nothing that another try would change.
            error = failure.what();
            break;
        }
        if (!Pause(pause)) break;
        pause = std::min(pause * 2, kLongestPause);
    }
    observer_.EventDropped("unreachable");
    observer_.Log(LogLevel::kWarning, "an event could not be written",
                  {{"namespace", event.regarding.key.ns},
                   {"name", event.regarding.key.name},
                   {"reason", event.reason},
                   {"error", error}});
}

void EventRecorder::Post(const core::ObjectKey& name, const std::string& time, const SeriesKey& key,
                         const Event& event) {
    const auto& target = event.regarding;
    json regarding{{"apiVersion", target.resource.ApiVersion()},
                   {"kind", target.resource.kind},
                   {"name", target.key.name},
                   {"uid", target.uid.value}};
    if (!target.key.ns.empty()) regarding["namespace"] = target.key.ns;
    const json object{{"apiVersion", kube::kEvents.ApiVersion()},
                      {"kind", kube::kEvents.kind},
                      {"metadata", {{"namespace", name.ns}, {"name", name.name}}},
                      {"eventTime", time},
                      {"reportingController", settings_.controller},
                      {"reportingInstance", settings_.instance},
                      {"action", event.action},
                      {"reason", event.reason},
                      {"regarding", std::move(regarding)},
                      {"note", Shorten(event.note)},
                      {"type", event.type == EventType::kNormal ? "Normal" : "Warning"}};
    const auto written = client_.Create(kube::kEvents, object, cut_off_.get_token());
    if (written.Done() || written.outcome == kube::Outcome::kAlreadyExists) {
        series_.insert_or_assign(key, Series{name, 1, Steady::now()});
    } else {
        // The namespace is going away, or RBAC: it will not be better a second time.
        observer_.EventDropped("refused");
        observer_.Log(LogLevel::kDebug, "an event was refused",
                      {{"namespace", name.ns}, {"name", target.key.name}, {"error", written.message}});
    }
}

bool EventRecorder::Repeat(Series& series) {
    const auto time = FormatMicroTime(std::chrono::system_clock::now());
    const json patch{{"series", {{"count", series.count + 1}, {"lastObservedTime", time}}}};
    const auto written =
        client_.MergePatch(kube::kEvents, series.event, patch, kube::Subresource::kNone, cut_off_.get_token());
    if (written.outcome == kube::Outcome::kGone) return false;
    if (written.outcome == kube::Outcome::kRefused) observer_.EventDropped("refused");
    ++series.count;
    series.last = Steady::now();
    return true;
}

bool EventRecorder::Spend(const core::Uid& uid, SteadyTime now) {
    const auto full = static_cast<double>(settings_.burst);
    const auto [found, is_new] = tokens_.try_emplace(uid, Tokens{full, now});
    auto& tokens = found->second;
    const std::chrono::duration<double> passed = now - tokens.at;
    tokens.left = std::min(full, tokens.left + passed / settings_.refill);
    tokens.at = now;
    if (tokens.left < 1) return false;
    tokens.left -= 1;
    return true;
}

void EventRecorder::Expire(SteadyTime now) {
    if (now - swept_ < kSweep) return;
    swept_ = now;
    std::erase_if(series_, [&](const auto& entry) { return now - entry.second.last > settings_.series_end; });
    // A bucket that is full again says nothing.
    std::erase_if(tokens_, [&](const auto& entry) {
        return entry.second.left + (now - entry.second.at) / std::chrono::duration<double>(settings_.refill) >=
               static_cast<double>(settings_.burst);
    });
}

bool EventRecorder::Pause(std::chrono::milliseconds pause) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, cut_off_.get_token(), pause, [] { return false; });
    return !cut_off_.stop_requested();
}

}  // namespace runtime
