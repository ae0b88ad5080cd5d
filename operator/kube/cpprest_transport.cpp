#include "kube/cpprest_transport.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <cpprest/http_client.h>
#include <cpprest/producerconsumerstream.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pplx/threadpool.h>

#include "kube/clients.hpp"
#include "kube/errors.hpp"

namespace kube {
namespace {

namespace http = web::http;
namespace asio = boost::asio;

/// Waiting calls hold no thread of the pool, so a few serve any number of watches.
constexpr std::size_t kPoolThreads = 4;
/// An object is at most 1.5 MiB in etcd; as JSON with managed fields it stays below this.
constexpr std::size_t kLongestLine = std::size_t{16} << 20U;
constexpr std::size_t kReadSize = 16384;
/// A peer that vanished is noticed within this, instead of at the end of a watch's inactivity timeout.
constexpr int kDeadAfterMilliseconds = 45000;
constexpr int kKeepAliveSeconds = 15;

bool IsIpv4(const std::string& host) {
    boost::system::error_code error;
    asio::ip::make_address_v4(host, error);
    return !error;
}

/// The library hands out the socket before it opens it: opening it here is the only way to set options. Only done for
/// IPv4 addresses, because the family has to be known.
void OpenSocket(asio::ip::tcp::socket& socket) {
    boost::system::error_code ignored;  // an option that cannot be set costs promptness, not correctness
    if (socket.is_open()) return;
    socket.open(asio::ip::tcp::v4(), ignored);
    if (ignored) return;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    const int handle = socket.native_handle();
    ::setsockopt(handle, IPPROTO_TCP, TCP_KEEPIDLE, &kKeepAliveSeconds, sizeof kKeepAliveSeconds);
    ::setsockopt(handle, IPPROTO_TCP, TCP_KEEPINTVL, &kKeepAliveSeconds, sizeof kKeepAliveSeconds);
    ::setsockopt(handle, IPPROTO_TCP, TCP_USER_TIMEOUT, &kDeadAfterMilliseconds, sizeof kDeadAfterMilliseconds);
}

/// Forgets the system's authorities, which the library always loads, and sets ours.
void PrepareTls(asio::ssl::context& context, const Connection& connection) {
    SSL_CTX* const handle = context.native_handle();
    SSL_CTX_set_cert_store(handle, X509_STORE_new());
    SSL_CTX_set_min_proto_version(handle, TLS1_2_VERSION);
    const auto authority = connection.certificate_authority();
    context.add_certificate_authority(asio::buffer(authority));
    if (!connection.client_certificate) return;
    const auto certificate = connection.client_certificate();
    const auto key = connection.client_key();
    context.use_certificate_chain(asio::buffer(certificate));
    context.use_private_key(asio::buffer(key), asio::ssl::context::pem);
}

/// The library prepares TLS on its own thread, where a bad certificate would surface as a handshake error: try it now.
void CheckTls(const Connection& connection) {
    try {
        asio::ssl::context context(asio::ssl::context::sslv23);
        PrepareTls(context, connection);
    } catch (const boost::system::system_error& error) {
        throw Error("the certificate authority or the client certificate for " + connection.server +
                    " is not usable PEM: " + error.what());
    }
}

http::client::http_client_config Configure(const Connection& connection, std::chrono::seconds timeout,
                                           const std::string& host, bool is_tls) {
    http::client::http_client_config config;
    config.set_timeout(timeout);
    config.set_max_redirects(0);
    if (is_tls) config.set_ssl_context_callback([connection](auto& context) { PrepareTls(context, connection); });
    if (IsIpv4(host)) {
        config.set_nativehandle_options([is_tls](http::client::native_handle handle) {
            if (is_tls) {
                OpenSocket(static_cast<asio::ssl::stream<asio::ip::tcp::socket&>*>(handle)->next_layer());
            } else {
                OpenSocket(*static_cast<asio::ip::tcp::socket*>(handle));
            }
        });
    }
    return config;
}

const http::method& MethodOf(Request::Method method) {
    switch (method) {
        case Request::Method::kGet:
            return http::methods::GET;
        case Request::Method::kPost:
            return http::methods::POST;
        case Request::Method::kPut:
            return http::methods::PUT;
        case Request::Method::kPatch:
            return http::methods::PATCH;
        case Request::Method::kDelete:
            return http::methods::DEL;
    }
    return http::methods::GET;
}

std::optional<std::chrono::seconds> RetryAfter(const http::http_headers& headers) {
    const auto found = headers.find(http::header_names::retry_after);
    if (found == headers.end()) return std::nullopt;
    long seconds = 0;
    const auto& text = found->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc{} || end == text.data() || seconds < 0) return std::nullopt;
    return std::chrono::seconds{seconds};
}

/// Ends the library's call when the stop token fires, and when the scope is left: a stream that nobody reads would fill
/// an unbounded buffer.
class Cancelling final {
public:
    explicit Cancelling(const std::stop_token& stop) : on_stop_(stop, [this] { source_.cancel(); }) {}
    Cancelling(const Cancelling&) = delete;
    Cancelling& operator=(const Cancelling&) = delete;
    ~Cancelling() { source_.cancel(); }

    pplx::cancellation_token Token() const { return source_.get_token(); }

private:
    pplx::cancellation_token_source source_;
    const std::stop_callback<std::function<void()>> on_stop_;
};

}  // namespace

class CpprestTransport::Impl final {
public:
    Impl(Connection connection, Settings settings)
        : connection_(std::move(connection)),
          settings_(std::move(settings)),
          uri_(connection_.server),
          is_tls_(uri_.scheme() == "https"),
          host_(uri_.host() + ":" + std::to_string(uri_.port())) {
        if (is_tls_) CheckTls(connection_);
        client_ = std::make_unique<http::client::http_client>(
            uri_, Configure(connection_, settings_.inactivity_timeout, uri_.host(), is_tls_));
    }

    Response Send(const Request& request, const std::stop_token& stop) {
        if (stop.stop_requested()) throw Stopped();
        try {
            const Cancelling cancelling(stop);
            auto reply = client_->request(Prepare(request), cancelling.Token()).get();
            Response response = HeadOf(reply);
            // extract_string would insist on a charset that it knows.
            response.body = reply.extract_utf8string(true).get();
            return response;
        } catch (const std::exception& error) {
            Rethrow(request, stop, error);
        }
    }

    Response Stream(const Request& request, const std::function<void(std::string_view)>& on_line,
                    const std::stop_token& stop) {
        if (stop.stop_requested()) throw Stopped();
        const Cancelling cancelling(stop);
        concurrency::streams::streambuf<std::uint8_t> body;
        try {
            auto reply = client_->request(Prepare(request), cancelling.Token()).get();
            Response response = HeadOf(reply);
            if (response.status != http::status_codes::OK) {
                response.body = reply.extract_utf8string(true).get();
                return response;
            }
            body = reply.body().streambuf();
        } catch (const std::exception& error) {
            Rethrow(request, stop, error);
        }
        std::string line;
        while (const auto text = Read(body, request, stop)) {
            for (auto rest = std::string_view(*text); !rest.empty();) {
                const auto end = rest.find('\n');
                line.append(rest.substr(0, end));
                if (end == std::string_view::npos) break;
                rest.remove_prefix(end + 1);
                if (!line.empty()) on_line(line);
                line.clear();
                if (stop.stop_requested()) throw Stopped();
            }
            if (line.size() > kLongestLine) throw TransportError("a watch line longer than 16 MiB: " + request.target);
        }
        return {http::status_codes::OK, {}, {}};
    }

    const std::string& Host() const { return host_; }

private:
    http::http_request Prepare(const Request& request) const {
        http::http_request prepared(MethodOf(request.method));
        prepared.set_request_uri(request.target);
        auto& headers = prepared.headers();
        headers.add(http::header_names::accept, "application/json");
        headers.add(http::header_names::user_agent, settings_.user_agent);
        // The name that the library verifies is the Host header if there is one.
        if (!connection_.tls_server_name.empty()) headers.add(http::header_names::host, connection_.tls_server_name);
        if (connection_.token) headers.add(http::header_names::authorization, "Bearer " + connection_.token());
        if (!request.body.empty()) prepared.set_body(request.body, request.content_type);
        return prepared;
    }

    static Response HeadOf(const http::http_response& reply) {
        return {reply.status_code(), {}, RetryAfter(reply.headers())};
    }

    /// What has arrived, at least a byte; nullopt at the end of the stream. (Asking for a full buffer would wait for
    /// it.)
    std::optional<std::string> Read(concurrency::streams::streambuf<std::uint8_t>& body, const Request& request,
                                    const std::stop_token& stop) const {
        try {
            const auto first = body.getc().get();
            if (first == concurrency::streams::char_traits<std::uint8_t>::eof()) {
                if (stop.stop_requested()) throw Stopped();
                return std::nullopt;
            }
            std::string text(std::clamp<std::size_t>(body.in_avail(), 1, kReadSize), '\0');
            text.resize(body.getn(reinterpret_cast<std::uint8_t*>(text.data()), text.size()).get());
            return text;
        } catch (const Stopped&) {
            throw;
        } catch (const std::exception& error) {
            Rethrow(request, stop, error);
        }
    }

    /// The library tells its failures apart by text only.
    [[noreturn]] void Rethrow(const Request& request, const std::stop_token& stop, const std::exception& error) const {
        if (stop.stop_requested()) throw Stopped();
        const std::string what = error.what();
        const auto says = [&](std::string_view text) { return what.find(text) != std::string::npos; };
        if (says("Failed to connect")) {
            throw TransportError("cannot connect to the API server at " + host_ +
                                 " (connection refused or no route): check that it runs and that the address is right");
        }
        if (says("resolving address") || says("resolve address")) {
            throw TransportError("cannot resolve the API server's name " + host_ +
                                 ": check the kubeconfig's server and DNS");
        }
        if (says("SSL handshake")) {
            const auto& name = connection_.tls_server_name.empty() ? uri_.host() : connection_.tls_server_name;
            throw TransportError(
                "TLS with the API server at " + host_ +
                " failed: its certificate must be signed by the "
                "cluster's authority and be valid for \"" +
                name +
                "\" (kubeconfig: certificate-authority, tls-server-name; in a pod: the mounted ca.crt). "
                "Detail: " +
                what);
        }
        const auto call = std::string(ToString(request.method)) + " " + request.target + " at " + host_ + ": " + what;
        if (request.method == Request::Method::kGet) throw TransportError(call);
        throw OutcomeUnknown(call + ": the answer was lost, the write may have happened");
    }

    const Connection connection_;
    const Settings settings_;
    const web::uri uri_;
    const bool is_tls_;
    const std::string host_;
    std::unique_ptr<http::client::http_client> client_;
};

CpprestTransport::CpprestTransport(Connection connection, Settings settings)
    : impl_(std::make_unique<Impl>(std::move(connection), std::move(settings))) {}

CpprestTransport::~CpprestTransport() = default;

Response CpprestTransport::Send(const Request& request, std::stop_token stop) {
    return impl_->Send(request, stop);
}

Response CpprestTransport::Stream(const Request& request, const std::function<void(std::string_view line)>& on_line,
                                  std::stop_token stop) {
    return impl_->Stream(request, on_line, stop);
}

std::string_view CpprestTransport::Host() const {
    return impl_->Host();
}

void InitialiseThreadPool() {
    static std::atomic<bool> done{false};
    if (done.exchange(true)) return;
    // First, so that at the process's end it is cleaned up last: the pool's threads may still close connections then.
    OPENSSL_init_ssl(0, nullptr);
    try {
        crossplat::threadpool::initialize_with_threads(kPoolThreads);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "kube::InitialiseThreadPool must be called before any request: %s\n", error.what());
        std::abort();
    }
}

}  // namespace kube
