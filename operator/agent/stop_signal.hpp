#pragma once

#include <chrono>
#include <functional>
#include <stop_token>

namespace agent {

/// Waits that end when a stop is requested. One waiting thread.
class StopSignal {
public:
    explicit StopSignal(std::stop_token stop);

    bool IsRequested() const { return stop_.stop_requested(); }
    void Pause(std::chrono::milliseconds duration) const;
    /// Until `descriptor` is readable or closed by the other side, the stop is requested, or `timeout` is over.
    void WaitReadable(int descriptor, std::chrono::milliseconds timeout) const;

private:
    struct Event {
        Event();
        ~Event();
        Event(const Event&) = delete;
        Event& operator=(const Event&) = delete;
        int descriptor;
    };

    std::stop_token stop_;
    // Before the callback, which writes to it, so that it outlives it.
    Event event_;
    std::stop_callback<std::function<void()>> on_stop_;
};

}  // namespace agent
