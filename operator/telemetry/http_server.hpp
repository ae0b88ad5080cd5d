#pragma once

#include <functional>
#include <memory>
#include <string>

namespace telemetry {

/// /healthz, /readyz and /metrics over plain HTTP; GET and HEAD only, nothing else answers. Two threads, 5 s per
/// request, small limits: a slow or hostile client costs a connection, not the operator.
class HttpServer final {
public:
    struct Answer {
        bool ok = true;
        /// One line for people: what is missing.
        std::string text = "ok";
    };
    struct Settings {
        /// "HOST:PORT" (HOST an address; "[::]:8080" for IPv6); port 0 picks a free one.
        std::string bind = "0.0.0.0:8080";
        /// 200 when ok, else 503. Called by the server's threads.
        std::function<Answer()> healthy;
        std::function<Answer()> ready;
        std::function<std::string()> metrics;
    };

    /// Listens when it returns. Throws std::runtime_error that names the address and what to do.
    explicit HttpServer(Settings settings);
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;
    /// Closes the listener and joins its threads: up to 2 s, the library polls. main leaves by ExitNow without it.
    ~HttpServer();

    /// The port really bound.
    int Port() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace telemetry
