#include <gtest/gtest.h>

#include "control_plane/faults/random_faults.hpp"
#include "control_plane/faults/runner.hpp"

namespace faults {
namespace {

using std::chrono::milliseconds;
using support::FaultAction;
using support::ProxiedRequest;
namespace fault = support::fault;

struct Torture {
    std::string name;
    std::function<std::shared_ptr<support::WatchFault>()> make;
};

std::vector<Torture> Tortures() {
    return {{"duplicate", [] { return fault::Duplicate(0, 1000); }},
            {"drop two, then 410", [] { return fault::DropThenExpire(1, 2); }},
            {"drop the first, then 410", [] { return fault::DropThenExpire(0, 1); }},
            {"410 after each event", [] { return fault::ExpireAfter(1); }},
            {"break in the middle of a line", [] { return fault::BreakInMidLine(1); }},
            {"end after two events", [] { return fault::EndAfter(2); }},
            {"every event late", [] { return fault::Delay(milliseconds{150}); }},
            {"split at every byte", [] { return fault::SplitAtEveryByte(); }},
            {"only bookmarks, then 410", [] { return fault::BookmarksOnly(milliseconds{700}); }},
            {"back in time", [] { return fault::Replay(1); }}};
}

/// The first watches of each resource suffer, then they are left alone: a watch that never works is an API server that
/// is down.
constexpr int kWatchesEach = 3;

Arm OnWatches(const Torture& torture, const std::string& resource) {
    return [torture, resource](Scene& scene) -> std::shared_ptr<void> {
        scene.Proxy().SetRule([torture, resource, seen = std::map<std::string, int>()](
                                  const ProxiedRequest& request) mutable -> FaultAction {
            const bool is_meant = resource.empty() || resource == request.resource;
            if (request.verb != "watch" || !is_meant || ++seen[request.resource] > kWatchesEach) return {};
            return fault::Watch(torture.make());
        });
        // So that its watches begin under the rule.
        scene.KillAndRestart();
        return nullptr;
    };
}

/// Pages of one object, and the first continue token of each list is too old.
Arm OnLists() {
    return [](Scene& scene) -> std::shared_ptr<void> {
        scene.Proxy().SetRule([expired =
                                   std::set<std::string>()](const ProxiedRequest& request) mutable -> FaultAction {
            if (request.verb != "list") return {};
            if (!request.Query("continue").empty() && expired.insert(request.resource).second)
                return fault::ExpiredContinue();
            FaultAction action;
            action.target = request.target;
            const auto at = action.target.find("limit=");
            if (at != std::string::npos)
                action.target.replace(at, std::min(action.target.find('&', at), action.target.size()) - at, "limit=1");
            return action;
        });
        scene.KillAndRestart();
        return nullptr;
    };
}

TEST(WatchTorture, NoStreamWhateverItsStateMakesADifference) {
    SuiteReport report("watch-torture");
    std::vector<NamedCase> cases;
    const auto add = [&](const std::string& name, const std::string& label, Arm arm) {
        const auto& workload = FindWorkload(name);
        CaseOptions options;
        options.reference = &ReferenceOf(workload, report);
        options.arm = std::move(arm);
        cases.push_back({name + ": " + label, workload, options, {}});
    };
    for (const auto& torture : Tortures()) {
        for (const auto* const name : {"W2", "W5", "W9", "W10"})
            add(name, torture.name, OnWatches(torture, ""));
    }
    // One resource behind the others.
    for (const auto& torture : {Tortures()[2], Tortures()[6], Tortures()[8]}) {
        for (const auto* const resource : {"databases", "migrations", "jobs", "pods", "ledgers", "deployments"})
            add(std::string(resource) == "ledgers" || std::string(resource) == "deployments" ? "W10" : "W2",
                torture.name + " on " + resource, OnWatches(torture, resource));
    }
    for (const auto* const name : {"W5", "W9", "W10"})
        add(name, "expired continue tokens", OnLists());
    RunAll(cases, report);
    report.Print(std::to_string(cases.size()) + " tortured runs, " + report.Slowest());
    EXPECT_EQ(report.Violations(), 0U);
}

}  // namespace
}  // namespace faults
