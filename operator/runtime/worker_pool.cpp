#include "runtime/worker_pool.hpp"

#include <utility>

#include "kube/errors.hpp"

namespace runtime {

WorkerPool::WorkerPool(std::string controller, std::size_t workers, Queue& queue, Reconcile reconcile,
                       Observer& observer)
    : controller_(std::move(controller)),
      workers_(workers),
      queue_(queue),
      reconcile_(std::move(reconcile)),
      observer_(observer) {}

WorkerPool::~WorkerPool() {
    Stop();
}

void WorkerPool::Start() {
    observer_.ControllerStarted(controller_, workers_);
    for (std::size_t i = 0; i < workers_; ++i) {
        threads_.emplace_back([this](std::stop_token stop) { Work(std::move(stop)); });
    }
}

void WorkerPool::Stop() noexcept {
    for (auto& thread : threads_)
        thread.request_stop();
    threads_.clear();  // joins
}

void WorkerPool::Work(std::stop_token stop) {
    while (const auto key = queue_.Take(stop)) {
        observer_.ActiveWorkers(controller_, ++active_);
        Pass(*key, stop);
        observer_.ActiveWorkers(controller_, --active_);
        queue_.Done(*key);
    }
}

void WorkerPool::Pass(const core::ObjectKey& key, std::stop_token stop) {
    const auto began = std::chrono::steady_clock::now();
    const auto ended = [&](ReconcileResult result) {
        observer_.Reconciled(controller_, result, std::chrono::steady_clock::now() - began);
    };
    const auto failed = [&](LogLevel level, std::string_view message, const std::string& error,
                            std::chrono::milliseconds at_least = {}) {
        observer_.Log(level, message,
                      {{"controller", controller_}, {"namespace", key.ns}, {"name", key.name}, {"error", error}});
        ended(ReconcileResult::kError);
        queue_.AddRateLimited(key, at_least);
    };
    try {
        const auto result = reconcile_(key, stop);
        queue_.Forget(key);
        if (result.requeue_after) queue_.AddAfter(key, *result.requeue_after);
        ended(result.requeue_after ? ReconcileResult::kRequeueAfter : ReconcileResult::kSuccess);
    } catch (const kube::Stopped&) {
        // The next process looks at everything again.
    } catch (const kube::ApiError& error) {
        failed(LogLevel::kWarning, "the API server answered unexpectedly; the pass is repeated", error.what(),
               error.RetryAfter().value_or(std::chrono::seconds{0}));
    } catch (const kube::Error& error) {
        failed(LogLevel::kWarning, "the API server could not be reached; the pass is repeated", error.what());
    } catch (const std::exception& error) {
        observer_.Panicked(controller_);
        failed(LogLevel::kError, "unexpected exception in a pass: this is a defect of Tidegate; the pass is repeated",
               error.what());
    } catch (...) {
        observer_.Panicked(controller_);
        failed(LogLevel::kError, "unexpected exception in a pass: this is a defect of Tidegate; the pass is repeated",
               "unknown");
    }
}

}  // namespace runtime
