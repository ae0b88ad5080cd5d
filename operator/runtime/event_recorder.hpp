#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "core/object_key.hpp"
#include "core/uid.hpp"
#include "kube/client.hpp"
#include "runtime/clock.hpp"
#include "runtime/observer.hpp"

namespace runtime {

enum class EventType { kNormal, kWarning };

/// The object an event is about.
struct EventTarget {
    kube::Resource resource;
    core::ObjectKey key;
    core::Uid uid;
};

struct Event {
    EventTarget regarding;
    EventType type = EventType::kNormal;
    /// A category in CamelCase.
    std::string reason;
    /// What we were doing, in CamelCase ("Reconcile", "Release").
    std::string action = "Reconcile";
    /// For people: what happened, to which object, what to do next. At most 1 KiB; more is cut.
    std::string note;
};

/// Writes events.k8s.io/v1 Events from a thread of its own. Record never blocks and never throws.
///
/// The same event again within 6 minutes patches the series of the first one. Per object at most 25 events at once,
/// then one per 5 minutes (client-go's figures). Events are a courtesy: they may be dropped (buffer of 1,000 full,
/// burst, refused, at shutdown); each drop is counted.
class EventRecorder final {
public:
    struct Settings {
        /// reportingController, "tidegate.io/controller".
        std::string controller;
        /// reportingInstance: the pod's name.
        std::string instance;
        std::size_t buffer = 1000;
        std::size_t burst = 25;
        std::chrono::seconds refill{300};
        /// A series ends when it was quiet for so long.
        std::chrono::seconds series_end{360};
        /// How long Stop goes on writing what is left.
        std::chrono::seconds flush{5};
    };

    /// `observer` must outlive the recorder.
    EventRecorder(Settings settings, kube::Client client, Observer& observer);
    EventRecorder(const EventRecorder&) = delete;
    EventRecorder& operator=(const EventRecorder&) = delete;
    ~EventRecorder();

    void Record(Event event) noexcept;
    /// Writes what is buffered, within Settings::flush, and ends the thread.
    void Stop() noexcept;
    /// Nothing is buffered or being written.
    bool Idle() const;

private:
    /// What makes two events the same.
    using SeriesKey = std::string;
    struct Series {
        core::ObjectKey event;
        int count = 1;
        SteadyTime last;
    };
    struct Tokens {
        double left = 0;
        SteadyTime at;
    };

    void Run(std::stop_token stop);
    void Write(const Event& event);
    void Post(const core::ObjectKey& name, const std::string& time, const SeriesKey& key, const Event& event);
    /// False when the first event is gone: begin a new series.
    bool Repeat(Series& series);
    bool Spend(const core::Uid& uid, SteadyTime now);
    void Expire(SteadyTime now);
    bool Pause(std::chrono::milliseconds pause);

    const Settings settings_;
    kube::Client client_;
    Observer& observer_;
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<Event> buffer_;
    bool writing_ = false;
    bool ended_ = false;
    /// Cuts off what is still being written when the time to flush is over.
    std::stop_source cut_off_;
    /// Of the writing thread.
    std::map<SeriesKey, Series> series_;
    std::map<core::Uid, Tokens> tokens_;
    SteadyTime swept_{};
    std::jthread thread_;
};

}  // namespace runtime
