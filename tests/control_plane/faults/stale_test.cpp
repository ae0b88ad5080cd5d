#include <atomic>
#include <condition_variable>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "control_plane/faults/kills.hpp"
#include "control_plane/faults/runner.hpp"

namespace faults {
namespace {

using support::FaultAction;
using support::ProxiedRequest;
using support::WatchGate;

/// The cache of the restarted operator stays behind for so long: many passes, and still cheap.
constexpr std::chrono::milliseconds kBehind{800};

/// The quorum lists by which the operator decides are consistent by the API's contract; a reflector's list is what a
/// server that lags behind answers from its cache.
bool IsReflectorsList(const ProxiedRequest& request) {
    if (request.verb != "list") return false;
    const auto selector = request.Query("labelSelector");
    return selector.find('=') == std::string::npos;
}

/// Travels in time: remembers the revision at write `seen`, kills the operator at write `killed`, and shows the new one
/// the world as of that revision, with watches that say nothing for a while and then tell everything since.
class TimeTravel final {
public:
    TimeTravel(Scene& scene, int seen, int killed) : scene_(scene), seen_(seen), killed_(killed) {
        scene.Proxy().SetRule([this](const ProxiedRequest& request) { return Decide(request); });
    }

private:
    FaultAction Decide(const ProxiedRequest& request) {
        if (!travelled_) {
            if (request.write_number == seen_) revision_ = scene_.History().Newest();
            if (request.write_number != killed_ || revision_ == 0) return {};
            travelled_ = true;
            return support::fault::KillAfterReply([this] {
                gate_->Pause();
                scene_.KillAndRestart();
            });
        }
        if (IsReflectorsList(request) && served_.insert(request.resource).second)
            return support::fault::ListAt(request.target, std::to_string(revision_));
        if (request.verb == "watch" && watched_.insert(request.resource).second) {
            if (watched_.size() == 1) Resume();
            return support::fault::Watch(gate_);
        }
        return {};
    }

    void Resume() {
        resume_ = std::jthread([this](const std::stop_token& stop) {
            std::mutex mutex;
            std::condition_variable_any never;
            std::unique_lock lock(mutex);
            never.wait_for(lock, stop, kBehind, [] { return false; });
            gate_->Resume();
        });
    }

    Scene& scene_;
    const int seen_;
    const int killed_;
    std::atomic<bool> travelled_{false};
    std::uint64_t revision_ = 0;
    std::set<std::string> served_, watched_;
    const std::shared_ptr<WatchGate> gate_ = std::make_shared<WatchGate>();
    std::jthread resume_;
};

TEST(StaleState, ARestartAgainstAServerThatLagsBehindChangesNothing) {
    SuiteReport report("stale-state");
    std::vector<NamedCase> cases;
    int turn = 0;
    for (const auto& workload : Workloads()) {
        const auto& reference = ReferenceOf(workload, report);
        for (int killed = 2; killed <= reference.writes; killed += 2) {
            // From a write long ago and from the one just before, in turn.
            const int seen = ++turn % 2 == 0 ? 1 : killed - 1;
            CaseOptions options;
            options.reference = &reference;
            options.arm = [seen, killed](Scene& scene) { return std::make_shared<TimeTravel>(scene, seen, killed); };
            cases.push_back({workload.name + " killed at write " + std::to_string(killed) + ", then as of write " +
                                 std::to_string(seen),
                             workload,
                             options,
                             {}});
        }
    }
    RunAll(cases, report);
    report.Print(std::to_string(cases.size()) + " restarts on old lists, " + report.Slowest());
    EXPECT_EQ(report.Violations(), 0U);
}

}  // namespace
}  // namespace faults
