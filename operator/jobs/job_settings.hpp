#pragma once

#include <string>

namespace jobs {

/// What the operator's installation decides for every Job.
struct JobSettings {
    /// Image that holds /tidegate-agent: the operator's own.
    std::string agent_image;
    std::string agent_pull_policy = "IfNotPresent";
    /// "app.kubernetes.io/version" of what we create.
    std::string version;
};

}  // namespace jobs
