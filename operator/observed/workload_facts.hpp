#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/object_key.hpp"
#include "core/revision.hpp"
#include "core/uid.hpp"

namespace observed {

/// A workload that the gate has touched (it carries the label tidegate.io/gate).
struct WorkloadFacts {
    core::ObjectKey key;
    core::Uid uid;
    core::Revision revision;
    /// Both marks of our hold: paused, and the annotation in the pod template. A Deployment that its user paused has
    /// only the first and is never touched.
    bool held = false;
    /// As written on the pod template.
    std::string requires_text;
    /// Of the containers of the template, for the requirement form DATABASE@image.
    std::vector<std::string> images;
    std::string waiting_for;

    bool operator==(const WorkloadFacts&) const = default;
};

WorkloadFacts ParseDeployment(const nlohmann::json& object);

}  // namespace observed
