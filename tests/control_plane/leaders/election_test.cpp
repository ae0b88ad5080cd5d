// Two replicas against a real API server: safety must come from names, revisions and the record, never from the Lease.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <gtest/gtest.h>

#include "control_plane/leaders/scenarios.hpp"

namespace test {
namespace {

using std::chrono::milliseconds;

double Longest(const std::vector<milliseconds>& times) {
    return times.empty() ? 0.0 : static_cast<double>(std::max_element(times.begin(), times.end())->count()) / 1000.0;
}

void Play(const Scenario& scenario, Findings& findings) {
    try {
        Replicas replicas(scenario.name, findings);
        try {
            scenario.play(replicas);
        } catch (const std::exception& error) {
            replicas.Violation(error.what());
        }
    } catch (const std::exception& error) {
        findings.Violation(scenario.name, error.what());
    }
}

/// All scenarios at once, because nearly all of their time is waiting for leases. TIDEGATE_LEADERS_ONLY=WORD plays
/// those whose names hold the word.
TEST(TwoReplicas, RunsEachLaunchOnceWhateverHappensToTheLeader) {
    const char* only = std::getenv("TIDEGATE_LEADERS_ONLY");
    Findings findings;
    {
        std::vector<std::jthread> threads;
        for (const auto& scenario : Scenarios()) {
            if (only != nullptr && std::string(scenario.name).find(only) == std::string::npos) continue;
            threads.emplace_back([&scenario, &findings] { Play(scenario, findings); });
        }
    }
    std::size_t count = 0;
    for (const char* kind : {"graceful", "kill", "stop", "cut off", "stranger"}) {
        const auto times = findings.HandOvers(kind);
        count += times.size();
        if (!times.empty()) std::printf("hand-over, %s: %zu, longest %.2f s\n", kind, times.size(), Longest(times));
    }
    for (const auto& note : findings.Notes())
        std::printf("%s\n", note.c_str());
    const auto violations = findings.Violations();
    for (const auto& violation : violations)
        ADD_FAILURE() << violation;
    std::printf("SUITE leader-election: %zu hand-overs (graceful max %.2f s, kill max %.2f s); violations: %zu\n",
                count, Longest(findings.HandOvers("graceful")), Longest(findings.HandOvers("kill")), violations.size());
}

}  // namespace
}  // namespace test
