#pragma once

#include <chrono>
#include <string_view>

namespace kube {

struct RequestReport {
    /// HTTP method; "WATCH" for a streaming GET.
    std::string_view method;
    /// HTTP status; 0 when there was no answer.
    int code = 0;
    /// host:port of the API server.
    std::string_view host;
    std::chrono::duration<double> took{0};
};

/// Where the client reports what it does (metrics). Called from any thread; must not block or throw.
class Observer {
public:
    virtual ~Observer() = default;

    virtual void RequestDone(const RequestReport&) noexcept {}
};

}  // namespace kube
