#pragma once

#include <string>
#include <string_view>

/// Kubernetes resources that Tidegate talks to: one constexpr table, no generated models. Objects are unstructured JSON
/// and become small typed structs at the edge.
namespace kube {

struct Resource {
    /// "" is the core group.
    std::string_view group;
    std::string_view version;
    std::string_view plural;
    std::string_view kind;
    bool namespaced = true;

    bool operator==(const Resource&) const = default;

    /// "apps/v1", or "v1" for the core group: what `apiVersion` says.
    std::string ApiVersion() const;

    /// "deployments.apps", or "pods" for the core group: what kubectl and RBAC messages say.
    std::string QualifiedName() const;
};

inline constexpr Resource kDatabases{"tidegate.io", "v1alpha1", "databases", "Database"};
inline constexpr Resource kMigrations{"tidegate.io", "v1alpha1", "migrations", "Migration"};
inline constexpr Resource kLedgers{"tidegate.io", "v1alpha1", "ledgers", "Ledger"};
inline constexpr Resource kJobs{"batch", "v1", "jobs", "Job"};
inline constexpr Resource kCronJobs{"batch", "v1", "cronjobs", "CronJob"};
inline constexpr Resource kPods{"", "v1", "pods", "Pod"};
inline constexpr Resource kDeployments{"apps", "v1", "deployments", "Deployment"};
inline constexpr Resource kStatefulSets{"apps", "v1", "statefulsets", "StatefulSet"};
inline constexpr Resource kDaemonSets{"apps", "v1", "daemonsets", "DaemonSet"};
inline constexpr Resource kReplicaSets{"apps", "v1", "replicasets", "ReplicaSet"};
/// For reading by what they are about: field selector involvedObject.uid.
inline constexpr Resource kCoreEvents{"", "v1", "events", "Event"};
inline constexpr Resource kEvents{"events.k8s.io", "v1", "events", "Event"};
inline constexpr Resource kLeases{"coordination.k8s.io", "v1", "leases", "Lease"};
inline constexpr Resource kMutatingPolicyBindings{
    "admissionregistration.k8s.io", "v1", "mutatingadmissionpolicybindings", "MutatingAdmissionPolicyBinding", false};
inline constexpr Resource kNamespaces{"", "v1", "namespaces", "Namespace", false};

/// Path of the collection: "/apis/apps/v1/namespaces/shop/deployments". An empty `ns` means all namespaces.
std::string CollectionPath(const Resource& resource, std::string_view ns);

/// Path of one object.
std::string ObjectPath(const Resource& resource, std::string_view ns, std::string_view name);

}  // namespace kube
