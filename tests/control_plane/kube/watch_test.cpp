#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "control_plane/kube/cluster_fixture.hpp"
#include "core/json_access.hpp"
#include "kube/client.hpp"

namespace test {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
using Type = kube::WatchEvent::Type;

/// A watch on a thread of its own, and what it saw.
class Watching final {
public:
    Watching(const kube::Client& client, const kube::Scope& scope, core::Revision from, std::chrono::seconds lasts)
        : thread_([this, client, scope, from, lasts](std::stop_token stop) {
              end_ = client.Watch(
                  kConfigMaps, scope, from, lasts,
                  [this](const kube::WatchEvent& event) {
                      const std::lock_guard lock(mutex_);
                      seen_.emplace_back(event.type, core::TextAt(event.object, {"metadata", "name"}));
                      last_ = Steady::now();
                  },
                  stop);
              ended_ = true;
          }) {}

    std::vector<std::pair<Type, std::string>> Seen() const {
        const std::lock_guard lock(mutex_);
        return seen_;
    }
    bool Ended() const { return ended_; }
    kube::WatchEnd Join() {
        thread_.join();
        return end_;
    }
    void Stop() { thread_.request_stop(); }
    Steady::time_point Last() const {
        const std::lock_guard lock(mutex_);
        return last_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::pair<Type, std::string>> seen_;
    Steady::time_point last_;
    std::atomic<bool> ended_{false};
    kube::WatchEnd end_ = kube::WatchEnd::kClosed;
    std::jthread thread_;
};

class ClientWatch : public ClusterFixture {
protected:
    kube::Scope Scope() const { return {namespace_, "kind=test", {}}; }
    core::Revision Now() const { return Client().List(kConfigMaps, Scope(), 100).at; }
};

TEST_F(ClientWatch, DeliversEachEventAtOnceAndInOrder) {
    Watching watching(clients_->watches, Scope(), Now(), 60s);
    std::vector<std::pair<Type, std::string>> expected;
    for (int i = 0; i < 5; ++i) {
        const auto name = "event-" + std::to_string(i);
        ASSERT_TRUE(Client().Create(kConfigMaps, ConfigMap(name)).Done());
        const auto made = Steady::now();
        expected.emplace_back(Type::kAdded, name);
        // One event at a time: a stream that waits for its buffer to fill would show none of them.
        ASSERT_TRUE(Eventually([&] { return watching.Seen() == expected; }, "the event arrives", 2s));
        std::printf("watch: an event %.2f ms after its create returned\n",
                    std::chrono::duration<double, std::milli>(watching.Last() - made).count());
    }
    const auto live = Client().Get(kConfigMaps, Key("event-0"));
    const core::Uid uid{core::TextAt(*live, {"metadata", "uid"})};
    ASSERT_TRUE(Client().MergePatch(kConfigMaps, Key("event-0"), {{"data", {{"more", "x"}}}}).Done());
    ASSERT_TRUE(Client().Delete(kConfigMaps, Key("event-0"), {uid, {}, {}}).Done());
    expected.emplace_back(Type::kModified, "event-0");
    expected.emplace_back(Type::kDeleted, "event-0");
    EXPECT_TRUE(Eventually([&] { return watching.Seen() == expected; }, "the event arrives", 2s));
    watching.Stop();
    EXPECT_EQ(watching.Join(), kube::WatchEnd::kStopped);
}

TEST_F(ClientWatch, ResumesFromARevisionWithoutGap) {
    const auto from = Now();
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(Client().Create(kConfigMaps, ConfigMap("missed-" + std::to_string(i))).Done());
    Watching watching(clients_->watches, Scope(), from, 60s);
    ASSERT_TRUE(Eventually([&] { return watching.Seen().size() == 3; }, "the events arrive"));
    EXPECT_EQ(watching.Seen()[0].second, "missed-0");
    watching.Stop();
}

TEST_F(ClientWatch, EndsWhenTheServerEndsIt) {
    Watching watching(clients_->watches, Scope(), Now(), 1s);
    ASSERT_TRUE(Eventually([&] { return watching.Ended(); }, "the watch ends"));
    EXPECT_EQ(watching.Join(), kube::WatchEnd::kClosed);
}

TEST_F(ClientWatch, FromARevisionThatIsTooOldIsExpired) {
    // The server keeps no history from before a resource was defined: a new definition makes revision 1 too old.
    const Things things(Client(), namespace_);
    EXPECT_EQ(clients_->watches.Watch(things.Resource(), {}, {1}, 60s, [](const auto&) {}, {}),
              kube::WatchEnd::kExpired);
}

TEST_F(ClientWatch, IsStoppedWithinMilliseconds) {
    Watching watching(clients_->watches, Scope(), Now(), 60s);
    ASSERT_TRUE(Client().Create(kConfigMaps, ConfigMap("one")).Done());
    ASSERT_TRUE(Eventually([&] { return watching.Seen().size() == 1; }, "the events arrive"));
    const auto began = Steady::now();
    watching.Stop();
    EXPECT_EQ(watching.Join(), kube::WatchEnd::kStopped);
    const std::chrono::duration<double, std::milli> took = Steady::now() - began;
    std::printf("watch: stopped in %.2f ms\n", took.count());
    EXPECT_LT(took, 500ms);
}

TEST_F(ClientWatch, ManyStopsLeaveNothingBehind) {
    const auto from = Now();
    for (int i = 0; i < 50; ++i) {
        Watching watching(clients_->watches, Scope(), from, 60s);
        watching.Stop();
        EXPECT_EQ(watching.Join(), kube::WatchEnd::kStopped);
    }
    EXPECT_TRUE(Client().Create(kConfigMaps, ConfigMap("still-works")).Done());
}

TEST_F(ClientWatch, ThrowsWhatItsCallbackThrows) {
    const auto from = Now();
    ASSERT_TRUE(Client().Create(kConfigMaps, ConfigMap("one")).Done());
    struct Odd {};
    EXPECT_THROW(clients_->watches.Watch(kConfigMaps, Scope(), from, 60s, [](const auto&) { throw Odd{}; }, {}), Odd);
}

TEST_F(ClientWatch, CarriesAnObjectOfAMegabyte) {
    Watching watching(clients_->watches, Scope(), Now(), 60s);
    auto object = ConfigMap("large");
    object["data"]["text"] = std::string(1'000'000, 'x');
    const auto made = Client().Create(kConfigMaps, object);
    ASSERT_TRUE(made.Done()) << made.message;
    EXPECT_TRUE(Eventually([&] { return watching.Seen().size() == 1; }, "the events arrive"));
    watching.Stop();
}

}  // namespace
}  // namespace test
