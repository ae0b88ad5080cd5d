#pragma once

#include <compare>
#include <string>

namespace core {

/// Namespace and name of a namespaced Kubernetes object. Cluster-scoped objects have an empty namespace.
struct ObjectKey {
    std::string ns;
    std::string name;

    auto operator<=>(const ObjectKey&) const = default;

    /// "namespace/name", as logs and messages show it.
    std::string ToString() const { return ns.empty() ? name : ns + "/" + name; }
};

}  // namespace core
