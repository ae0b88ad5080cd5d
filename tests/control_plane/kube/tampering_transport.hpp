#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "kube/cpprest_transport.hpp"

namespace test {

/// The real transport to the real server, with a hook before each call: to delay it, to lose it, to ask for something
/// else. What a hook throws is what the caller gets.
class TamperingTransport final : public kube::Transport {
public:
    using Hook = std::function<void(kube::Request&, std::stop_token)>;

    explicit TamperingTransport(const kube::Connection& connection)
        : real_(connection, {"tidegate/test", std::chrono::seconds{60}}) {}

    /// Before the calls begin.
    void BeforeSend(Hook hook) { before_send_ = std::move(hook); }
    /// After the server has answered: what it throws is an answer that was lost.
    void AfterSend(Hook hook) { after_send_ = std::move(hook); }
    void BeforeStream(Hook hook) { before_stream_ = std::move(hook); }
    void BeforeLine(std::function<void(std::string_view)> hook) { before_line_ = std::move(hook); }

    kube::Response Send(const kube::Request& request, std::stop_token stop) override {
        auto changed = request;
        if (before_send_) before_send_(changed, stop);
        auto response = real_.Send(changed, stop);
        if (after_send_) after_send_(changed, stop);
        return response;
    }

    kube::Response Stream(const kube::Request& request, const std::function<void(std::string_view line)>& on_line,
                          std::stop_token stop) override {
        auto changed = request;
        if (before_stream_) before_stream_(changed, stop);
        return real_.Stream(
            changed,
            [&](std::string_view line) {
                if (before_line_) before_line_(line);
                on_line(line);
            },
            stop);
    }

    std::string_view Host() const override { return real_.Host(); }

private:
    kube::CpprestTransport real_;
    Hook before_send_, after_send_, before_stream_;
    std::function<void(std::string_view)> before_line_;
};

}  // namespace test
