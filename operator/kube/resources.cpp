#include "kube/resources.hpp"

namespace kube {

std::string Resource::ApiVersion() const {
    return group.empty() ? std::string(version) : std::string(group) + "/" + std::string(version);
}

std::string Resource::QualifiedName() const {
    return group.empty() ? std::string(plural) : std::string(plural) + "." + std::string(group);
}

std::string CollectionPath(const Resource& resource, std::string_view ns) {
    std::string path = resource.group.empty() ? "/api/" : "/apis/";
    path += resource.ApiVersion();
    if (resource.namespaced && !ns.empty()) path.append("/namespaces/").append(ns);
    return path.append("/").append(resource.plural);
}

std::string ObjectPath(const Resource& resource, std::string_view ns, std::string_view name) {
    return CollectionPath(resource, ns).append("/").append(name);
}

}  // namespace kube
