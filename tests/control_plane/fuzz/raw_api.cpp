#include "control_plane/fuzz/raw_api.hpp"

#include <cstring>

#include "kube/clients.hpp"
#include "kube/kubeconfig.hpp"
#include "support/control_plane.hpp"
#include "support/schema_values.hpp"

namespace test {
namespace {

using Json = nlohmann::json;
using Method = kube::Request::Method;

kube::Connection Administrator() {
    kube::InitialiseThreadPool();
    return kube::LoadKubeconfig(support::ControlPlane::Get().AdminKubeconfig());
}

std::string Text(const Json& object) {
    std::string text = object.dump();
    for (std::size_t at = 0; (at = text.find(support::kNotUtf8, at)) != std::string::npos;)
        text.replace(at, std::strlen(support::kNotUtf8), "\xff\xfe\xc3");
    return text;
}

}  // namespace

RawApi::RawApi() : transport_(Administrator(), {.user_agent = "tidegate/test"}) {}

Reply RawApi::Send(Method method, std::string target, std::string body, std::string content_type) {
    const auto response =
        transport_.Send({method, std::move(target), std::move(content_type), std::move(body)}, std::stop_token{});
    return {response.status, Json::parse(response.body, nullptr, false)};
}

Reply RawApi::Create(const kube::Resource& resource, const std::string& ns, const Json& object) {
    return Send(Method::kPost, kube::CollectionPath(resource, ns), Text(object), "application/json");
}

Reply RawApi::ReplaceSpec(const kube::Resource& resource, const std::string& ns, const std::string& name,
                          const Json& spec) {
    const auto operations = Json::array({{{"op", "replace"}, {"path", "/spec"}, {"value", spec}}});
    return Send(Method::kPatch, kube::ObjectPath(resource, ns, name), Text(operations), "application/json-patch+json");
}

Reply RawApi::Get(const kube::Resource& resource, const std::string& ns, const std::string& name) {
    return Send(Method::kGet, kube::ObjectPath(resource, ns, name), {}, {});
}

Reply RawApi::Delete(const kube::Resource& resource, const std::string& ns, const std::string& name) {
    return Send(Method::kDelete, kube::ObjectPath(resource, ns, name), {}, {});
}

}  // namespace test
