#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace test {

/// The network between one process and the API server, in the test's hands: plain HTTP in front, TLS with the
/// operator's certificate behind. Knows no HTTP but the first bytes of a request.
///
/// Requests reach the API server from `source`, a loopback address that the audit log shows: it tells two replicas
/// apart that share one account.
///
/// Thread-safe. Every connection ends with the object.
class Wire final {
public:
    /// `source` is "127.0.0.N". Throws std::runtime_error when there is no control plane.
    explicit Wire(const std::string& source);
    ~Wire();
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    /// A kubeconfig file that leads here.
    const std::string& Kubeconfig() const;
    const std::string& Source() const;

    /// Connections are closed, new ones are refused a byte.
    void Cut();
    /// Nothing passes in either direction and nobody is told. What is sent meanwhile arrives after Mend, also when its
    /// sender is gone: a network may be late by any time.
    void Silence();
    void Mend();

    /// The next request that begins with `prefix` ("POST /apis/batch/v1/namespaces/shop/jobs") stays here, whole, until
    /// LetGo. Everything else passes.
    void HoldNext(const std::string& prefix);
    /// False when none came in time.
    bool WaitHeld(std::chrono::milliseconds patience) const;
    void LetGo();
    /// Nothing that a dead client sent is unanswered.
    bool Delivered() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace test
