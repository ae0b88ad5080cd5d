#pragma once

#include <vector>

#include "control_plane/leaders/replicas.hpp"

namespace test {

/// One thing that happens to a leader while a migration runs. Throws when something does not come to pass.
struct Scenario {
    const char* name;
    void (*play)(Replicas&);
};

/// lease.cpp: its Lease is deleted, taken, or full of nonsense.
std::vector<Scenario> ScenariosOfTheLease();
/// sleeping.cpp: it is stopped with a request in hand, and wakes up long after it was superseded.
std::vector<Scenario> ScenariosOfSleep();
/// ending.cpp: it ends, dies, is cut off, starts beside another.
std::vector<Scenario> ScenariosOfEnds();

/// All, the longest first.
const std::vector<Scenario>& Scenarios();

}  // namespace test
