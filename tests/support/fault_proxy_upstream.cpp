#include "support/fault_proxy_upstream.hpp"

#include <array>
#include <chrono>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <netinet/tcp.h>
#include <poll.h>

#include "kube/connection.hpp"
#include "kube/kubeconfig.hpp"

namespace support {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

/// Far above a page of objects; a watch is one body.
constexpr std::uint64_t kLongestBody = std::uint64_t{1} << 40U;
using tcp = asio::ip::tcp;
using Steady = std::chrono::steady_clock;
using TlsStream = asio::ssl::stream<tcp::socket>;

/// Below the API server's own limit for idle connections (minutes), so that a kept one is still open.
constexpr std::chrono::seconds kKeptIdle{20};
constexpr std::chrono::milliseconds kQuiet{50};
constexpr std::size_t kReadSize = 16384;

struct Link {
    explicit Link(asio::ssl::context& tls) : stream(io, tls) {}

    /// Of its own, so that waiting on one connection runs nobody else's work.
    asio::io_context io;
    TlsStream stream;
    boost::beast::flat_buffer buffer;
    Steady::time_point used = Steady::now();
    bool kept = false;
};

/// Nothing was asked, so what can be read is the end of the connection.
bool IsClosed(Link& link) {
    pollfd descriptor{link.stream.next_layer().native_handle(), POLLIN, 0};
    return ::poll(&descriptor, 1, 0) > 0;
}

HttpReply HeadOf(const http::fields& fields, unsigned code) {
    HttpReply reply;
    reply.code = static_cast<int>(code);
    for (const auto& field : fields)
        reply.headers[std::string(field.name_string())] = std::string(field.value());
    return reply;
}

}  // namespace

class Upstream::Impl final {
public:
    explicit Impl(const std::string& kubeconfig)
        : connection_(kube::LoadKubeconfig(kubeconfig)), tls_(asio::ssl::context::tls_client) {
        const auto server = connection_.server.substr(connection_.server.find("//") + 2);
        host_ = server.substr(0, server.rfind(':'));
        port_ = server.substr(server.rfind(':') + 1);
        const auto authority = connection_.certificate_authority();
        tls_.add_certificate_authority(asio::buffer(authority));
        tls_.set_verify_mode(asio::ssl::verify_peer);
        // Each watch is a connection of its own, and each start of an operator opens six: later handshakes are short.
        SSL_CTX_set_session_cache_mode(tls_.native_handle(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_set_ex_data(tls_.native_handle(), OwnerSlot(), this);
        SSL_CTX_sess_set_new_cb(tls_.native_handle(), &Impl::KeepSession);
        if (!connection_.client_certificate) return;
        const auto certificate = connection_.client_certificate();
        const auto key = connection_.client_key();
        tls_.use_certificate_chain(asio::buffer(certificate));
        tls_.use_private_key(asio::buffer(key), asio::ssl::context::pem);
    }

    ~Impl() { SSL_SESSION_free(session_); }

    HttpReply Send(const HttpRequest& request) {
        const auto message = Message(request);
        auto link = Idle();
        // The server may have closed a kept connection meanwhile; what only reads may be asked again.
        if (link->kept && request.method == "GET") {
            try {
                return Exchange(std::move(link), message);
            } catch (const boost::system::system_error&) {
                link = Open();
            }
        }
        return Exchange(std::move(link), message);
    }

    void Stream(const HttpRequest& request, const StreamEvents& events) {
        auto link = Open();
        http::write(link->stream, Message(request));
        http::response_parser<http::buffer_body> parser;
        parser.body_limit(kLongestBody);
        http::read_header(link->stream, link->buffer, parser);
        auto head = HeadOf(parser.get(), parser.get().result_int());
        std::array<char, kReadSize> bytes{};
        const bool is_error = head.code != 200;
        if (!is_error) events.head(head);
        while (!parser.is_done()) {
            auto& body = parser.get().body();
            body.data = bytes.data();
            body.size = bytes.size();
            std::optional<boost::system::error_code> outcome;
            // Not by poll(): what was read from the socket and not decrypted yet would not show.
            http::async_read_some(link->stream, link->buffer, parser,
                                  [&outcome](boost::system::error_code error, std::size_t) { outcome = error; });
            link->io.restart();
            while (!outcome) {
                link->io.run_for(kQuiet);
                if (outcome) break;
                if (!is_error && !events.quiet()) {
                    // The read is given up with the connection; its handler must not outlive what it writes to.
                    link->stream.next_layer().close();
                    link->io.run();
                    return;
                }
                link->io.restart();
            }
            if (*outcome && *outcome != http::error::need_buffer) throw boost::system::system_error(*outcome);
            const std::string_view text(bytes.data(), bytes.size() - body.size);
            if (text.empty()) continue;
            if (is_error) {
                head.body += text;
            } else {
                events.data(text);
                if (!events.quiet()) return;
            }
        }
        if (is_error) events.head(head);
    }

private:
    /// Of our own: the slot of "app data" belongs to boost::asio::ssl::context, which deletes what it finds there.
    static int OwnerSlot() {
        static const int slot = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
        return slot;
    }

    /// Called by the library with a session that later connections may resume. Returns 1: it is kept.
    static int KeepSession(SSL* connection, SSL_SESSION* session) {
        auto* const self = static_cast<Impl*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), OwnerSlot()));
        const std::lock_guard lock(self->session_mutex_);
        SSL_SESSION_free(std::exchange(self->session_, session));
        return 1;
    }

    std::unique_ptr<Link> Open() {
        auto link = std::make_unique<Link>(tls_);
        auto& socket = link->stream.next_layer();
        tcp::resolver resolver(link->io);
        asio::connect(socket, resolver.resolve(host_, port_));
        socket.set_option(tcp::no_delay(true));
        link->stream.set_verify_callback(asio::ssl::host_name_verification(host_));
        {
            const std::lock_guard lock(session_mutex_);
            if (session_ != nullptr) SSL_set_session(link->stream.native_handle(), session_);
        }
        link->stream.handshake(asio::ssl::stream_base::client);
        return link;
    }

    std::unique_ptr<Link> Idle() {
        {
            const std::lock_guard lock(mutex_);
            while (!idle_.empty()) {
                auto link = std::move(idle_.back());
                idle_.pop_back();
                if (Steady::now() - link->used < kKeptIdle && !IsClosed(*link)) {
                    link->kept = true;
                    return link;
                }
            }
        }
        return Open();
    }

    HttpReply Exchange(std::unique_ptr<Link> link, const http::request<http::string_body>& message) {
        http::write(link->stream, message);
        http::response_parser<http::string_body> parser;
        parser.body_limit(kLongestBody);
        http::read(link->stream, link->buffer, parser);
        auto reply = HeadOf(parser.get(), parser.get().result_int());
        reply.body = std::move(parser.get().body());
        if (parser.get().keep_alive()) {
            link->used = Steady::now();
            const std::lock_guard lock(mutex_);
            idle_.push_back(std::move(link));
        }
        return reply;
    }

    http::request<http::string_body> Message(const HttpRequest& request) const {
        http::request<http::string_body> message;
        message.method_string(request.method);
        message.target(request.target);
        message.version(11);
        message.set(http::field::host, host_ + ":" + port_);
        message.set(http::field::user_agent, "tidegate/fault-proxy");
        message.set(http::field::accept, "application/json");
        if (connection_.token) message.set(http::field::authorization, "Bearer " + connection_.token());
        if (!request.content_type.empty()) message.set(http::field::content_type, request.content_type);
        message.body() = request.body;
        message.prepare_payload();
        return message;
    }

    const kube::Connection connection_;
    std::string host_;
    std::string port_;
    asio::ssl::context tls_;
    std::mutex session_mutex_;
    SSL_SESSION* session_ = nullptr;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Link>> idle_;
};

Upstream::Upstream(const std::string& kubeconfig) : impl_(std::make_unique<Impl>(kubeconfig)) {}
Upstream::~Upstream() = default;

HttpReply Upstream::Send(const HttpRequest& request) {
    return impl_->Send(request);
}

void Upstream::Stream(const HttpRequest& request, const StreamEvents& events) {
    impl_->Stream(request, events);
}

}  // namespace support
