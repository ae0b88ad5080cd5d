#include "runtime/reflector.hpp"

#include <atomic>
#include <thread>

#include "control_plane/kube/cluster_fixture.hpp"
#include "control_plane/kube/tampering_transport.hpp"
#include "core/json_access.hpp"
#include "runtime/store.hpp"
#include "runtime/store_sink.hpp"

namespace test {
namespace {

using namespace std::chrono_literals;

struct Thing {
    std::string answer;
};

std::optional<Thing> ParseThing(const nlohmann::json& object) {
    return Thing{core::TextAt(object, {"data", "answer"})};
}

/// Another revision than the reflector means to go on from.
void AskForRevision(kube::Request& request, const std::string& revision) {
    constexpr std::string_view kParameter = "resourceVersion=";
    const auto begin = request.target.find(kParameter) + kParameter.size();
    request.target.replace(begin, request.target.find('&', begin) - begin, revision);
}

struct Counting final : runtime::Observer {
    void Listed(std::string_view, std::size_t objects, Seconds) noexcept override {
        ++lists;
        listed = objects;
    }
    void WatchRestarted(std::string_view, std::string_view) noexcept override { ++restarts; }

    std::atomic<int> lists{0};
    std::atomic<std::size_t> listed{0};
    std::atomic<int> restarts{0};
};

class Reflector : public ClusterFixture {
protected:
    void SetUp() override {
        ClusterFixture::SetUp();
        transport_ = std::make_shared<TamperingTransport>(connection_);
        settings_.resource = kConfigMaps;
        settings_.scope = {namespace_, "kind=test", {}};
        settings_.pause_factor = 0.01;
    }
    void TearDown() override {
        Stop();
        ClusterFixture::TearDown();
    }

    void Start() {
        reflector_.emplace(settings_, kube::Client(transport_, {"tidegate", nullptr}), sink_, observer_);
        thread_ = std::jthread([this](std::stop_token stop) { reflector_->Run(stop); });
    }
    void Stop() { thread_ = {}; }

    kube::Written Make(const std::string& name) { return Client().Create(kConfigMaps, ConfigMap(name)); }
    bool Has(const std::string& name) const { return store_.Find(Key(name)) != nullptr; }
    bool Synced() const { return store_.Synced(); }

    Counting observer_;
    runtime::Store<Thing> store_;
    runtime::StoreSink<Thing> sink_{store_, "", ParseThing, observer_};
    runtime::Reflector::Settings settings_;
    std::shared_ptr<TamperingTransport> transport_;
    std::optional<runtime::Reflector> reflector_;
    std::jthread thread_;
};

TEST_F(Reflector, ListsInPagesThenFollowsEveryChange) {
    settings_.page_size = 2;
    for (int i = 0; i < 5; ++i)
        ASSERT_TRUE(Make("old-" + std::to_string(i)).Done());
    Start();
    ASSERT_TRUE(Eventually([&] { return Synced(); }, "the list is read"));
    EXPECT_EQ(store_.Size(), 5U);
    EXPECT_EQ(observer_.listed, 5U);

    const auto made = Make("new");
    ASSERT_TRUE(Eventually([&] { return Has("new"); }, "the new object is seen"));
    EXPECT_GE(store_.Seen(namespace_), made.revision);

    ASSERT_TRUE(Client().MergePatch(kConfigMaps, Key("new"), {{"data", {{"answer", "43"}}}}).Done());
    EXPECT_TRUE(Eventually([&] { return store_.Find(Key("new"))->answer == "43"; }, "the change is seen"));

    ASSERT_TRUE(Client().Delete(kConfigMaps, Key("new"), {made.uid, {}, {}}).Done());
    EXPECT_TRUE(Eventually([&] { return !Has("new"); }, "the deletion is seen"));

    // A label that no longer matches is a deletion for who selects by it.
    ASSERT_TRUE(
        Client().MergePatch(kConfigMaps, Key("old-0"), {{"metadata", {{"labels", {{"kind", "other"}}}}}}).Done());
    EXPECT_TRUE(Eventually([&] { return !Has("old-0"); }, "the object leaves the selection"));
    EXPECT_EQ(observer_.lists, 1);
}

TEST_F(Reflector, ResumesAWatchThatEndsWithoutListingAgain) {
    settings_.shortest_watch = settings_.longest_watch = 1s;
    Start();
    for (int i = 0; i < 3; ++i) {
        const auto restarts = observer_.restarts.load();
        ASSERT_TRUE(Eventually([&] { return observer_.restarts > restarts; }, "the watch ends"));
        const auto name = "made-" + std::to_string(i);
        ASSERT_TRUE(Make(name).Done());
        ASSERT_TRUE(Eventually([&] { return Has(name); }, name + " is seen"));
    }
    EXPECT_EQ(observer_.lists, 1);
}

TEST_F(Reflector, ResumesABrokenWatchAndMissesNothing) {
    std::atomic<int> lines{0};
    transport_->BeforeLine([&](std::string_view) {
        if (++lines % 2 == 1) throw kube::TransportError("cut before the event was applied");
    });
    Start();
    ASSERT_TRUE(Eventually([&] { return Synced(); }, "the list is read"));
    for (int i = 0; i < 5; ++i)
        ASSERT_TRUE(Make("made-" + std::to_string(i)).Done());
    ASSERT_TRUE(Eventually([&] { return store_.Size() == 5; }, "all objects are seen"));
    EXPECT_GE(lines, 10);
    EXPECT_EQ(observer_.lists, 1);
}

TEST_F(Reflector, ListsAgainWhenItsRevisionIsTooOldAndFindsWhatWasDeletedMeanwhile) {
    const Things things(Client(), namespace_);
    settings_.resource = things.Resource();
    settings_.scope = {namespace_, {}, {}};
    const auto thing = [&](const std::string& name) {
        return nlohmann::json{{"apiVersion", things.Resource().ApiVersion()},
                              {"kind", "Thing"},
                              {"metadata", {{"name", name}, {"namespace", namespace_}}}};
    };
    // The definition is served by one path a moment before the other.
    kube::Written old;
    ASSERT_TRUE(Eventually([&] { return (old = Client().Create(things.Resource(), thing("old"))).Done(); }, "made"));

    // The second watch asks for a revision from before the resource was defined, as after a long sleep.
    std::atomic<int> watches{0};
    transport_->BeforeStream([&](kube::Request& request, std::stop_token) {
        if (++watches == 1) throw kube::TransportError("cut");
        if (watches == 2) {
            ASSERT_TRUE(Client().Delete(things.Resource(), Key("old"), {old.uid, {}, {}}).Done());
            ASSERT_TRUE(Client().Create(things.Resource(), thing("new")).Done());
            AskForRevision(request, "1");
        }
    });
    Start();
    ASSERT_TRUE(Eventually([&] { return observer_.lists == 2; }, "it lists again"));
    EXPECT_TRUE(Has("new"));
    EXPECT_FALSE(Has("old"));
}

TEST_F(Reflector, WaitsForAServerThatIsNotThere) {
    std::atomic<int> calls{0};
    transport_->BeforeSend([&](kube::Request&, std::stop_token) {
        if (++calls <= 3) throw kube::TransportError("connection refused");
    });
    ASSERT_TRUE(Make("one").Done());
    Start();
    EXPECT_TRUE(Eventually([&] { return Has("one"); }, "the list succeeds"));
    EXPECT_EQ(calls, 4);
}

TEST_F(Reflector, StopsWithinMillisecondsWhereverItIs) {
    Start();
    ASSERT_TRUE(Eventually([&] { return Synced(); }, "the list is read"));
    auto began = std::chrono::steady_clock::now();
    Stop();
    EXPECT_LT(std::chrono::steady_clock::now() - began, 500ms) << "while watching";

    settings_.pause_factor = 1000;
    std::atomic<bool> failed{false};
    transport_->BeforeSend([&](kube::Request&, std::stop_token) {
        failed = true;
        throw kube::TransportError("connection refused");
    });
    Start();
    ASSERT_TRUE(Eventually([&] { return failed.load(); }, "the list fails"));
    began = std::chrono::steady_clock::now();
    Stop();
    EXPECT_LT(std::chrono::steady_clock::now() - began, 500ms) << "while pausing";
}

TEST_F(Reflector, ReflectorsThatShareATurnListOneAfterTheOther) {
    std::mutex turn;
    settings_.list_turn = &turn;
    std::atomic<int> inside{0}, overlaps{0};
    transport_->BeforeSend([&](kube::Request&, std::stop_token) {
        if (++inside > 1) ++overlaps;
    });
    transport_->AfterSend([&](kube::Request&, std::stop_token) { --inside; });
    runtime::Store<Thing> other;
    runtime::StoreSink<Thing> sink(other, "", ParseThing, observer_);
    runtime::Reflector second(settings_, kube::Client(transport_, {"tidegate", nullptr}), sink, observer_);
    Start();
    std::jthread thread([&](std::stop_token stop) { second.Run(stop); });
    EXPECT_TRUE(Eventually([&] { return Synced() && other.Synced(); }, "both are synced"));
    EXPECT_EQ(overlaps, 0);
}

}  // namespace
}  // namespace test
