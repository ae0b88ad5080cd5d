#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "core/object_key.hpp"
#include "runtime/observer.hpp"
#include "runtime/queue.hpp"

namespace runtime {

/// What a pass over one key asks for. A failed pass throws; an expected outcome never does.
struct Result {
    /// Look at the key again then, also if nothing changes.
    std::optional<std::chrono::milliseconds> requeue_after;
};

/// N threads that take keys from a queue and reconcile them. This is the one place where a pass's exceptions end: it is
/// logged, counted, and the key comes back after its backoff (or when the server's Retry-After says so).
class WorkerPool final {
public:
    /// `stop` is for waiting and reading. A write that was begun is finished: pass it no token.
    using Reconcile = std::function<Result(const core::ObjectKey&, std::stop_token stop)>;

    /// `queue` and `observer` must outlive the pool.
    WorkerPool(std::string controller, std::size_t workers, Queue& queue, Reconcile reconcile, Observer& observer);
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;
    /// Stops and joins.
    ~WorkerPool();

    void Start();
    /// Takes no further key; returns when the passes in hand have ended.
    void Stop() noexcept;
    std::size_t Active() const { return active_; }

private:
    void Work(std::stop_token stop);
    void Pass(const core::ObjectKey& key, std::stop_token stop);

    const std::string controller_;
    const std::size_t workers_;
    Queue& queue_;
    const Reconcile reconcile_;
    Observer& observer_;
    std::atomic<std::size_t> active_{0};
    std::vector<std::jthread> threads_;
};

}  // namespace runtime
