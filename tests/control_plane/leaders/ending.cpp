#include <csignal>
#include <stdexcept>
#include <thread>

#include "control_plane/leaders/hand_over.hpp"
#include "control_plane/leaders/scenarios.hpp"

namespace test {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// The renewal deadline is 10 s.
constexpr milliseconds kShorterThanTheRenewalDeadline = 3s;

void EndsBySigterm(Replicas& replicas) {
    constexpr int kTimes = 6;
    replicas.Start();
    replicas.MakeDatabase();
    for (int i = 1; i <= kTimes; ++i) {
        auto& leader = replicas.Leader();
        auto& follower = replicas.Follower();
        replicas.Node().KeepRunning();
        replicas.Apply("000" + std::to_string(i));
        if (i % 2 == 0) replicas.WaitForRunningPod();  // else: in the middle of the start
        const auto from = Steady::now();
        Signal(leader, SIGTERM);
        const auto took = replicas.WaitForLeader(follower, from);
        replicas.Supersedes(follower, leader);
        HandOver(replicas, "graceful", took, kGracefulBudget);
        if (const int code = leader.process->Stop(); code != 0)
            replicas.Violation("SIGTERM ended the leader with exit code " + std::to_string(code));
        replicas.Node().LetEnd();
        replicas.WaitUntilReady();
        replicas.Restart(leader);
        AnyMoment();
    }
    replicas.Check(kTimes);
}

void IsKilled(Replicas& replicas) {
    replicas.Start();
    replicas.MakeDatabase();
    replicas.Node().KeepRunning();
    replicas.Apply("0001");
    replicas.WaitForRunningPod();
    AnyMoment();
    const auto from = Steady::now();
    replicas.A().process->Kill();
    replicas.Apply("0002");
    HandOver(replicas, "kill", replicas.WaitForLeader(replicas.B(), from), kKillBudget);
    replicas.Node().LetEnd();
    replicas.WaitUntilReady();
    replicas.Check(2);
}

/// Between the intent and the Job: nothing but the record says that something was meant to run.
void IsKilledBetweenIntentAndJob(Replicas& replicas) {
    replicas.Start();
    replicas.MakeDatabase();
    replicas.A().wire->HoldNext(Jobs(replicas));
    replicas.Apply("0001");
    if (!replicas.A().wire->WaitHeld(kHeldWithin)) throw std::runtime_error("the leader creates no Job");
    const auto from = Steady::now();
    replicas.A().process->Kill();
    HandOver(replicas, "kill", replicas.WaitForLeader(replicas.B(), from), kKillBudget);
    replicas.WaitUntilReady();
    // The dead leader's request was on its way all the time.
    replicas.Supersedes(replicas.B(), replicas.A());
    replicas.A().wire->LetGo();
    replicas.Check(1);
}

/// Only the leader is cut off. `silence`: the network swallows everything and says nothing, and delivers it later.
void IsCutOff(Replicas& replicas, bool silence) {
    replicas.Start();
    replicas.MakeDatabase();
    auto& leader = replicas.A();
    leader.wire->HoldNext(Jobs(replicas));
    replicas.Apply("0001");
    if (!leader.wire->WaitHeld(kHeldWithin)) throw std::runtime_error("the leader creates no Job");
    const auto from = Steady::now();
    if (silence) {
        leader.wire->Silence();
        leader.wire->LetGo();
    } else {
        leader.wire->Cut();
    }
    replicas.WaitForEnd(leader, kMustHaveEnded);
    HandOver(replicas, "cut off", replicas.WaitForLeader(replicas.B(), from), kKillBudget);
    replicas.Supersedes(replicas.B(), leader);
    replicas.WaitUntilReady();
    leader.wire->Mend();
    replicas.Apply("0002");
    replicas.WaitUntilReady();
    replicas.Restart(leader);
    replicas.Check(2);
    if (!replicas.Holder().starts_with(replicas.B().name)) replicas.Violation("the restarted replica took the Lease");
}

void IsSilenced(Replicas& replicas) {
    IsCutOff(replicas, true);
}

void IsDisconnected(Replicas& replicas) {
    IsCutOff(replicas, false);
}

/// Nobody takes over, and what was interrupted is done once.
void IsCutOffForAMoment(Replicas& replicas) {
    replicas.Start();
    replicas.MakeDatabase();
    for (int i = 1; i <= 4; ++i) {
        if (i % 2 == 0) replicas.A().wire->HoldNext(Jobs(replicas));
        replicas.Apply("000" + std::to_string(i));
        if (i % 2 == 0 && !replicas.A().wire->WaitHeld(kHeldWithin))
            throw std::runtime_error("the leader creates no Job");
        replicas.A().wire->LetGo();
        replicas.A().wire->Cut();
        std::this_thread::sleep_for(kShorterThanTheRenewalDeadline);
        replicas.A().wire->Mend();
        replicas.WaitUntilReady();
    }
    if (!replicas.Holder().starts_with(replicas.A().name) || !replicas.A().process->Running())
        replicas.Violation("a leader that was cut off for 3 s gave up");
    replicas.Check(4);
}

void StartsBesideAnother(Replicas& replicas) {
    constexpr int kTimes = 5;
    for (int i = 1; i <= kTimes; ++i) {
        {
            const std::jthread other([&] { replicas.Restart(replicas.A()); });
            replicas.Restart(replicas.B());
        }
        if (i == 1) replicas.MakeDatabase();
        replicas.Apply("000" + std::to_string(i));
        replicas.WaitUntilReady();
        double leaders = 0;
        for (auto* replica : {&replicas.A(), &replicas.B()})
            leaders += replica->process->Metric("leader_election_master_status");
        if (leaders != 1) replicas.Violation(std::to_string(leaders) + " replicas lead");
        for (auto* replica : {&replicas.A(), &replicas.B()})
            replica->process->Stop();
    }
    replicas.Check(kTimes);
}

}  // namespace

std::vector<Scenario> ScenariosOfEnds() {
    return {
        {"EndsBySigterm", EndsBySigterm},
        {"IsSilenced", IsSilenced},
        {"IsDisconnected", IsDisconnected},
        {"IsKilled#1", IsKilled},
        {"IsKilled#2", IsKilled},
        {"IsKilledBetweenIntentAndJob", IsKilledBetweenIntentAndJob},
        {"IsCutOffForAMoment", IsCutOffForAMoment},
        {"StartsBesideAnother", StartsBesideAnother},
    };
}

}  // namespace test
