#pragma once

#include <functional>
#include <string>
#include <vector>

#include "control_plane/faults/scene.hpp"

namespace faults {

/// What users do to one namespace, step by step: each step waits for what happened really (a container that began, an
/// object that says so), never for the operator's process, so it goes on whatever befalls that.
struct Workload {
    std::string name;
    std::string what;
    /// Runs without faults.
    std::function<void(Scene&)> prelude;
    std::function<void(Scene&)> play;
    /// Fields of the end state that depend on what the operator happened to see, for example of a pod that is gone.
    void (*mask)(Json& end_state) = nullptr;
};

/// W1 to W10 of the test plan.
const std::vector<Workload>& Workloads();
const Workload& FindWorkload(const std::string& name);

/// A Database of that name at that version, which the operator has read; the operator runs.
void ReadDatabase(Scene& scene, const std::string& version, const std::string& name = "orders");

/// Of Database "orders", to the version that its image brings.
Json MigrationTo(const std::string& version, const std::string& image, const std::string& name = "orders");

}  // namespace faults
