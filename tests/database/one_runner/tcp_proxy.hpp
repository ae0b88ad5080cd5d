#pragma once

#include <atomic>
#include <chrono>
#include <thread>

namespace one_runner {

/// The network between a pod and its database: passes on what arrives on its port of 127.0.0.1, until it is told
/// otherwise. A thread of its own.
class TcpProxy {
public:
    /// `idle_limit`: a connection that carries nothing for so long is reset, as load balancers and firewalls do it; 0:
    /// never.
    explicit TcpProxy(int to_port, std::chrono::milliseconds idle_limit = {});
    ~TcpProxy();
    TcpProxy(const TcpProxy&) = delete;
    TcpProxy& operator=(const TcpProxy&) = delete;

    int Port() const { return port_; }
    /// New connections go there: the address of a primary after a failover.
    void LeadTo(int port) { to_port_ = port; }

    enum class Mode {
        Passes,
        /// Connections are reset, on both sides; new ones, too.
        Resets,
        /// Everything is accepted and nothing moves: neither bytes nor ends.
        Stalls,
    };
    void Set(Mode mode) { mode_ = mode; }

private:
    void Run();

    std::atomic<int> to_port_;
    const std::chrono::milliseconds idle_limit_;
    int listener_ = -1;
    int port_ = 0;
    std::atomic<Mode> mode_ = Mode::Passes;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

}  // namespace one_runner
