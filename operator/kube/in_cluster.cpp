#include "kube/in_cluster.hpp"

#include <cstdlib>

#include "kube/errors.hpp"
#include "kube/kubeconfig.hpp"

namespace kube {
namespace {

std::optional<std::string> Variable(const char* name) {
    const char* const value = std::getenv(name);
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
}

}  // namespace

InClusterPlace InClusterPlace::FromEnvironment() {
    InClusterPlace place;
    place.host = Variable("KUBERNETES_SERVICE_HOST");
    place.port = Variable("KUBERNETES_SERVICE_PORT");
    return place;
}

bool RunsInCluster(const InClusterPlace& place) {
    return place.host && place.port;
}

Connection LoadInCluster(const InClusterPlace& place) {
    if (!RunsInCluster(place)) {
        throw Error("not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; give --kubeconfig");
    }
    Connection connection;
    const bool is_ipv6 = place.host->find(':') != std::string::npos;
    connection.server = "https://" + (is_ipv6 ? "kubernetes.default.svc" : *place.host) + ":" + *place.port;
    connection.certificate_authority = FileText(place.directory / "ca.crt");
    connection.token = FileText(place.directory / "token");
    connection.ns = FileText(place.directory / "namespace")();
    return connection;
}

Connection LoadConnection(const std::string& kubeconfig_flag, const std::string& context) {
    if (!kubeconfig_flag.empty()) return LoadKubeconfig(kubeconfig_flag, context);
    if (const auto path = Variable("KUBECONFIG")) {
        if (path->find(':') != std::string::npos) {
            throw Error("KUBECONFIG names several files (" + *path +
                        "): merge them with `kubectl config view --raw --flatten` and name the result");
        }
        return LoadKubeconfig(*path, context);
    }
    if (const auto place = InClusterPlace::FromEnvironment(); RunsInCluster(place)) return LoadInCluster(place);
    if (const auto home = Variable("HOME")) {
        const auto path = std::filesystem::path(*home) / ".kube" / "config";
        if (std::filesystem::exists(path)) return LoadKubeconfig(path, context);
    }
    throw Error("no cluster to talk to: give --kubeconfig, set KUBECONFIG, or run in a pod");
}

}  // namespace kube
