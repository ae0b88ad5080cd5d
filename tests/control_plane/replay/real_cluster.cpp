#include "control_plane/replay/real_cluster.hpp"

#include <stdexcept>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "kube/kubeconfig.hpp"
#include "support/control_plane.hpp"
#include "support/eventually.hpp"

namespace replay {
namespace {

using Json = nlohmann::json;

constexpr kube::Resource kServiceAccounts{"", "v1", "serviceaccounts", "ServiceAccount"};
constexpr int kConflict = 409;
constexpr int kNotFound = 404;

kube::Connection AsAdministrator() {
    kube::InitialiseThreadPool();
    return kube::LoadKubeconfig(support::ControlPlane::Get().AdminKubeconfig());
}

}  // namespace

RealCluster& RealCluster::Get() {
    static RealCluster cluster;
    return cluster;
}

RealCluster::RealCluster()
    : clients_(kube::Connect(AsAdministrator(), {.user_agent = "tidegate/test", .field_manager = "test"})),
      raw_(AsAdministrator(), {.user_agent = "tidegate/test"}),
      stores_({}),
      reflectors_(stores_, clients_.watches, observer_) {
    reflectors_.Start();
    if (const auto synced = support::Eventually([&] { return stores_.Synced(); }, "all lists are read"); !synced) {
        throw std::runtime_error(synced.message());
    }
}

void RealCluster::Bind(const core::ObjectKey& pod) {
    const Json binding{{"apiVersion", "v1"},
                       {"kind", "Binding"},
                       {"metadata", {{"name", pod.name}, {"namespace", pod.ns}}},
                       {"target", {{"apiVersion", "v1"}, {"kind", "Node"}, {"name", "test-node"}}}};
    const auto answer = raw_.Send({.method = kube::Request::Method::kPost,
                                   .target = kube::ObjectPath(kube::kPods, pod.ns, pod.name) + "/binding",
                                   .content_type = "application/json",
                                   .body = binding.dump()},
                                  {});
    if (answer.status >= 300 && answer.status != kConflict) throw std::runtime_error("binding: " + answer.body);
}

void RealCluster::Remove(const core::ObjectKey& pod, const core::Uid& uid) {
    const Json options{{"apiVersion", "v1"},
                       {"kind", "DeleteOptions"},
                       {"gracePeriodSeconds", 0},
                       {"preconditions", {{"uid", uid.value}}}};
    const auto answer = raw_.Send({.method = kube::Request::Method::kDelete,
                                   .target = kube::ObjectPath(kube::kPods, pod.ns, pod.name),
                                   .content_type = "application/json",
                                   .body = options.dump()},
                                  {});
    const bool is_gone = answer.status == kConflict || answer.status == kNotFound;
    if (answer.status >= 300 && !is_gone) throw std::runtime_error("removing a pod: " + answer.body);
}

std::string MakeNamespace(int number) {
    const auto& client = RealCluster::Get().Administrator();
    const std::string name =
        "replay-" + std::to_string(time(nullptr)) + "-" + std::to_string(getpid()) + "-" + std::to_string(number);
    const auto made =
        client.Create(kube::kNamespaces, {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}});
    if (!made.Done()) throw std::runtime_error(name + ": " + made.message);
    const auto ready = support::Eventually(
        [&] {
            return client.Get(kServiceAccounts, {name, "default"}).has_value();
        },
        "ServiceAccount of " + name);
    if (!ready) throw std::runtime_error(ready.message());
    return name;
}

}  // namespace replay
