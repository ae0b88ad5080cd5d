#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace support {

struct HttpRequest {
    std::string method;
    std::string target;
    std::string content_type;
    std::string body;
};

struct HttpReply {
    int code = 0;
    std::map<std::string, std::string> headers;
    std::string body;
};

/// The real API server, as the operator is known there: TLS with its certificate. Thread-safe; keeps connections that
/// are idle and uses them again.
class Upstream final {
public:
    /// What a stream asks while it waits.
    struct StreamEvents {
        /// Head of the answer; the body follows unless it was an error.
        std::function<void(const HttpReply& head)> head;
        std::function<void(std::string_view bytes)> data;
        /// Every 50 ms or so while nothing arrives. False ends the stream.
        std::function<bool()> quiet;
    };

    explicit Upstream(const std::string& kubeconfig);
    ~Upstream();

    /// Throws std::runtime_error when no answer comes.
    HttpReply Send(const HttpRequest& request);
    /// Returns when the server or `quiet` ends the stream; throws when it breaks. An error's body is in the head.
    void Stream(const HttpRequest& request, const StreamEvents& events);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace support
