#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace kube {

struct Request {
    enum class Method { kGet, kPost, kPut, kPatch, kDelete };

    Method method = Method::kGet;
    /// Path and query, percent-encoded.
    std::string target;
    std::string content_type;
    std::string body;
};

struct Response {
    int status = 0;
    std::string body;
    std::optional<std::chrono::seconds> retry_after;
};

std::string_view ToString(Request::Method method);

/// HTTP with one API server. Thread-safe and blocking; call it on our own threads only.
///
/// Not guaranteed: that a POST is sent once. When a kept-alive connection dies before the status line arrives, the HTTP
/// library sends the request again, whatever its method (measured). So every write must be idempotent: fixed names on
/// create, a revision test on patch and put, a UID precondition on delete. An AlreadyExists may be our own write.
class Transport {
public:
    virtual ~Transport() = default;

    /// Any status is a Response. Throws TransportError, OutcomeUnknown (writes only), Stopped.
    virtual Response Send(const Request& request, std::stop_token stop) = 0;

    /// A response of status 200 is handed on line by line, as each arrives, and the call returns (with an empty body)
    /// when the server ends the stream. Any other status is returned with its body. Throws TransportError when the
    /// stream breaks, Stopped, and whatever `on_line` throws.
    virtual Response Stream(const Request& request, const std::function<void(std::string_view line)>& on_line,
                            std::stop_token stop) = 0;

    /// host:port, for metrics.
    virtual std::string_view Host() const = 0;
};

}  // namespace kube
