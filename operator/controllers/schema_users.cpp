#include "controllers/schema_users.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "controllers/live_list.hpp"

namespace controllers {

std::vector<observed::SchemaUser> ListSchemaUsers(const kube::Client& client, const std::string& ns,
                                                  const std::stop_token& stop) {
    using observed::UserKind;
    constexpr std::pair<UserKind, kube::Resource> kFromOwnersToPods[] = {{UserKind::Deployment, kube::kDeployments},
                                                                         {UserKind::StatefulSet, kube::kStatefulSets},
                                                                         {UserKind::DaemonSet, kube::kDaemonSets},
                                                                         {UserKind::CronJob, kube::kCronJobs},
                                                                         {UserKind::Job, kube::kJobs},
                                                                         {UserKind::ReplicaSet, kube::kReplicaSets},
                                                                         {UserKind::Pod, kube::kPods}};
    std::vector<observed::SchemaUser> users;
    for (const auto& [kind, resource] : kFromOwnersToPods) {
        ListLive(
            client, resource, {.ns = ns, .label_selector = {}, .field_selector = {}}, stop,
            [&, of = kind](const nlohmann::json& object) { users.push_back(observed::ParseSchemaUser(object, of)); });
    }
    return users;
}

}  // namespace controllers
