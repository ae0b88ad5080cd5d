#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "kube/connection.hpp"

namespace kube {

/// Where a pod finds its service account; a test sets its own.
struct InClusterPlace {
    std::filesystem::path directory = "/var/run/secrets/kubernetes.io/serviceaccount";
    /// KUBERNETES_SERVICE_HOST and _PORT.
    std::optional<std::string> host;
    std::optional<std::string> port;

    static InClusterPlace FromEnvironment();
};

/// True when the environment says that we run in a pod.
bool RunsInCluster(const InClusterPlace& place);

/// The pod's service account. By address, so that no DNS is needed; in IPv6 clusters by name (kubernetes.default.svc).
/// Token and authority are read again once a minute. Throws kube::Error that names the file or variable missing.
Connection LoadInCluster(const InClusterPlace& place = InClusterPlace::FromEnvironment());

/// What kubectl does: `--kubeconfig` if given, else $KUBECONFIG, else the pod's service account, else ~/.kube/config.
Connection LoadConnection(const std::string& kubeconfig_flag, const std::string& context = {});

}  // namespace kube
