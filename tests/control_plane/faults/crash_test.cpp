#include <algorithm>
#include <cstdlib>
#include <map>

#include <gtest/gtest.h>

#include "control_plane/faults/kills.hpp"
#include "control_plane/faults/runner.hpp"

namespace faults {
namespace {

struct CrashCase {
    const Workload* workload;
    std::vector<KillAt> kills;
};

/// TIDEGATE_FAULT_WORKLOADS=W1,W5 runs a part of the suite; by default all of it.
bool IsWanted(const Workload& workload) {
    const char* const wanted = std::getenv("TIDEGATE_FAULT_WORKLOADS");
    return wanted == nullptr || ("," + std::string(wanted) + ",").find("," + workload.name + ",") != std::string::npos;
}

/// Every pair takes long: by default every eighth is run, with TIDEGATE_FAULT_PAIRS=all each.
std::size_t PairsApart() {
    return std::getenv("TIDEGATE_FAULT_PAIRS") != nullptr ? 1 : 8;
}

/// Every write of every workload, killed in each of the three ways; and for W1 to W5 a second kill after the restart.
class CrashAtEveryWrite : public testing::Test {
protected:
    /// Each workload twice without faults: what differs between the two would be chance.
    void MakeReferences() {
        std::vector<const Workload*> wanted;
        for (const auto& workload : Workloads()) {
            if (IsWanted(workload)) wanted.push_back(&workload);
        }
        std::vector<CaseResult> results(wanted.size() * 2);
        ForEachInParallel(results.size(), CasesAtOnce(), [&](std::size_t i) {
            results[i] = RunCase(wanted[i / 2]->name + " without faults", *wanted[i / 2], {});
        });
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            report_.Add(results[2 * i]);
            report_.Add(results[2 * i + 1]);
            const auto& [one, other] = std::pair(results[2 * i].seen, results[2 * i + 1].seen);
            EXPECT_EQ(one.end_state, other.end_state) << wanted[i]->name;
            EXPECT_EQ(one.counts, other.counts) << wanted[i]->name;
            references_[wanted[i]->name] = one.writes >= other.writes ? one : other;
            std::printf("%s (%s): %d write points, %.1f s\n", wanted[i]->name.c_str(), wanted[i]->what.c_str(),
                        std::max(one.writes, other.writes), results[2 * i].seconds);
        }
    }

    std::vector<CrashCase> Cases() {
        std::vector<CrashCase> cases;
        for (const auto& workload : Workloads()) {
            if (!references_.contains(workload.name)) continue;
            const int writes = references_[workload.name].writes;
            write_points_ += writes;
            for (int i = 1; i <= writes; ++i) {
                for (const auto kill : kKills)
                    cases.push_back({&workload, {{kill, i}}});
            }
        }
        singles_ = cases.size();
        // Which way at which pair goes round: all nine over the whole matrix.
        std::size_t turn = 0;
        for (const auto* const name : {"W1", "W2", "W3", "W4", "W5"}) {
            if (!references_.contains(name)) continue;
            const int writes = references_[name].writes;
            for (int i = 1; i <= writes; ++i) {
                for (int j = 1; i + j <= writes + 1; ++j, ++turn) {
                    if (turn % PairsApart() != 0) continue;
                    cases.push_back({&FindWorkload(name), {{kKills[turn % 3], i}, {kKills[turn / 3 % 3], j}}});
                }
            }
        }
        return cases;
    }

    SuiteReport report_{"crash-at-every-write"};
    std::map<std::string, Reference> references_;
    int write_points_ = 0;
    std::size_t singles_ = 0;
};

TEST_F(CrashAtEveryWrite, EndsAsIfNothingHadHappened) {
    const auto began = std::chrono::steady_clock::now();
    MakeReferences();
    ASSERT_EQ(report_.Violations(), 0U) << "without faults";
    const auto cases = Cases();
    std::atomic<int> missed{0};
    ForEachInParallel(cases.size(), CasesAtOnce(), [&](std::size_t i) {
        const auto& one = cases[i];
        CaseOptions options;
        options.reference = &references_[one.workload->name];
        std::shared_ptr<std::atomic<int>> fired;
        options.arm = [&](Scene& scene) { return fired = ArmKills(scene, one.kills); };
        report_.Add(RunCase(one.workload->name + " killed " + Name(one.kills), *one.workload, options));
        if (!fired || static_cast<std::size_t>(*fired) < one.kills.size()) ++missed;
    });
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    report_.Print(std::to_string(write_points_) + " write points, " + std::to_string(singles_) + " runs, " +
                  std::to_string(cases.size() - singles_) + " pairs, " + std::to_string(missed) +
                  " kills not reached, " + report_.Slowest() + ", " + std::to_string(static_cast<int>(seconds)) + " s");
    EXPECT_EQ(report_.Violations(), 0U);
    EXPECT_LE(missed, static_cast<int>(cases.size() / 10)) << "most of the kills have to come to pass";
}

}  // namespace
}  // namespace faults
