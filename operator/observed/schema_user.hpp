#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/uid.hpp"

namespace observed {

/// What can have, or make, pods: anything whose pods may use a schema.
enum class UserKind { Deployment, StatefulSet, DaemonSet, CronJob, Job, ReplicaSet, Pod };

/// As in `kind`.
std::string_view Name(UserKind kind);

/// One of them, cut down to what tells which version of a schema its pods need.
struct SchemaUser {
    UserKind kind = UserKind::Pod;
    std::string name;
    core::Uid uid;
    /// The controller that made it; empty: none.
    core::Uid owner;
    /// As written on the pod, or on the pod template.
    std::string requires_text;
    /// Of the containers and init containers.
    std::vector<std::string> images;
    /// A pod: containers may run. Anything else: pods of this template are there, or come without the gate being asked.
    bool runs = false;
    /// A Deployment that rolls nothing out: held by the gate, or paused by its user. Scaled from zero it starts pods of
    /// its newest ReplicaSet.
    bool paused = false;
    bool deleting = false;
    /// Of a ReplicaSet: the newest of a Deployment has the highest.
    std::int64_t rollout = 0;

    bool operator==(const SchemaUser&) const = default;
};

SchemaUser ParseSchemaUser(const nlohmann::json& object, UserKind kind);

}  // namespace observed
