#include "control_plane/leaders/wire.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kube/connection.hpp"
#include "kube/kubeconfig.hpp"
#include "support/control_plane.hpp"

namespace test {
namespace {

constexpr std::size_t kChunk = 16384;

class Descriptor final {
public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Descriptor() {
        if (fd_ >= 0) close(fd_);
    }
    int Get() const { return fd_; }

private:
    int fd_;
};

[[noreturn]] void Fail(const std::string& what) {
    throw std::runtime_error("wire: " + what + ": " + std::strerror(errno));
}

sockaddr_in Loopback(const std::string& address, int port) {
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(static_cast<std::uint16_t>(port));
    if (inet_pton(AF_INET, address.c_str(), &place.sin_addr) != 1) throw std::runtime_error("wire: " + address);
    return place;
}

struct Freed {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* session) const { SSL_free(session); }
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

template <class Read>
auto FromPem(const std::string& text, Read read) {
    const std::unique_ptr<BIO, Freed> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    return read(bio.get(), nullptr, nullptr, nullptr);
}

/// Blocking until the handshake is done: milliseconds on loopback.
class Upstream final {
public:
    Upstream(SSL_CTX* context, const std::string& source, const sockaddr_in& server) : session_(SSL_new(context)) {
        socket_ = Descriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const auto from = Loopback(source, 0);
        if (bind(socket_.Get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) Fail("bind " + source);
        if (connect(socket_.Get(), reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0) Fail("connect");
        const int yes = 1;
        setsockopt(socket_.Get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        SSL_set_fd(session_.get(), socket_.Get());
        if (SSL_connect(session_.get()) != 1) Fail("TLS handshake");
        fcntl(socket_.Get(), F_SETFL, fcntl(socket_.Get(), F_GETFL) | O_NONBLOCK);
    }

    int Socket() const { return socket_.Get(); }
    bool HasBytes() const { return SSL_pending(session_.get()) > 0; }

    /// > 0 bytes, 0 not now, < 0 the end.
    int Read(char* to, int size) { return Outcome(SSL_read(session_.get(), to, size)); }
    int Write(const char* from, int size) { return Outcome(SSL_write(session_.get(), from, size)); }

private:
    int Outcome(int result) {
        if (result > 0) return result;
        const int error = SSL_get_error(session_.get(), result);
        ERR_clear_error();
        return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
    }

    Descriptor socket_;
    std::unique_ptr<SSL, Freed> session_;
};

/// Head and body: none, by length or in chunks.
bool IsWhole(const std::string& request) {
    const auto head = request.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    if (request.find("Transfer-Encoding:") < head) return request.ends_with("\r\n0\r\n\r\n");
    const auto field = request.find("Content-Length:");
    if (field > head) return true;
    return request.size() >= head + 4 + std::stoul(request.substr(field + std::strlen("Content-Length:")));
}

struct Link {
    Descriptor client;
    Upstream server;
    std::string to_server, to_client;
    bool client_ended = false, server_ended = false;
    /// Its bytes are kept back.
    bool held = false;
    /// The server owes an answer. Its end of the connection stays until it was given, also when the client is dead: the
    /// news of a death may be late, too, and a server that hears of it drops the request.
    bool awaits = false;
    /// What the client has sent of a request that is not whole yet. If it dies in the middle, no answer will ever come:
    /// the server waits for the rest.
    std::string unfinished;

    bool Over() const {
        const bool is_owed = !to_server.empty() || awaits;
        return server_ended || (client_ended && (!is_owed || !unfinished.empty()));
    }
};

}  // namespace

class Wire::Impl final {
public:
    explicit Impl(const std::string& source) : source_(source) {
        const auto connection = kube::LoadKubeconfig(support::ControlPlane::Get().OperatorKubeconfig());
        context_.reset(SSL_CTX_new(TLS_client_method()));
        SSL_CTX_set_mode(context_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        const std::unique_ptr<X509, Freed> certificate(FromPem(connection.client_certificate(), PEM_read_bio_X509));
        const std::unique_ptr<EVP_PKEY, Freed> key(FromPem(connection.client_key(), PEM_read_bio_PrivateKey));
        if (SSL_CTX_use_certificate(context_.get(), certificate.get()) != 1 ||
            SSL_CTX_use_PrivateKey(context_.get(), key.get()) != 1)
            throw std::runtime_error("wire: the operator's certificate cannot be used");
        const auto port = std::stoi(connection.server.substr(connection.server.rfind(':') + 1));
        server_ = Loopback("127.0.0.1", port);
        Listen();
        WriteKubeconfig();
        thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
    }

    ~Impl() {
        thread_.request_stop();
        Wake();
        thread_.join();
        std::error_code ignored;
        std::filesystem::remove(kubeconfig_, ignored);
    }

    enum class State { kOpen, kCut, kSilent };

    void Set(State state) {
        state_ = state;
        Wake();
    }

    void HoldNext(const std::string& prefix) {
        const std::lock_guard lock(mutex_);
        prefix_ = prefix;
        is_held_ = false;
        let_go_ = false;
    }

    bool WaitHeld(std::chrono::milliseconds patience) {
        std::unique_lock lock(mutex_);
        return held_.wait_for(lock, patience, [this] { return is_held_; });
    }

    void LetGo() {
        {
            const std::lock_guard lock(mutex_);
            let_go_ = true;
            prefix_.clear();
        }
        Wake();
    }

    bool Delivered() const { return delivered_; }

    const std::string source_;
    std::string kubeconfig_;

private:
    void Listen() {
        listener_ = Descriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        auto place = Loopback("127.0.0.1", 0);
        if (bind(listener_.Get(), reinterpret_cast<const sockaddr*>(&place), sizeof place) != 0) Fail("bind");
        if (listen(listener_.Get(), 64) != 0) Fail("listen");
        socklen_t size = sizeof place;
        if (getsockname(listener_.Get(), reinterpret_cast<sockaddr*>(&place), &size) != 0) Fail("getsockname");
        port_ = ntohs(place.sin_port);
        wake_ = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    }

    void WriteKubeconfig() {
        kubeconfig_ = std::filesystem::temp_directory_path() /
                      ("tidegate-wire-" + std::to_string(getpid()) + "-" + std::to_string(port_));
        std::ofstream(kubeconfig_) << "apiVersion: v1\nkind: Config\ncurrent-context: wire\n"
                                   << "clusters: [{name: wire, cluster: {server: 'http://127.0.0.1:" << port_
                                   << "'}}]\n"
                                   << "users: [{name: wire, user: {}}]\n"
                                   << "contexts: [{name: wire, context: {cluster: wire, user: wire}}]\n";
    }

    void Wake() {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = write(wake_.Get(), &one, sizeof one);
    }

    void Run(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            const State state = state_;
            if (state == State::kCut) links_.clear();
            FreeHeld();
            std::vector<pollfd> polled{{wake_.Get(), POLLIN, 0}, {listener_.Get(), POLLIN, 0}};
            bool is_pending = false;
            if (state != State::kSilent) {
                for (const auto& link : links_) {
                    polled.push_back({link.client_ended ? -1 : link.client.Get(), ClientEvents(link), 0});
                    polled.push_back({link.server.Socket(), ServerEvents(link), 0});
                    is_pending = is_pending || (link.server.HasBytes() && link.to_client.empty());
                }
            }
            // The pause is insurance only: everything that matters wakes the poll.
            poll(polled.data(), polled.size(), is_pending ? 0 : 500);
            std::uint64_t ignored = 0;
            [[maybe_unused]] const auto taken = read(wake_.Get(), &ignored, sizeof ignored);
            if (state_ != state) continue;
            if (state != State::kSilent) {
                for (auto& link : links_)
                    Move(link);
                links_.remove_if([](const Link& link) { return link.Over(); });
                delivered_ =
                    std::none_of(links_.begin(), links_.end(), [](const Link& link) { return link.client_ended; });
            }
            Accept(state);
        }
    }

    static short ClientEvents(const Link& link) {
        int events = link.to_client.empty() ? 0 : POLLOUT;
        if (link.to_server.empty() || link.held) events |= POLLIN;
        return static_cast<short>(events);
    }

    static short ServerEvents(const Link& link) {
        int events = link.to_server.empty() || link.held ? 0 : POLLOUT;
        if (link.to_client.empty()) events |= POLLIN;
        return static_cast<short>(events);
    }

    void Accept(State state) {
        while (true) {
            Descriptor client(accept4(listener_.Get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
            if (client.Get() < 0) return;
            // Silent: the kernel has taken the connection and nobody will ever say a word on it.
            if (state == State::kCut) continue;
            const int yes = 1;
            setsockopt(client.Get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
            try {
                links_.push_back(Link{std::move(client), Upstream(context_.get(), source_, server_), {}, {}});
            } catch (const std::exception&) {
                // The API server does not answer: the client sees a closed connection, as it would without us.
            }
        }
    }

    void FreeHeld() {
        const std::lock_guard lock(mutex_);
        if (!let_go_) return;
        for (auto& link : links_)
            link.held = false;
    }

    void Move(Link& link) {
        std::array<char, kChunk> bytes;
        if (!link.client_ended && (link.to_server.empty() || link.held)) {
            const auto count = recv(link.client.Get(), bytes.data(), bytes.size(), 0);
            if (count > 0) {
                link.to_server.append(bytes.data(), static_cast<std::size_t>(count));
                // A client of ours sends no request before the last one was answered.
                link.unfinished.append(bytes.data(), static_cast<std::size_t>(count));
                if (IsWhole(link.unfinished)) link.unfinished.clear();
                Consider(link);
            } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
                link.client_ended = true;
            }
        }
        if (!link.to_server.empty() && !link.held) {
            const int count = link.server.Write(link.to_server.data(), static_cast<int>(link.to_server.size()));
            if (count < 0) link.server_ended = true;
            if (count > 0) {
                link.to_server.erase(0, static_cast<std::size_t>(count));
                link.awaits = true;
            }
        }
        if (link.to_client.empty()) {
            const int count = link.server.Read(bytes.data(), static_cast<int>(bytes.size()));
            if (count < 0) link.server_ended = true;
            if (count > 0) {
                link.to_client.assign(bytes.data(), static_cast<std::size_t>(count));
                link.awaits = false;
            }
        }
        if (link.to_client.empty() || link.client_ended) {
            if (link.client_ended) link.to_client.clear();
            return;
        }
        const auto count = send(link.client.Get(), link.to_client.data(), link.to_client.size(), MSG_NOSIGNAL);
        if (count > 0) link.to_client.erase(0, static_cast<std::size_t>(count));
        if (count < 0 && errno != EAGAIN && errno != EINTR) link.client_ended = true;
    }

    void Consider(Link& link) {
        const std::lock_guard lock(mutex_);
        if (!prefix_.empty() && link.to_server.starts_with(prefix_)) {
            prefix_.clear();
            link.held = true;
        }
        // Head and body are sent one after the other.
        if (!link.held || is_held_ || !IsWhole(link.to_server)) return;
        is_held_ = true;
        held_.notify_all();
    }

    std::unique_ptr<SSL_CTX, Freed> context_;
    sockaddr_in server_{};
    Descriptor listener_, wake_;
    int port_ = 0;
    std::atomic<State> state_{State::kOpen};
    mutable std::mutex mutex_;
    std::condition_variable held_;
    std::string prefix_;
    bool is_held_ = false, let_go_ = false;
    std::atomic<bool> delivered_{true};
    /// Of the thread.
    std::list<Link> links_;
    std::jthread thread_;
};

Wire::Wire(const std::string& source) : impl_(std::make_unique<Impl>(source)) {}
Wire::~Wire() = default;

const std::string& Wire::Kubeconfig() const {
    return impl_->kubeconfig_;
}
const std::string& Wire::Source() const {
    return impl_->source_;
}
void Wire::Cut() {
    impl_->Set(Impl::State::kCut);
}
void Wire::Silence() {
    impl_->Set(Impl::State::kSilent);
}
void Wire::Mend() {
    impl_->Set(Impl::State::kOpen);
}
void Wire::HoldNext(const std::string& prefix) {
    impl_->HoldNext(prefix);
}
bool Wire::WaitHeld(std::chrono::milliseconds patience) const {
    return impl_->WaitHeld(patience);
}
bool Wire::Delivered() const {
    return impl_->Delivered();
}
void Wire::LetGo() {
    impl_->LetGo();
}

}  // namespace test
