#pragma once

#include <vector>

#include "control_plane/leaders/replicas.hpp"

namespace test {

/// One thing that happens to a leader while a migration runs. Throws when something does not come to pass.
struct Scenario {
    const char* name;
    void (*play)(Replicas&);
};

/// In the order of their length, the longest first.
const std::vector<Scenario>& Scenarios();

}  // namespace test
