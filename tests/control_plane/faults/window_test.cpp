#include <thread>

#include <gtest/gtest.h>

#include "control_plane/faults/runner.hpp"
#include "control_plane/faults/victim.hpp"
#include "support/eventually.hpp"
#include "support/fault_proxy.hpp"

namespace faults {
namespace {

using std::chrono::seconds;

/// I7: longer than every interval in which the operator looks again by itself.
constexpr seconds kWindow{60};
/// Each is six watches of one process.
constexpr std::size_t kMostNamespaces = 60;

/// Evenly over all suites that ran before; by itself, over the ten workloads.
std::vector<std::string> SomeOf(const std::vector<std::string>& all) {
    std::vector<std::string> some;
    const std::size_t apart = all.size() / kMostNamespaces + 1;
    for (std::size_t i = 0; i < all.size(); i += apart)
        some.push_back(all[i]);
    return some;
}

TEST(Silence, AnOperatorThatFindsWhatWasLeftBehindWritesNothingForAMinute) {
    SuiteReport report("silence");
    const auto& workloads = Workloads();
    ForEachInParallel(workloads.size(), CasesAtOnce(), [&](std::size_t i) { ReferenceOf(workloads[i], report); });
    const auto namespaces = SomeOf(SettledNamespaces());
    ASSERT_GE(namespaces.size(), workloads.size());

    support::FaultProxy proxy;
    Victim victim({.namespaces = namespaces, .kubeconfig = proxy.Kubeconfig()});
    victim.Start();
    ASSERT_TRUE(support::Eventually([&] { return victim.Ready(); }, "the operator works"));
    // Time has to pass: there is nothing to wait for.
    std::this_thread::sleep_for(kWindow);
    EXPECT_TRUE(victim.Running());
    for (const auto& ns : namespaces) {
        for (const auto& write : proxy.Writes(ns)) {
            report.AddViolation(ns,
                                {"I7", "wrote at rest: " + write.request.verb + " " + write.request.resource + " " +
                                           write.request.name + " -> " + std::to_string(write.code)},
                                victim.Log());
        }
    }
    report.Print(std::to_string(namespaces.size()) + " namespaces at rest, " + std::to_string(kWindow.count()) + " s");
    EXPECT_EQ(report.Violations(), 0U);
}

}  // namespace
}  // namespace faults
