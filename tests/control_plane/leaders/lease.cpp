#include <thread>

#include "control_plane/leaders/hand_over.hpp"
#include "control_plane/leaders/scenarios.hpp"
#include "core/json_access.hpp"

namespace test {
namespace {

using namespace std::chrono_literals;

void LosesItsLeaseToADeletion(Replicas& replicas) {
    constexpr int kTimes = 6;
    replicas.Start();
    replicas.MakeDatabase();
    for (int i = 1; i <= kTimes; ++i) {
        AnyMoment();
        const auto lease = replicas.Client().Get(kube::kLeases, {replicas.Ns(), "tidegate"});
        replicas.Client().Delete(kube::kLeases, {replicas.Ns(), "tidegate"},
                                 {.uid = {core::TextAt(*lease, {"metadata", "uid"})}, .revision = {}});
        replicas.Apply("000" + std::to_string(i));
        replicas.WaitUntilReady();
        replicas.Wait([&] { return !replicas.Holder().empty(); }, "somebody leads again");
        // The other one ends when it was the leader, within its next renewal.
        replicas.Wait(
            [&] {
                double leaders = 0;
                for (auto* replica : {&replicas.A(), &replicas.B()}) {
                    if (replica->process->Running())
                        leaders += replica->process->Metric("leader_election_master_status");
                }
                return leaders == 1;
            },
            "one leads");
        for (auto* replica : {&replicas.A(), &replicas.B()}) {
            if (!replica->process->Running()) replicas.Restart(*replica);
        }
    }
    replicas.Check(kTimes);
}

/// Writes the Lease as somebody else would: `times` are what its clock says.
void TakeLease(const Replicas& replicas, const std::string& holder, const std::string& times) {
    auto lease = replicas.Client().Get(kube::kLeases, {replicas.Ns(), "tidegate"});
    const Json spec{{"holderIdentity", holder},
                    {"leaseDurationSeconds", 15},
                    {"leaseTransitions", 7},
                    {"acquireTime", times},
                    {"renewTime", times}};
    if (!lease) {
        replicas.Client().Create(kube::kLeases, {{"apiVersion", kube::kLeases.ApiVersion()},
                                                 {"kind", "Lease"},
                                                 {"metadata", {{"name", "tidegate"}, {"namespace", replicas.Ns()}}},
                                                 {"spec", spec}});
        return;
    }
    (*lease)["spec"] = spec;
    if (!replicas.Client().Replace(kube::kLeases, *lease).Done()) TakeLease(replicas, holder, times);
}

void IsTakenFromTheStranger(Replicas& replicas, const Replicas::Succeeded& succeeded) {
    if (succeeded.took < kLeaseDuration)
        replicas.Violation("the stranger's lease was taken after " + std::to_string(succeeded.took.count()) + " ms");
    HandOver(replicas, "stranger", succeeded, kKillBudget);
}

void LosesItsLeaseToAStranger(Replicas& replicas) {
    replicas.Start();
    replicas.MakeDatabase();
    replicas.Node().KeepRunning();
    replicas.Apply("0001");
    replicas.WaitForRunningPod();
    TakeLease(replicas, "stranger", "2026-11-22T00:00:00.000000Z");
    const auto from = Steady::now();
    replicas.WaitForEnd(replicas.A(), kEndsAtOnce);
    replicas.Node().LetEnd();
    replicas.Apply("0002");
    IsTakenFromTheStranger(replicas, replicas.WaitForLeader(replicas.B(), from));
    replicas.WaitUntilReady();
    replicas.Check(2);
}

/// A holder whose clock is decades behind renews, then one whose clock is decades ahead dies.
void FindsALeaseWithImpossibleTimes(Replicas& replicas) {
    TakeLease(replicas, "stranger", "1999-12-31T23:59:59.000000Z");
    for (auto* replica : {&replicas.A(), &replicas.B()})
        replica->process->Start();
    const auto from = Steady::now();
    for (int i = 0; Steady::now() < from + 18s; ++i) {
        TakeLease(replicas, "stranger", "1999-12-31T23:59:" + std::to_string(10 + i) + ".000000Z");
        std::this_thread::sleep_for(1s);
        if (replicas.Holder() != "stranger") replicas.Violation("a lease that is renewed was taken");
    }
    TakeLease(replicas, "stranger", "2099-01-01T00:00:00.000000Z");
    const auto last = Steady::now();
    const Replica any{"replica-", nullptr, nullptr};
    IsTakenFromTheStranger(replicas, replicas.WaitForLeader(any, last));
    replicas.MakeDatabase();
    replicas.Apply("0001");
    replicas.WaitUntilReady();
    replicas.Check(1);
}

}  // namespace

std::vector<Scenario> ScenariosOfTheLease() {
    return {
        {"FindsALeaseWithImpossibleTimes", FindsALeaseWithImpossibleTimes},
        {"LosesItsLeaseToADeletion", LosesItsLeaseToADeletion},
        {"LosesItsLeaseToAStranger", LosesItsLeaseToAStranger},
    };
}

}  // namespace test
