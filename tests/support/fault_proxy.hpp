#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/fault_proxy_action.hpp"
#include "support/fault_proxy_request.hpp"

namespace support {

/// A write that came by, for traces and for what only the wire shows.
struct ProxiedWrite {
    ProxiedRequest request;
    /// The API server's answer; 0: it was never asked, or its answer never came.
    int code = 0;
    /// Of the object after it; 0 when the answer holds none.
    std::uint64_t revision = 0;
    std::chrono::steady_clock::time_point time;
    /// Of all writes that this proxy saw.
    std::uint64_t sequence = 0;
};

/// Stands between one operator and the real API server: plain HTTP on 127.0.0.1 in front, TLS with the operator's own
/// certificate behind. A rule decides for each request what happens to it; without one everything passes.
///
/// Each connection has a thread of its own, so a rule's hooks may block: a kill in one is synchronous with the request
/// it belongs to. Thread-safe.
class FaultProxy final {
public:
    /// Called for one request at a time; its hooks run outside.
    using Rule = std::function<FaultAction(const ProxiedRequest&)>;

    /// Throws when no port is free.
    FaultProxy();
    FaultProxy(const FaultProxy&) = delete;
    FaultProxy& operator=(const FaultProxy&) = delete;
    ~FaultProxy();

    /// A file that names this proxy, for `--kubeconfig`.
    const std::string& Kubeconfig() const;
    int Port() const;

    /// nullptr: everything passes.
    void SetRule(Rule rule);
    /// Write numbers begin at 1 again.
    void CountFrom();
    int WritesCounted() const;

    /// Connections of a client that was killed end here; what it had sent and was not forwarded yet is dropped.
    void DropClients();

    /// All writes to the namespace, in the order in which they came.
    std::vector<ProxiedWrite> Writes(const std::string& ns) const;
    /// Since the last write to the namespace came; since the proxy was made when there was none.
    std::chrono::milliseconds QuietFor(const std::string& ns) const;
    /// Writes to the namespace that came until now are of no interest any more.
    void Forget(const std::string& ns);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace support
