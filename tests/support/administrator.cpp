#include "support/administrator.hpp"

#include <memory>

#include <nlohmann/json.hpp>

#include "kube/cpprest_transport.hpp"
#include "kube/kubeconfig.hpp"
#include "support/control_plane.hpp"

namespace support {
namespace {

using Json = nlohmann::json;
constexpr char kJson[] = "application/json";

kube::Connection AdminConnection() {
    kube::InitialiseThreadPool();
    return kube::LoadKubeconfig(ControlPlane::Get().AdminKubeconfig());
}

/// For requests that the operator's client does not know.
kube::Transport& Raw() {
    static auto* const transport = new kube::CpprestTransport(AdminConnection(), {.user_agent = "tidegate/test"});
    return *transport;
}

}  // namespace

const kube::Clients& Administrator() {
    static const auto* const clients =
        new kube::Clients(kube::Connect(AdminConnection(), {.user_agent = "tidegate/test", .field_manager = "test"}));
    return *clients;
}

void BindPod(const core::ObjectKey& pod, const std::string& node) {
    const Json binding{{"apiVersion", "v1"},
                       {"kind", "Binding"},
                       {"metadata", {{"name", pod.name}}},
                       {"target", {{"apiVersion", "v1"}, {"kind", "Node"}, {"name", node}}}};
    Raw().Send({kube::Request::Method::kPost, kube::ObjectPath(kube::kPods, pod.ns, pod.name) + "/binding", kJson,
                binding.dump()},
               {});
}

void DeleteNow(const kube::Resource& resource, const core::ObjectKey& object, const std::string& uid) {
    const Json options{
        {"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"gracePeriodSeconds", 0}, {"preconditions", {{"uid", uid}}}};
    Raw().Send(
        {kube::Request::Method::kDelete, kube::ObjectPath(resource, object.ns, object.name), kJson, options.dump()},
        {});
}

int DeleteByName(const kube::Resource& resource, const core::ObjectKey& object, const std::string& propagation) {
    const Json options{{"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", propagation}};
    return Raw()
        .Send(
            {kube::Request::Method::kDelete, kube::ObjectPath(resource, object.ns, object.name), kJson, options.dump()},
            {})
        .status;
}

int DeleteAll(const kube::Resource& resource, const std::string& ns, const std::string& selector) {
    const Json options{{"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", "Background"}};
    auto target = kube::CollectionPath(resource, ns);
    if (!selector.empty()) target += "?labelSelector=" + selector;
    return Raw().Send({kube::Request::Method::kDelete, std::move(target), kJson, options.dump()}, {}).status;
}

}  // namespace support
