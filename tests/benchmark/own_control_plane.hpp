#pragma once

#include <memory>
#include <string>

#include "kube/client.hpp"
#include "kube/transport.hpp"

namespace benchmark {

/// etcd and an API server of its own, beside the one that is shared, with its controllers stopped (SIGSTOP): what they
/// do about each change would fall into the next one's time. Gone with the object, and with this process.
class OwnControlPlane final {
public:
    /// Has the namespace "shop". Throws std::runtime_error when it does not come up.
    explicit OwnControlPlane(const std::string& name);
    OwnControlPlane(const OwnControlPlane&) = delete;
    OwnControlPlane& operator=(const OwnControlPlane&) = delete;
    ~OwnControlPlane();

    /// The chart but its operator; returns when what `satisfied` names opens and anything else is held.
    void InstallChart(const std::string& satisfied) const;

    /// As administrator, on connections that no other thread uses.
    const kube::Client& Client() const { return *client_; }
    /// A request that the server answers at once: what client, TLS and HTTP take by themselves.
    void Ping() const;

private:
    /// To the controllers.
    void Signal(int signal) const;

    std::string state_;
    std::shared_ptr<kube::Transport> transport_;
    std::unique_ptr<kube::Client> client_;
};

}  // namespace benchmark
