#include "runtime/queue.hpp"

#include <thread>

#include <gtest/gtest.h>

namespace runtime {
namespace {

using namespace std::chrono_literals;

const core::ObjectKey kOne{"ns", "one"};
const core::ObjectKey kTwo{"ns", "two"};
const SteadyTime kStart{};

TEST(QueueCore, ManyAddsWhileWaitingAreOneRun) {
    QueueCore queue;
    EXPECT_TRUE(queue.Add(kOne, kStart));
    EXPECT_FALSE(queue.Add(kOne, kStart));
    EXPECT_EQ(queue.Depth(), 1U);
    ASSERT_TRUE(queue.Take());
    EXPECT_FALSE(queue.Take());
    EXPECT_FALSE(queue.Done(kOne, kStart));
    EXPECT_FALSE(queue.Take());
}

TEST(QueueCore, ManyAddsWhileRunningAreExactlyOneMoreRun) {
    QueueCore queue;
    queue.Add(kOne, kStart);
    queue.Take();
    EXPECT_FALSE(queue.Add(kOne, kStart));
    EXPECT_FALSE(queue.Add(kOne, kStart));
    EXPECT_FALSE(queue.Take()) << "a key never runs twice at once";
    EXPECT_TRUE(queue.Done(kOne, kStart));
    ASSERT_TRUE(queue.Take());
    EXPECT_FALSE(queue.Done(kOne, kStart));
    EXPECT_EQ(queue.Running(), 0U);
}

TEST(QueueCore, KeepsTheOrderOfAdds) {
    QueueCore queue;
    queue.Add(kTwo, kStart);
    queue.Add(kOne, kStart);
    EXPECT_EQ(queue.Take()->key, kTwo);
    EXPECT_EQ(queue.Take()->key, kOne);
}

TEST(QueueCore, ADelayedKeyComesWhenItIsDueAndNotBefore) {
    QueueCore queue;
    queue.AddAt(kOne, kStart + 10s);
    EXPECT_EQ(queue.Wake(kStart + 9999ms), 0U);
    EXPECT_EQ(queue.NextDue(), kStart + 10s);
    EXPECT_EQ(queue.Wake(kStart + 10s), 1U);
    EXPECT_FALSE(queue.NextDue());
    EXPECT_EQ(queue.Take()->since, kStart + 10s);
}

TEST(QueueCore, ASecondDelayOnlyMovesItEarlier) {
    QueueCore queue;
    queue.AddAt(kOne, kStart + 10s);
    queue.AddAt(kOne, kStart + 20s);
    EXPECT_EQ(queue.NextDue(), kStart + 10s);
    queue.AddAt(kOne, kStart + 5s);
    EXPECT_EQ(queue.NextDue(), kStart + 5s);
    EXPECT_EQ(queue.Delayed(), 1U);
}

TEST(QueueCore, AnAddDoesNotCancelATimer) {
    QueueCore queue;
    queue.AddAt(kOne, kStart + 10s);
    queue.Add(kOne, kStart);
    queue.Take();
    queue.Done(kOne, kStart);
    EXPECT_EQ(queue.NextDue(), kStart + 10s);
}

TEST(QueueCore, ATimerThatFiresDuringARunIsOneMoreRun) {
    QueueCore queue;
    queue.Add(kOne, kStart);
    queue.AddAt(kOne, kStart + 1s);
    queue.Take();
    EXPECT_EQ(queue.Wake(kStart + 2s), 0U);
    EXPECT_TRUE(queue.Done(kOne, kStart + 2s));
}

class QueueTest : public testing::Test {
protected:
    Observer observer_;
    Queue queue_{"test", {}, observer_};
};

TEST_F(QueueTest, AWaitingTakerGetsWhatIsAdded) {
    std::optional<core::ObjectKey> taken;
    std::jthread taker([&](std::stop_token stop) { taken = queue_.Take(stop); });
    queue_.Add(kOne);
    taker.join();
    EXPECT_EQ(taken, kOne);
    EXPECT_EQ(queue_.Running(), 1U);
}

TEST_F(QueueTest, AStoppedTakerGetsNothing) {
    std::jthread taker([&](std::stop_token stop) { EXPECT_FALSE(queue_.Take(stop)); });
    taker.request_stop();
    taker.join();
    std::stop_source stop;
    stop.request_stop();
    queue_.Add(kOne);
    EXPECT_FALSE(queue_.Take(stop.get_token())) << "not even what is there: the process ends";
}

TEST_F(QueueTest, AWaitingTakerWakesForATimerThatCameLater) {
    queue_.AddAfter(kTwo, 1h);
    std::optional<core::ObjectKey> taken;
    std::jthread taker([&](std::stop_token stop) { taken = queue_.Take(stop); });
    queue_.AddAfter(kOne, 1ms);
    taker.join();
    EXPECT_EQ(taken, kOne);
}

TEST_F(QueueTest, BacksOffFromFiveMillisecondsToAMinute) {
    const Queue::Settings settings;
    EXPECT_EQ(Queue::Backoff(settings, 0), 5ms);
    EXPECT_EQ(Queue::Backoff(settings, 1), 10ms);
    EXPECT_EQ(Queue::Backoff(settings, 4), 80ms);
    EXPECT_EQ(Queue::Backoff(settings, 13), 40960ms);
    EXPECT_EQ(Queue::Backoff(settings, 14), 60s);
    EXPECT_EQ(Queue::Backoff(settings, 1'000'000), 60s);
}

TEST_F(QueueTest, AKeyThatWasForgottenBeginsAnew) {
    const auto due_in = [&] {
        queue_.AddRateLimited(kOne);
        const auto pause = *queue_.NextDue() - std::chrono::steady_clock::now();
        EXPECT_TRUE(queue_.Take({}));
        queue_.Done(kOne);
        return pause;
    };
    for (int i = 0; i < 4; ++i)
        due_in();
    EXPECT_GT(due_in(), 40ms);
    queue_.Forget(kOne);
    EXPECT_LE(due_in(), 5ms);
}

TEST_F(QueueTest, HonoursWhatTheServerAskedFor) {
    const auto before = std::chrono::steady_clock::now();
    queue_.AddRateLimited(kOne, 30s);
    EXPECT_GE(*queue_.NextDue(), before + 30s);
}

TEST_F(QueueTest, ClampsAbsurdTimes) {
    queue_.AddAt(kOne, core::Time::max());
    const auto tomorrow = std::chrono::steady_clock::now() + 25h;
    EXPECT_LT(*queue_.NextDue(), tomorrow);
    queue_.AddAt(kTwo, core::Time::min());
    EXPECT_EQ(queue_.Depth(), 1U);
}

TEST_F(QueueTest, IsIdleOnlyWithNothingWaitingRunningOrDueSoon) {
    EXPECT_TRUE(queue_.Idle(5s));
    queue_.AddAfter(kOne, 1min);
    EXPECT_TRUE(queue_.Idle(5s));
    EXPECT_FALSE(queue_.Idle(2min));
    queue_.Add(kTwo);
    EXPECT_FALSE(queue_.Idle(5s));
    queue_.Take({});
    EXPECT_FALSE(queue_.Idle(5s));
    queue_.Done(kTwo);
    EXPECT_TRUE(queue_.Idle(5s));
}

}  // namespace
}  // namespace runtime
