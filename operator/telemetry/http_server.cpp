#include "telemetry/http_server.hpp"

#include <stdexcept>
#include <utility>

#include <civetweb.h>

namespace telemetry {
namespace {

constexpr char kPlainText[] = "text/plain; charset=utf-8";
/// Prometheus' text format.
constexpr char kMetricsText[] = "text/plain; version=0.0.4; charset=utf-8";

bool IsRead(mg_connection* connection) {
    const std::string method = mg_get_request_info(connection)->request_method;
    return method == "GET" || method == "HEAD";
}

int Reply(mg_connection* connection, int status, const char* type, const std::string& body) {
    const bool has_body = std::string(mg_get_request_info(connection)->request_method) != "HEAD";
    mg_response_header_start(connection, status);
    mg_response_header_add(connection, "Content-Type", type, -1);
    mg_response_header_add(connection, "Content-Length", std::to_string(body.size()).c_str(), -1);
    mg_response_header_add(connection, "Cache-Control", "no-store", -1);
    mg_response_header_send(connection);
    if (has_body) mg_write(connection, body.data(), body.size());
    return status;
}

/// CivetWeb is C: nothing may be thrown through it.
template <class Make>
int Guarded(mg_connection* connection, const Make& make) noexcept {
    try {
        if (!IsRead(connection)) return Reply(connection, 405, kPlainText, "only GET and HEAD\n");
        return make();
    } catch (const std::exception& error) {
        return Reply(connection, 500, kPlainText, std::string(error.what()) + "\n");
    }
}

int ReplyHealth(mg_connection* connection, void* function) {
    return Guarded(connection, [&] {
        const auto answer = (*static_cast<const std::function<HttpServer::Answer()>*>(function))();
        return Reply(connection, answer.ok ? 200 : 503, kPlainText, answer.text + "\n");
    });
}

int ReplyMetrics(mg_connection* connection, void* function) {
    return Guarded(connection, [&] {
        return Reply(connection, 200, kMetricsText, (*static_cast<const std::function<std::string()>*>(function))());
    });
}

int ReplyNothingHere(mg_connection* connection, void*) {
    return Guarded(connection, [&] {
        return Reply(connection, 404, kPlainText, "not found: there are /healthz, /readyz and /metrics\n");
    });
}

}  // namespace

class HttpServer::Impl final {
public:
    explicit Impl(Settings settings) : settings_(std::move(settings)) {
        // Two threads serve a probe and a scrape at once. Without keep-alive, so that no idle client holds a thread.
        const char* options[] = {"listening_ports",
                                 settings_.bind.c_str(),
                                 "num_threads",
                                 "2",
                                 "connection_queue",
                                 "8",
                                 "request_timeout_ms",
                                 "5000",
                                 "max_request_size",
                                 "4096",
                                 "enable_keep_alive",
                                 "no",
                                 "enable_directory_listing",
                                 "no",
                                 nullptr};
        mg_init_library(0);
        mg_callbacks callbacks{};
        callbacks.log_message = [](const mg_connection*, const char*) { return 1; };  // ours says more
        context_ = mg_start(&callbacks, nullptr, options);
        if (context_ == nullptr) {
            throw std::runtime_error("cannot listen on " + settings_.bind +
                                     ": it must be ADDRESS:PORT, the address one of this machine's, and the port free "
                                     "and permitted; give another one with --bind");
        }
        mg_server_port port{};
        if (mg_get_server_ports(context_, 1, &port) == 1) port_ = port.port;
        mg_set_request_handler(context_, "/healthz$", ReplyHealth, &settings_.healthy);
        mg_set_request_handler(context_, "/readyz$", ReplyHealth, &settings_.ready);
        mg_set_request_handler(context_, "/metrics$", ReplyMetrics, &settings_.metrics);
        mg_set_request_handler(context_, "**", ReplyNothingHere, nullptr);
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() { mg_stop(context_); }

    int Port() const { return port_; }

private:
    Settings settings_;
    mg_context* context_ = nullptr;
    int port_ = 0;
};

HttpServer::HttpServer(Settings settings) : impl_(std::make_unique<Impl>(std::move(settings))) {}
HttpServer::~HttpServer() = default;
int HttpServer::Port() const {
    return impl_->Port();
}

}  // namespace telemetry
