#include "runtime/event_recorder.hpp"

#include <atomic>

#include "control_plane/kube/cluster_fixture.hpp"
#include "control_plane/kube/tampering_transport.hpp"
#include "core/json_access.hpp"
#include "support/kubectl.hpp"

namespace test {
namespace {

struct Dropped final : runtime::Observer {
    void EventDropped(std::string_view) noexcept override { ++count; }
    std::atomic<int> count{0};
};

class EventRecorder : public ClusterFixture {
protected:
    void SetUp() override {
        ClusterFixture::SetUp();
        transport_ = std::make_shared<TamperingTransport>(connection_);
        const auto made = Client().Create(kConfigMaps, ConfigMap("orders"));
        ASSERT_TRUE(made.Done()) << made.message;
        event_.regarding = {kConfigMaps, Key("orders"), made.uid};
        event_.type = runtime::EventType::kWarning;
        event_.reason = "MigrationFailed";
        event_.note = "the migration failed with exit code 3";
        recorder_.emplace(runtime::EventRecorder::Settings{"tidegate.io/controller", "tidegate-0"},
                          kube::Client(transport_, {"tidegate", nullptr}), observer_);
    }

    std::vector<nlohmann::json> Events() const { return Client().List(kube::kEvents, {namespace_, {}, {}}, 500).items; }
    void Written() {
        ASSERT_TRUE(Eventually([&] { return recorder_->Idle(); }, "all events are written"));
    }

    Dropped observer_;
    std::shared_ptr<TamperingTransport> transport_;
    runtime::Event event_;
    std::optional<runtime::EventRecorder> recorder_;
};

TEST_F(EventRecorder, KubectlShowsTheEvent) {
    recorder_->Record(event_);
    Written();
    const auto table = support::Kubectl(namespace_).Must({"get", "events"});
    EXPECT_NE(table.find("MigrationFailed"), std::string::npos) << table;
    EXPECT_NE(table.find("configmap/orders"), std::string::npos) << table;
    EXPECT_NE(table.find("the migration failed with exit code 3"), std::string::npos) << table;
    const auto described = support::Kubectl(namespace_).Must({"describe", "configmap", "orders"});
    EXPECT_NE(described.find("MigrationFailed"), std::string::npos) << described;
    EXPECT_NE(described.find("tidegate"), std::string::npos) << described;
}

TEST_F(EventRecorder, TheSameAgainIsASeriesAndAnotherNoteIsNot) {
    for (int i = 0; i < 3; ++i)
        recorder_->Record(event_);
    event_.note = "something else";
    recorder_->Record(event_);
    Written();
    auto events = Events();
    ASSERT_EQ(events.size(), 2U);
    std::map<std::string, std::int64_t> counts;
    for (const auto& event : events) {
        counts[core::TextAt(event, {"note"})] = core::NumberAt(event, {"series", "count"}).value_or(1);
    }
    EXPECT_EQ(counts["the migration failed with exit code 3"], 3);
    EXPECT_EQ(counts["something else"], 1);
}

TEST_F(EventRecorder, BeginsAnewWhenTheFirstEventIsGone) {
    recorder_->Record(event_);
    Written();
    const auto first = Events().at(0);
    ASSERT_TRUE(Client()
                    .Delete(kube::kEvents, Key(core::TextAt(first, {"metadata", "name"})),
                            {{core::TextAt(first, {"metadata", "uid"})}, {}, {}})
                    .Done());
    recorder_->Record(event_);
    Written();
    EXPECT_EQ(Events().size(), 1U);
}

TEST_F(EventRecorder, AnAnswerThatWasLostMakesNoSecondEvent) {
    std::atomic<int> sent{0};
    transport_->AfterSend([&](kube::Request&, std::stop_token) {
        if (++sent == 1) throw kube::OutcomeUnknown("lost");
    });
    recorder_->Record(event_);
    Written();
    EXPECT_EQ(sent, 2);
    EXPECT_EQ(Events().size(), 1U);
    EXPECT_EQ(observer_.count, 0);
}

TEST_F(EventRecorder, ABurstOnOneObjectIsCutAndCounted) {
    for (int i = 0; i < 30; ++i) {
        event_.note = "note " + std::to_string(i);
        recorder_->Record(event_);
    }
    Written();
    EXPECT_EQ(Events().size(), 25U);
    EXPECT_EQ(observer_.count, 5);
}

TEST_F(EventRecorder, CutsALongNoteBetweenCharacters) {
    event_.note.clear();
    while (event_.note.size() < 2000)
        event_.note += "\xE2\x82\xAC";
    recorder_->Record(event_);
    Written();
    ASSERT_EQ(Events().size(), 1U);
    const auto note = core::TextAt(Events()[0], {"note"});
    EXPECT_LE(note.size(), 1024U);
    EXPECT_TRUE(note.ends_with("\xE2\x82\xAC..."));
    EXPECT_EQ(observer_.count, 0);
}

TEST_F(EventRecorder, StopWritesWhatIsLeft) {
    for (int i = 0; i < 10; ++i) {
        event_.note = "note " + std::to_string(i);
        recorder_->Record(event_);
    }
    recorder_->Stop();
    EXPECT_EQ(Events().size(), 10U);
    recorder_->Record(event_);
    EXPECT_EQ(observer_.count, 1) << "after the end";
}

TEST_F(EventRecorder, StopDoesNotWaitForAServerThatIsGone) {
    transport_->BeforeSend([&](kube::Request&, std::stop_token) { throw kube::TransportError("no route"); });
    runtime::EventRecorder::Settings settings{"tidegate.io/controller", "tidegate-0"};
    settings.flush = std::chrono::seconds{1};
    runtime::EventRecorder recorder(settings, kube::Client(transport_, {"tidegate", nullptr}), observer_);
    recorder.Record(event_);
    const auto began = std::chrono::steady_clock::now();
    recorder.Stop();
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{3});
    EXPECT_EQ(observer_.count, 1);
}

TEST_F(EventRecorder, AnEventInANamespaceThatIsGoneIsDropped) {
    event_.regarding.key.ns = "no-such-namespace";
    recorder_->Record(event_);
    Written();
    EXPECT_EQ(observer_.count, 1);
}

}  // namespace
}  // namespace test
