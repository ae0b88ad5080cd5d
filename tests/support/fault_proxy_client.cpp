#include "support/fault_proxy_client.hpp"

#include <atomic>
#include <stdexcept>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <poll.h>
#include <sys/socket.h>

namespace support {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

/// Far above an object (the API server takes 3 MiB).
constexpr std::uint64_t kLongestBody = std::uint64_t{1} << 26U;

}  // namespace

class ProxyClient::Impl final {
public:
    explicit Impl(int handle) : socket_(io_) {
        socket_.assign(asio::ip::tcp::v4(), handle);
        socket_.set_option(asio::ip::tcp::no_delay(true));
    }

    std::optional<HttpRequest> Read() {
        http::request_parser<http::string_body> parser;
        parser.body_limit(kLongestBody);
        boost::system::error_code error;
        http::read(socket_, buffer_, parser, error);
        if (error) return std::nullopt;
        auto& message = parser.get();
        return HttpRequest{std::string(message.method_string()), std::string(message.target()),
                           std::string(message[http::field::content_type]), std::move(message.body())};
    }

    void Reply(int code, std::string_view body, std::optional<int> retry_after) {
        http::response<http::string_body> message;
        message.result(static_cast<unsigned>(code));
        message.version(11);
        message.set(http::field::content_type, "application/json");
        if (retry_after) message.set(http::field::retry_after, std::to_string(*retry_after));
        message.body() = body;
        message.prepare_payload();
        http::write(socket_, message);
    }

    void Write(std::string_view text) { asio::write(socket_, asio::buffer(text.data(), text.size())); }

    void Chunk(std::string_view bytes) {
        asio::write(socket_, http::make_chunk(asio::buffer(bytes.data(), bytes.size())));
    }

    void Drop() {
        dropped_ = true;
        ::shutdown(socket_.native_handle(), SHUT_RDWR);
    }

    void Reset() {
        // Closing with an unread remainder or with no time to linger sends RST.
        boost::system::error_code ignored;
        socket_.set_option(asio::socket_base::linger(true, 0), ignored);
        dropped_ = true;
    }

    bool Gone() const {
        if (dropped_) return true;
        pollfd descriptor{const_cast<asio::ip::tcp::socket&>(socket_).native_handle(), POLLRDHUP, 0};
        return ::poll(&descriptor, 1, 0) > 0;
    }

private:
    asio::io_context io_;
    asio::ip::tcp::socket socket_;
    boost::beast::flat_buffer buffer_;
    std::atomic<bool> dropped_{false};
};

ProxyClient::ProxyClient(int socket) : impl_(std::make_unique<Impl>(socket)) {}
ProxyClient::~ProxyClient() = default;

std::optional<HttpRequest> ProxyClient::Read() {
    return impl_->Read();
}

void ProxyClient::Reply(int code, std::string_view body, std::optional<int> retry_after) {
    impl_->Reply(code, body, retry_after);
}

void ProxyClient::BeginChunks() {
    impl_->Write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
}

void ProxyClient::Chunk(std::string_view bytes) {
    impl_->Chunk(bytes);
}

void ProxyClient::EndChunks() {
    impl_->Write("0\r\n\r\n");
}

void ProxyClient::Drop() {
    impl_->Drop();
}

void ProxyClient::Reset() {
    impl_->Reset();
}

bool ProxyClient::Gone() const {
    return impl_->Gone();
}

}  // namespace support
