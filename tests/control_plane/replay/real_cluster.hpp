#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "controllers/reflectors.hpp"
#include "controllers/stores.hpp"
#include "kube/clients.hpp"
#include "kube/cpprest_transport.hpp"
#include "runtime/observer.hpp"

namespace replay {

/// The control plane as an onlooker with all rights: what is there now, by watches over all namespaces, and what the
/// played nodes do that no client of the product can. One for the process; thread-safe.
class RealCluster final {
public:
    static RealCluster& Get();
    RealCluster(const RealCluster&) = delete;
    RealCluster& operator=(const RealCluster&) = delete;

    const controllers::Stores& Now() const { return stores_; }
    const kube::Client& Administrator() const { return clients_.requests; }

    /// What the scheduler does.
    void Bind(const core::ObjectKey& pod);
    /// What the kubelet does with a deleted pod when its containers have ended.
    void Remove(const core::ObjectKey& pod, const core::Uid& uid);

private:
    RealCluster();

    runtime::Observer observer_;
    kube::Clients clients_;
    kube::CpprestTransport raw_;
    controllers::Stores stores_;
    controllers::Reflectors reflectors_;
};

/// A namespace that lasts as long as the process and whose pods can be created.
std::string MakeNamespace(int number);

}  // namespace replay
