#include "support/reader.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "kube/clients.hpp"
#include "kube/kubeconfig.hpp"
#include "support/control_plane.hpp"

namespace support {
namespace {

using Json = nlohmann::json;

constexpr std::array kKinds{kube::kPods,       kube::kJobs,
                            kube::kCronJobs,   kube::kDeployments,
                            kube::kDatabases,  kube::kMigrations,
                            kube::kLedgers,    kube::kReplicaSets,
                            kube::kNamespaces, kube::Resource{"", "v1", "serviceaccounts", "ServiceAccount"}};
/// More than any test has of one kind.
constexpr std::size_t kPage = 500;
constexpr std::string_view kSelector = "--selector=";

/// By its plural, or its singular: there is no irregular one. Tidegate's kinds have names that others use, too: with
/// the group, as in every document.
const kube::Resource* Find(std::string_view word) {
    const auto dot = word.find('.');
    const auto group = dot == std::string_view::npos ? std::string_view{} : word.substr(dot + 1);
    const auto name = word.substr(0, dot);
    const auto* const found = std::find_if(kKinds.begin(), kKinds.end(), [&](const kube::Resource& kind) {
        const bool is_ours = kind.group == "tidegate.io";
        return (is_ours ? group == kind.group : group.empty()) &&
               (name == kind.plural || name == kind.plural.substr(0, kind.plural.size() - 1));
    });
    return found == kKinds.end() ? nullptr : found;
}

const kube::Client& Client() {
    static const auto* const clients = [] {
        kube::InitialiseThreadPool();
        return new kube::Clients(kube::Connect(kube::LoadKubeconfig(ControlPlane::Get().AdminKubeconfig()),
                                               {.user_agent = "tidegate/test", .field_manager = "test"}));
    }();
    return clients->requests;
}

Json AsPrinted(Json object, const kube::Resource& kind) {
    object["metadata"].erase("managedFields");
    // Items of a list do not have them.
    object["apiVersion"] = kind.ApiVersion();
    object["kind"] = kind.kind;
    return object;
}

}  // namespace

bool Reader::Knows(const std::string& what) {
    const auto slash = what.find('/');
    return slash != std::string::npos && slash + 1 < what.size() && Find(what.substr(0, slash)) != nullptr;
}

bool Reader::Knows(const std::vector<std::string>& what) {
    return !what.empty() && Find(what[0]) != nullptr &&
           (what.size() == 1 || (what.size() == 2 && what[1].starts_with(kSelector)));
}

std::optional<Json> Reader::Get(const std::string& what, const std::string& ns) {
    const auto slash = what.find('/');
    const auto& kind = *Find(what.substr(0, slash));
    auto object = Client().Get(kind, {kind.namespaced ? ns : "", what.substr(slash + 1)});
    if (!object) return std::nullopt;
    return AsPrinted(std::move(*object), kind);
}

Json Reader::List(const std::vector<std::string>& what, const std::string& ns) {
    const auto& kind = *Find(what[0]);
    const auto selector = what.size() > 1 ? what[1].substr(kSelector.size()) : "";
    auto items = Json::array();
    for (auto& item : Client().List(kind, {.ns = ns, .label_selector = selector, .field_selector = {}}, kPage).items)
        items.push_back(AsPrinted(std::move(item), kind));
    return items;
}

}  // namespace support
