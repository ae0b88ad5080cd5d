#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "control_plane/replay/real_cluster.hpp"
#include "control_plane/replay/replayer.hpp"

namespace replay {
namespace {

using explorer::Deed;
using explorer::Scenario;

constexpr int kPaths = 200;
/// Most of a path's time is the Job controller's pause of a second: many wait side by side.
constexpr int kThreads = 32;
constexpr int kLongestPath = 40;
constexpr int kShortestPath = 16;
constexpr std::uint64_t kDefaultSeed = 20261122;

std::uint64_t NumberFrom(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// Each path has one of these, by its number.
Scenario ScenarioOf(int path, const std::string& ns) {
    const auto second = explorer::MakeChoice("orders:2", 2);
    const auto third = explorer::MakeChoice("orders:3", 3);
    Scenario scenario{.ns = ns,
                      .suffix = "-" + std::to_string(path),
                      .choices = {second, third},
                      .attempts = {.max = 3, .retry_exit_codes = {75}},
                      .delivers_nothing = true};
    scenario.purse = {.faults = 3, .delays = 0, .failures = 2, .leaps = 3, .ticks = 0};
    const auto always = Deed::Crash | Deed::LoseReply | Deed::LoseReport;
    switch (path % 5) {
        case 0:
            scenario.name = "gate and stores";
            scenario.gated_level = 2;
            scenario.deeds = always;
            break;
        case 1:
            scenario.name = "two migrations";
            scenario.migrations = {0, 1};
            scenario.gated_level = 3;
            scenario.deeds = always | Deed::DeleteMigration;
            break;
        case 2:
            scenario.name = "edits and retries";
            scenario.deeds = always | Deed::EditSpec | Deed::Retry | Deed::Suspend | Deed::DeleteMigration;
            break;
        case 3:
            scenario.name = "evidence lost";
            scenario.deeds = always | Deed::DeletePod | Deed::DeleteJob | Deed::EvictPod | Deed::PlantJob;
            break;
        default:
            scenario.name = "the Database";
            scenario.gated_level = 2;
            scenario.deeds = always | Deed::SwitchDatabase | Deed::DeleteDatabase | Deed::LoseRecord;
            break;
    }
    return scenario;
}

TEST(Replay, RandomPathsOfTheModelAreWhatTheControlPlaneDoes) {
    const auto seed = NumberFrom("TIDEGATE_REPLAY_SEED", kDefaultSeed);
    const auto only = static_cast<int>(NumberFrom("TIDEGATE_REPLAY_PATH", kPaths));
    const auto paths = only < kPaths ? 1 : static_cast<int>(NumberFrom("TIDEGATE_REPLAY_PATHS", kPaths));
    RealCluster::Get();
    std::atomic<int> next{0}, steps{0}, violations{0};
    std::mutex output;
    const auto began = std::chrono::steady_clock::now();
    const auto walk = [&](int path, const std::string& ns) {
        const std::uint64_t path_seed = seed * 1000 + static_cast<std::uint64_t>(path);
        const auto scenario = ScenarioOf(path, ns);
        Replayer replayer(scenario, path_seed);
        const int length = kShortestPath + static_cast<int>(path_seed % (kLongestPath - kShortestPath));
        const auto result = replayer.Walk(length);
        steps += result.steps;
        if (result.disagreement.empty() && result.broken.empty()) return;
        ++violations;
        std::string text = "path " + std::to_string(path) + " (" + scenario.name +
                           "); again: TIDEGATE_REPLAY_SEED=" + std::to_string(seed) +
                           " TIDEGATE_REPLAY_PATH=" + std::to_string(path) + "\n";
        for (std::size_t i = 0; i < result.path.size(); ++i)
            text += "  " + std::to_string(i + 1) + ". " + result.path[i] + "\n";
        for (const auto& broken : result.broken)
            text += "broken: " + broken.invariant + " " + broken.words + "\n";
        if (!result.disagreement.empty()) text += "after that they differ:\n" + result.disagreement;
        const std::lock_guard lock(output);
        ADD_FAILURE() << text;
    };
    const auto work = [&](int number) {
        try {
            const auto ns = MakeNamespace(number);
            for (int i = next++; i < paths; i = next++) {
                const int path = only < kPaths ? only : i;
                try {
                    walk(path, ns);
                } catch (const std::exception& error) {
                    ++violations;
                    const std::lock_guard lock(output);
                    ADD_FAILURE() << "path " << path << " (seed " << seed << "): " << error.what();
                }
            }
        } catch (const std::exception& error) {
            const std::lock_guard lock(output);
            ADD_FAILURE() << error.what();
        }
    };
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < std::min(kThreads, paths); ++i)
            threads.emplace_back(work, i);
    }
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - began).count();
    std::printf("SUITE replay: %d paths, %d steps, seed %llu, %lld s; violations: %d\n", paths, steps.load(),
                static_cast<unsigned long long>(seed), static_cast<long long>(seconds), violations.load());
}

}  // namespace
}  // namespace replay
