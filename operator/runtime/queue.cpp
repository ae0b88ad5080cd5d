#include "runtime/queue.hpp"

#include <algorithm>
#include <utility>

namespace runtime {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

/// Nobody waits longer for a key without an event; also keeps the arithmetic far from overflow.
constexpr milliseconds kLongestDelay{std::chrono::hours{24}};

}  // namespace

Queue::Queue(std::string name, Settings settings, Observer& observer)
    : name_(std::move(name)), settings_(settings), observer_(observer) {}

milliseconds Queue::Backoff(const Settings& settings, unsigned failures) {
    // Beyond this the longest has long been reached, and the product would overflow.
    constexpr unsigned kMostDoublings = 30;
    const auto doubled = settings.shortest_backoff * (std::int64_t{1} << std::min(failures, kMostDoublings));
    return std::min(doubled, settings.longest_backoff);
}

void Queue::AddLocked(const core::ObjectKey& key) {
    if (!core_.Add(key, Steady::now())) return;
    observer_.QueueAdded(name_);
    observer_.QueueDepth(name_, core_.Depth());
    changed_.notify_one();
}

void Queue::AddAtLocked(const core::ObjectKey& key, SteadyTime due) {
    const auto before = core_.NextDue();
    core_.AddAt(key, due);
    // All who wait: the one that is told alone may be busy when the time comes.
    if (core_.NextDue() != before) changed_.notify_all();
}

void Queue::Add(const core::ObjectKey& key) {
    const std::lock_guard lock(mutex_);
    AddLocked(key);
}

void Queue::AddAfter(const core::ObjectKey& key, milliseconds delay) {
    const std::lock_guard lock(mutex_);
    if (delay <= milliseconds{0}) return AddLocked(key);
    AddAtLocked(key, Steady::now() + std::min(delay, kLongestDelay));
}

void Queue::AddAt(const core::ObjectKey& key, core::Time when) {
    const auto now = std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
    // Compared in seconds, where nothing can overflow.
    const auto second = std::chrono::floor<std::chrono::seconds>(now);
    if (when <= second) return Add(key);
    AddAfter(key, when > second + std::chrono::floor<std::chrono::seconds>(kLongestDelay) ? kLongestDelay : when - now);
}

void Queue::AddRateLimited(const core::ObjectKey& key, milliseconds at_least) {
    const std::lock_guard lock(mutex_);
    const auto pause = std::clamp(at_least, Backoff(settings_, failures_[key]++), kLongestDelay);
    observer_.QueueRetried(name_);
    AddAtLocked(key, Steady::now() + pause);
}

void Queue::Forget(const core::ObjectKey& key) {
    const std::lock_guard lock(mutex_);
    failures_.erase(key);
}

std::optional<core::ObjectKey> Queue::Take(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
        if (const auto woken = core_.Wake(Steady::now()); woken > 0) {
            for (std::size_t i = 0; i < woken; ++i)
                observer_.QueueAdded(name_);
            // Whoever else waits has to see them too.
            changed_.notify_all();
        }
        if (auto taken = core_.Take()) {
            const auto now = Steady::now();
            started_[taken->key] = now;
            observer_.QueueDepth(name_, core_.Depth());
            observer_.QueueWaited(name_, now - taken->since);
            return std::move(taken->key);
        }
        const auto due = core_.NextDue();
        const auto ready = [&] { return core_.Depth() > 0 || core_.NextDue() != due; };
        if (due) {
            changed_.wait_until(lock, stop, *due, ready);
        } else {
            changed_.wait(lock, stop, ready);
        }
    }
    return std::nullopt;
}

void Queue::Done(const core::ObjectKey& key) {
    const std::lock_guard lock(mutex_);
    const auto now = Steady::now();
    if (const auto started = started_.find(key); started != started_.end()) {
        observer_.QueueWorked(name_, now - started->second);
        started_.erase(started);
    }
    if (!core_.Done(key, now)) return;
    observer_.QueueAdded(name_);
    observer_.QueueDepth(name_, core_.Depth());
    changed_.notify_one();
}

std::size_t Queue::Depth() const {
    const std::lock_guard lock(mutex_);
    return core_.Depth();
}

std::size_t Queue::Running() const {
    const std::lock_guard lock(mutex_);
    return core_.Running();
}

std::optional<SteadyTime> Queue::NextDue() const {
    const std::lock_guard lock(mutex_);
    return core_.NextDue();
}

bool Queue::Idle(milliseconds horizon) const {
    const std::lock_guard lock(mutex_);
    const auto due = core_.NextDue();
    return core_.Depth() == 0 && core_.Running() == 0 && (!due || *due > Steady::now() + horizon);
}

}  // namespace runtime
