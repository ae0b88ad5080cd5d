#include "observed/schema_user.hpp"

#include <charconv>

#include <nlohmann/json.hpp>

#include "api/names.hpp"
#include "core/json_access.hpp"
#include "observed/workload_facts.hpp"

namespace observed {
namespace {

using core::BoolAt;
using core::NumberAt;
using core::TextAt;
using nlohmann::json;

/// Where the kind keeps its pod template; a pod is its own.
const json& TemplateOf(const json& object, UserKind kind) {
    static const json kNone = json::object();
    const json* found = nullptr;
    switch (kind) {
        case UserKind::Pod:
            return object;
        case UserKind::CronJob:
            found = core::FindAt(object, {"spec", "jobTemplate", "spec", "template"});
            break;
        default:
            found = core::FindAt(object, {"spec", "template"});
            break;
    }
    return found != nullptr ? *found : kNone;
}

bool Runs(const json& object, UserKind kind) {
    switch (kind) {
        case UserKind::Deployment:
            // Judged when it is resumed.
            return !BoolAt(object, {"spec", "paused"});
        case UserKind::StatefulSet:
        case UserKind::DaemonSet:
            return true;
        case UserKind::CronJob:
            return !BoolAt(object, {"spec", "suspend"});
        case UserKind::Job:
            // Judged when it is resumed.
            return !BoolAt(object, {"spec", "suspend"}) && !HasEnded(object);
        case UserKind::ReplicaSet:
            return NumberAt(object, {"spec", "replicas"}).value_or(1) > 0 ||
                   NumberAt(object, {"status", "replicas"}).value_or(0) > 0;
        case UserKind::Pod:
            break;
    }
    const auto phase = TextAt(object, {"status", "phase"});
    return phase != "Succeeded" && phase != "Failed";
}

}  // namespace

std::string_view Name(UserKind kind) {
    switch (kind) {
        case UserKind::Deployment:
            return "Deployment";
        case UserKind::StatefulSet:
            return "StatefulSet";
        case UserKind::DaemonSet:
            return "DaemonSet";
        case UserKind::CronJob:
            return "CronJob";
        case UserKind::Job:
            return "Job";
        case UserKind::ReplicaSet:
            return "ReplicaSet";
        case UserKind::Pod:
            break;
    }
    return "Pod";
}

SchemaUser ParseSchemaUser(const json& object, UserKind kind) {
    SchemaUser user{.kind = kind, .name = TextAt(object, {"metadata", "name"})};
    user.uid = {TextAt(object, {"metadata", "uid"})};
    for (const auto& owner : core::ArrayAt(object, {"metadata", "ownerReferences"})) {
        if (BoolAt(owner, {"controller"})) user.owner = {TextAt(owner, {"uid"})};
    }
    const auto& pod = TemplateOf(object, kind);
    user.requires_text = TextAt(pod, {"metadata", "annotations", api::kRequiresAnnotation});
    for (const char* containers : {"containers", "initContainers"}) {
        for (const auto& container : core::ArrayAt(pod, {"spec", containers}))
            user.images.push_back(TextAt(container, {"image"}));
    }
    user.runs = Runs(object, kind);
    user.paused = kind == UserKind::Deployment && BoolAt(object, {"spec", "paused"});
    user.deleting = core::FindAt(object, {"metadata", "deletionTimestamp"}) != nullptr;
    const auto rollout = TextAt(object, {"metadata", "annotations", api::kRolloutAnnotation});
    std::from_chars(rollout.data(), rollout.data() + rollout.size(), user.rollout);
    return user;
}

}  // namespace observed
