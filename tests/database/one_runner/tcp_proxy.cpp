#include "one_runner/tcp_proxy.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <vector>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace one_runner {
namespace {

/// How soon a change of mode is seen.
constexpr int kPollMilliseconds = 5;

using Steady = std::chrono::steady_clock;

struct Pair {
    int client;
    int server;
    Steady::time_point last_bytes = Steady::now();
};

sockaddr_in Loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
}

void Reset(int descriptor) {
    // Closing with a linger time of nothing is what sends a reset instead of an orderly end.
    const linger at_once{1, 0};
    ::setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(descriptor);
}

/// False at the end of either side.
bool Pass(int from, int to) {
    std::array<char, 16384> bytes;
    const auto size = ::recv(from, bytes.data(), bytes.size(), 0);
    if (size <= 0) return false;
    return ::send(to, bytes.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL) == size;
}

}  // namespace

TcpProxy::TcpProxy(int to_port, std::chrono::milliseconds idle_limit)
    : to_port_{to_port}, idle_limit_{idle_limit}, listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in address = Loopback(0);
    socklen_t length = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
        throw std::runtime_error{"no free port"};
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread{[this] { Run(); }};
}

TcpProxy::~TcpProxy() {
    stop_ = true;
    thread_.join();
    ::close(listener_);
}

void TcpProxy::Run() {
    std::vector<Pair> pairs;
    const auto reset = [](const Pair& pair) {
        Reset(pair.client);
        Reset(pair.server);
    };
    const auto close_all = [&] {
        std::for_each(pairs.begin(), pairs.end(), reset);
        pairs.clear();
    };
    const auto is_idle = [&](const Pair& pair) {
        return idle_limit_.count() > 0 && Steady::now() - pair.last_bytes > idle_limit_;
    };
    while (!stop_) {
        const Mode mode = mode_;
        if (mode == Mode::Resets) close_all();
        const auto idle = std::partition(pairs.begin(), pairs.end(), [&](const Pair& pair) { return !is_idle(pair); });
        std::for_each(idle, pairs.end(), reset);
        pairs.erase(idle, pairs.end());
        std::vector<pollfd> descriptors;
        if (mode != Mode::Stalls) {
            descriptors.push_back({listener_, POLLIN, 0});
            for (const Pair& pair : pairs) {
                descriptors.push_back({pair.client, POLLIN, 0});
                descriptors.push_back({pair.server, POLLIN, 0});
            }
        }
        if (::poll(descriptors.data(), descriptors.size(), kPollMilliseconds) <= 0 || descriptors.empty()) continue;
        std::vector<Pair> kept;
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            const bool from_client = descriptors[1 + 2 * i].revents != 0;
            const bool from_server = descriptors[2 + 2 * i].revents != 0;
            if ((from_client && !Pass(pairs[i].client, pairs[i].server)) ||
                (from_server && !Pass(pairs[i].server, pairs[i].client))) {
                ::close(pairs[i].client);
                ::close(pairs[i].server);
            } else {
                if (from_client || from_server) pairs[i].last_bytes = Steady::now();
                kept.push_back(pairs[i]);
            }
        }
        pairs = std::move(kept);
        if (descriptors.front().revents == 0) continue;
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) continue;
        const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const sockaddr_in address = Loopback(to_port_);
        if (mode == Mode::Resets ||
            ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            Reset(client);
            ::close(server);
        } else {
            pairs.push_back({client, server});
        }
    }
    close_all();
}

}  // namespace one_runner
