#include "runtime/worker_pool.hpp"

#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include <gtest/gtest.h>

#include "kube/errors.hpp"

namespace runtime {
namespace {

using namespace std::chrono_literals;

const core::ObjectKey kOne{"ns", "one"};

/// Counts results, and lets a test wait for them.
class Recording final : public Observer {
public:
    void Reconciled(std::string_view, ReconcileResult result, Seconds) noexcept override {
        const std::lock_guard lock(mutex_);
        results_.emplace_back(ToString(result));
        changed_.notify_all();
    }
    void Panicked(std::string_view) noexcept override {
        const std::lock_guard lock(mutex_);
        ++panics_;
    }
    void Log(LogLevel, std::string_view, LogFields fields) noexcept override {
        const std::lock_guard lock(mutex_);
        for (const auto& [key, value] : fields) {
            if (key == "error") errors_.push_back(value);
        }
    }

    std::vector<std::string> WaitFor(std::size_t results) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, 30s, [&] { return results_.size() >= results; });
        return results_;
    }
    int Panics() const {
        const std::lock_guard lock(mutex_);
        return panics_;
    }
    std::vector<std::string> Errors() const {
        const std::lock_guard lock(mutex_);
        return errors_;
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> results_;
    std::vector<std::string> errors_;
    int panics_ = 0;
};

class WorkerPoolTest : public testing::Test {
protected:
    using Results = std::vector<std::string>;

    Recording observer_;
    Queue queue_{"test", {}, observer_};
};

TEST_F(WorkerPoolTest, ReconcilesWhatIsQueued) {
    WorkerPool pool(
        "test", 2, queue_, [](const auto&, auto) { return Result{}; }, observer_);
    pool.Start();
    queue_.Add(kOne);
    EXPECT_EQ(observer_.WaitFor(1), Results{"success"});
    pool.Stop();
    EXPECT_TRUE(queue_.Idle(1h));
    EXPECT_EQ(pool.Active(), 0U);
}

TEST_F(WorkerPoolTest, LooksAgainWhenAsked) {
    std::atomic<int> passes{0};
    WorkerPool pool(
        "test", 1, queue_, [&](const auto&, auto) { return ++passes == 1 ? Result{1ms} : Result{}; }, observer_);
    pool.Start();
    queue_.Add(kOne);
    EXPECT_EQ(observer_.WaitFor(2), (Results{"requeue_after", "success"}));
}

TEST_F(WorkerPoolTest, RepeatsAPassThatFailedAndSaysWhy) {
    std::atomic<int> passes{0};
    WorkerPool pool(
        "test", 1, queue_,
        [&](const auto&, auto) -> Result {
            switch (++passes) {
                case 1:
                    throw kube::TransportError("no route");
                case 2:
                    throw kube::OutcomeUnknown("lost");
                case 3:
                    throw std::runtime_error("defect");
                case 4:
                    throw 5;
                default:
                    return {};
            }
        },
        observer_);
    pool.Start();
    queue_.Add(kOne);
    EXPECT_EQ(observer_.WaitFor(5), (Results{"error", "error", "error", "error", "success"}));
    EXPECT_EQ(observer_.Errors(), (Results{"no route", "lost", "defect", "unknown"}));
    EXPECT_EQ(observer_.Panics(), 2);
}

TEST_F(WorkerPoolTest, WaitsAsLongAsTheServerAsks) {
    WorkerPool pool(
        "test", 1, queue_, [](const auto&, auto) -> Result { throw kube::ApiError("GET x", 429, "", "", 30s); },
        observer_);
    const auto before = std::chrono::steady_clock::now();
    pool.Start();
    queue_.Add(kOne);
    observer_.WaitFor(1);
    pool.Stop();
    ASSERT_TRUE(queue_.NextDue());
    EXPECT_GE(*queue_.NextDue(), before + 30s);
}

TEST_F(WorkerPoolTest, StopLetsThePassInHandEnd) {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::atomic<bool> began{false}, ended{false};
    WorkerPool pool(
        "test", 1, queue_,
        [&](const auto&, std::stop_token stop) -> Result {
            began = true;
            std::unique_lock lock(mutex);
            changed.wait(lock, stop, [] { return false; });
            ended = true;
            throw kube::Stopped();
        },
        observer_);
    pool.Start();
    queue_.Add(kOne);
    while (!began)
        std::this_thread::yield();
    pool.Stop();
    EXPECT_TRUE(ended);
    EXPECT_TRUE(observer_.Errors().empty()) << "a stop is no failure";
}

TEST_F(WorkerPoolTest, OneKeyIsNeverReconciledTwiceAtOnce) {
    std::atomic<int> inside{0}, overlaps{0}, passes{0};
    WorkerPool pool(
        "test", 4, queue_,
        [&](const auto&, auto) {
            if (++inside > 1) ++overlaps;
            std::this_thread::yield();
            --inside;
            ++passes;
            return Result{};
        },
        observer_);
    pool.Start();
    while (passes < 200)
        queue_.Add(kOne);
    pool.Stop();
    EXPECT_EQ(overlaps, 0);
}

}  // namespace
}  // namespace runtime
