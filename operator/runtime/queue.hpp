#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "core/object_key.hpp"
#include "core/time.hpp"
#include "runtime/clock.hpp"
#include "runtime/observer.hpp"
#include "runtime/queue_core.hpp"

namespace runtime {

/// Work keys for a pool of workers: QueueCore's rules, blocking and thread-safe. Waits on the steady clock.
class Queue final {
public:
    struct Settings {
        /// First pause after a failure; doubled with each further one of the same key.
        std::chrono::milliseconds shortest_backoff{5};
        /// client-go's 1,000 s is too long for people who wait for a rollout.
        std::chrono::milliseconds longest_backoff{std::chrono::seconds{60}};
    };

    /// `name` is the label of the metrics. `observer` must outlive the queue.
    Queue(std::string name, Settings settings, Observer& observer);
    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;

    void Add(const core::ObjectKey& key);
    /// Clamped to 0 ... one day.
    void AddAfter(const core::ObjectKey& key, std::chrono::milliseconds delay);
    /// By wall clock, as decisions name times; converted once. Later ones than in a day come in a day.
    void AddAt(const core::ObjectKey& key, core::Time when);
    /// After the key's own backoff, but not before `at_least` (what the server asked for).
    void AddRateLimited(const core::ObjectKey& key, std::chrono::milliseconds at_least = {});
    /// The key succeeded: its backoff starts over.
    void Forget(const core::ObjectKey& key);

    /// Blocks; nullopt = stopped. Each key taken needs its Done.
    std::optional<core::ObjectKey> Take(std::stop_token stop);
    void Done(const core::ObjectKey& key);

    std::size_t Depth() const;
    std::size_t Running() const;
    std::optional<SteadyTime> NextDue() const;
    /// Nothing waits, nothing runs, and no timer is due within `horizon`.
    bool Idle(std::chrono::milliseconds horizon) const;
    /// The pause after so many earlier failures of a key.
    static std::chrono::milliseconds Backoff(const Settings& settings, unsigned failures);
    const std::string& Name() const { return name_; }

private:
    void AddLocked(const core::ObjectKey& key);
    void AddAtLocked(const core::ObjectKey& key, SteadyTime due);

    const std::string name_;
    const Settings settings_;
    Observer& observer_;
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    QueueCore core_;
    std::map<core::ObjectKey, unsigned> failures_;
    std::map<core::ObjectKey, SteadyTime> started_;
};

}  // namespace runtime
