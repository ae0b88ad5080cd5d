#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/object_key.hpp"
#include "core/revision.hpp"
#include "core/time.hpp"
#include "core/uid.hpp"

namespace observed {

enum class WorkloadKind { Deployment, Job };

/// A workload that the gate has touched (it carries the label tidegate.io/gate).
struct WorkloadFacts {
    struct Owner {
        std::string name;
        core::Uid uid;
        bool operator==(const Owner&) const = default;
    };

    WorkloadKind kind = WorkloadKind::Deployment;
    core::ObjectKey key;
    core::Uid uid;
    core::Revision revision;
    core::Time created;
    /// Both marks of our hold. A Deployment: paused, and the annotation in the pod template. A Job: suspended, and the
    /// label "held". One that its user paused or suspended has only the first and is never touched; nor is a Job that
    /// has ended or is being deleted.
    bool held = false;
    /// Of a held Deployment: the rollout before was half done, so pods of two earlier templates serve.
    bool mid_rollout = false;
    /// As written on the pod template.
    std::string requires_text;
    /// Of the containers and init containers of the template, for the requirement form DATABASE@image.
    std::vector<std::string> images;
    std::string waiting_for;
    /// The CronJob whose controller made this Job; not of one that somebody made of it by hand.
    std::optional<Owner> cron_job;
    // Break-glass, as written on the workload; all untrusted.
    std::string release;
    std::string release_reason;
    std::string release_by;

    bool operator==(const WorkloadFacts&) const = default;
};

WorkloadFacts ParseDeployment(const nlohmann::json& object);
/// Of any Job: no pod of it comes any more.
bool HasEnded(const nlohmann::json& job);
/// A Job of somebody else; ours are JobFacts.
WorkloadFacts ParseGatedJob(const nlohmann::json& object);

}  // namespace observed
