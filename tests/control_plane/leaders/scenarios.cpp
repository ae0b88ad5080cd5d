#include "control_plane/leaders/scenarios.hpp"

#include <csignal>
#include <random>
#include <stdexcept>
#include <thread>

#include "core/json_access.hpp"
#include "runtime/lease_record.hpp"
#include "support/control_plane.hpp"

namespace test {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// The operator's own figures (DESIGN section 7) and the budgets that follow from them (section 10).
constexpr milliseconds kLeaseDuration = 15s;
constexpr milliseconds kGracefulBudget = 2s;
constexpr milliseconds kKillBudget = 17500ms;
/// A leader that cannot renew has ended before others may take its lease.
constexpr milliseconds kMustHaveEnded = kLeaseDuration;
/// One that learns that it does not lead any more ends at once; what this is longer is a busy machine's.
constexpr milliseconds kEndsAtOnce = 10s;

void Signal(const Replica& replica, int signal) {
    kill(replica.process->Pid(), signal);
}

std::string Jobs(const Replicas& replicas) {
    return "POST /apis/batch/v1/namespaces/" + replicas.Ns() + "/jobs";
}

std::string Status(const Replicas& replicas, const std::string& plural) {
    return "PATCH /apis/tidegate.io/v1alpha1/namespaces/" + replicas.Ns() + "/" + plural + "/orders/status";
}

void HandOver(Replicas& replicas, const std::string& kind, const Replicas::Succeeded& succeeded, milliseconds budget) {
    replicas.Report().HandOver(kind, succeeded.took);
    // Both processes and the API server have their turn several times in a hand-over.
    constexpr int kTurns = 10;
    const auto allowed = budget + kTurns * succeeded.slowest_answer;
    if (succeeded.took > allowed) {
        replicas.Violation("the hand-over took " + std::to_string(succeeded.took.count()) + " ms, more than " +
                           std::to_string(budget.count()) + " ms; the API server's slowest answer took " +
                           std::to_string(succeeded.slowest_answer.count()) + " ms");
    }
}

/// Waits for a moment in the leader's rhythm that is another one each time: renewals and polls are 2 s apart.
void AnyMoment() {
    static thread_local std::mt19937 random{std::random_device{}()};
    std::this_thread::sleep_for(milliseconds{std::uniform_int_distribution<int>(0, 2000)(random)});
}

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
    if (!replicas.A().wire->WaitHeld(30s)) throw std::runtime_error("the leader creates no Job");
    const auto from = Steady::now();
    replicas.A().process->Kill();
    HandOver(replicas, "kill", replicas.WaitForLeader(replicas.B(), from), kKillBudget);
    replicas.WaitUntilReady();
    // The dead leader's request was on its way all the time.
    replicas.Supersedes(replicas.B(), replicas.A());
    replicas.A().wire->LetGo();
    replicas.Check(1);
}

/// Stops the leader for two lease durations with `request` in hand while the follower goes on, then wakes it up.
void Sleeps(Replicas& replicas, const std::string& request, const std::function<void()>& provoke,
            const std::function<void()>& meanwhile) {
    auto& sleeper = replicas.A();
    if (!request.empty()) sleeper.wire->HoldNext(request);
    provoke();
    if (!request.empty() && !sleeper.wire->WaitHeld(30s)) throw std::runtime_error("never sent: " + request);
    const auto from = Steady::now();
    Signal(sleeper, SIGSTOP);
    HandOver(replicas, "stop", replicas.WaitForLeader(replicas.B(), from), kKillBudget);
    replicas.Supersedes(replicas.B(), sleeper);
    meanwhile();
    std::this_thread::sleep_until(from + 2 * kLeaseDuration);
    Signal(sleeper, SIGCONT);
    sleeper.wire->LetGo();
    replicas.WaitForEnd(sleeper, kEndsAtOnce);
    if (!replicas.Holder().starts_with(replicas.B().name)) replicas.Violation("the sleeper took the Lease back");
}

void SleepsWithTheIntentInHand(Replicas& replicas) {
    replicas.Start();
    replicas.MakeDatabase();
    Sleeps(
        replicas, Status(replicas, "databases"), [&] { replicas.Apply("0001"); },
        [&] {
            replicas.WaitUntilReady();
            replicas.Apply("0002");
            replicas.WaitUntilReady();
        });
    replicas.Check(2);
}

void SleepsWithTheJobInHand(Replicas& replicas) {
    replicas.Start();
    replicas.MakeDatabase();
    Sleeps(
        replicas, Jobs(replicas), [&] { replicas.Apply("0001"); },
        [&] {
            replicas.WaitUntilReady();
            replicas.Apply("0002");
            replicas.WaitUntilReady();
        });
    replicas.Check(2);
}

/// As before, but the evidence of the first run is gone when the old request arrives: its name is free again.
void SleepsWithTheJobInHandAndItsNameIsFreeAgain(Replicas& replicas) {
    replicas.Start();
    replicas.MakeDatabase();
    Sleeps(
        replicas, Jobs(replicas), [&] { replicas.Apply("0001"); },
        [&] {
            replicas.Client().MergePatch(kube::kMigrations, {replicas.Ns(), "orders"},
                                         {{"spec", {{"historyLimit", 1}}}});
            replicas.WaitUntilReady();
            replicas.Apply("0002");
            replicas.WaitUntilReady();
            replicas.Wait(
                [&] {
                    return replicas.Client()
                               .List(kube::kJobs,
                                     {.ns = replicas.Ns(),
                                      .label_selector = "tidegate.io/role=migrate",
                                      .field_selector = {}},
                                     10)
                               .items.size() == 1;
                },
                "the first Job is deleted");
        });
    replicas.Check(2);
}

void SleepsWithTheResultInHand(Replicas& replicas) {
    replicas.Start();
    replicas.MakeDatabase();
    replicas.Node().KeepRunning();
    replicas.Apply("0001");
    replicas.WaitForRunningPod();
    Sleeps(
        replicas, Status(replicas, "migrations"), [&] { replicas.Node().LetEnd(); },
        [&] {
            replicas.WaitUntilReady();
            replicas.Apply("0002");
            replicas.WaitUntilReady();
        });
    replicas.Check(2);
}

bool IsHeld(const Replicas& replicas) {
    return IsHeldBack(*replicas.Client().Get(kube::kDeployments, {replicas.Ns(), "orders"}));
}

void SleepsWithTheReleaseInHand(Replicas& replicas) {
    replicas.Start();
    replicas.MakeDatabase();
    replicas.Require("orders@0001");
    replicas.Wait([&] { return IsHeld(replicas); }, "the rollout is held");
    // The annotation waiting-for is a patch of the same object: it passes first.
    replicas.Wait(
        [&] {
            const auto object = *replicas.Client().Get(kube::kDeployments, {replicas.Ns(), "orders"});
            return core::TextAt(object, {"metadata", "annotations", "tidegate.io/waiting-for"}).find("create one") !=
                   std::string::npos;
        },
        "the hold says what it waits for");
    replicas.Node().KeepRunning();
    replicas.Apply("0001");
    replicas.WaitForRunningPod();
    std::this_thread::sleep_for(500ms);  // waiting-for follows the Migration's reasons
    Sleeps(
        replicas, "PATCH /apis/apps/v1/namespaces/" + replicas.Ns() + "/deployments/orders",
        [&] { replicas.Node().LetEnd(); },
        [&] {
            replicas.WaitUntilReady();
            replicas.Wait([&] { return !IsHeld(replicas); }, "the follower releases the rollout");
            // The next rollout needs what nobody has brought: the old release would open it.
            Json template_patch{{"metadata", {{"annotations", {{"tidegate.io/requires", "orders@0002"}}}}}};
            replicas.Client().MergePatch(kube::kDeployments, {replicas.Ns(), "orders"},
                                         {{"spec", {{"template", template_patch}}}});
            replicas.Wait([&] { return IsHeld(replicas); }, "the second rollout is held");
        });
    std::this_thread::sleep_for(500ms);
    if (!IsHeld(replicas)) replicas.Violation("I5: the old release opened a rollout whose version is not proven");
    replicas.Check(1);
}

/// Nothing in hand, but a pile of news when it wakes up: every store is stale, every timer is due.
void SleepsAndWakesUpToAPileOfWork(Replicas& replicas) {
    constexpr int kDatabases = 8;
    replicas.Start();
    const auto name = [](int i) { return "orders-" + std::to_string(i); };
    for (int i = 0; i < kDatabases; ++i)
        replicas.CreateDatabase(name(i));
    for (int i = 0; i < kDatabases; ++i)
        replicas.WaitUntilRead(name(i));
    Sleeps(
        replicas, "",
        [&] {
            // In the middle of their starts when it falls asleep.
            for (int i = 0; i < kDatabases; ++i)
                replicas.Apply("0001", name(i));
        },
        [&] {
            for (int i = 0; i < kDatabases; ++i)
                replicas.WaitUntilReady(name(i));
            for (int i = 0; i < kDatabases; ++i)
                replicas.Apply("0002", name(i));
        });
    for (int i = 0; i < kDatabases; ++i)
        replicas.WaitUntilReady(name(i));
    replicas.Check(2 * kDatabases);
}

/// Only the leader is cut off. `silence`: the network swallows everything and says nothing, and delivers it later.
void IsCutOff(Replicas& replicas, bool silence) {
    replicas.Start();
    replicas.MakeDatabase();
    auto& leader = replicas.A();
    leader.wire->HoldNext(Jobs(replicas));
    replicas.Apply("0001");
    if (!leader.wire->WaitHeld(30s)) throw std::runtime_error("the leader creates no Job");
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

/// Shorter than the renewal deadline: nobody takes over, and what was interrupted is done once.
void IsCutOffForAMoment(Replicas& replicas) {
    replicas.Start();
    replicas.MakeDatabase();
    for (int i = 1; i <= 4; ++i) {
        if (i % 2 == 0) replicas.A().wire->HoldNext(Jobs(replicas));
        replicas.Apply("000" + std::to_string(i));
        if (i % 2 == 0 && !replicas.A().wire->WaitHeld(30s)) throw std::runtime_error("the leader creates no Job");
        replicas.A().wire->LetGo();
        replicas.A().wire->Cut();
        std::this_thread::sleep_for(3s);
        replicas.A().wire->Mend();
        replicas.WaitUntilReady();
    }
    if (!replicas.Holder().starts_with(replicas.A().name) || !replicas.A().process->Running())
        replicas.Violation("a leader that was cut off for 3 s gave up");
    replicas.Check(4);
}

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

const std::vector<Scenario>& Scenarios() {
    static const std::vector<Scenario> scenarios{
        {"FindsALeaseWithImpossibleTimes", FindsALeaseWithImpossibleTimes},
        {"SleepsWithTheIntentInHand", SleepsWithTheIntentInHand},
        {"SleepsWithTheJobInHand", SleepsWithTheJobInHand},
        {"SleepsWithTheJobInHandAndItsNameIsFreeAgain", SleepsWithTheJobInHandAndItsNameIsFreeAgain},
        {"SleepsWithTheResultInHand", SleepsWithTheResultInHand},
        {"SleepsWithTheReleaseInHand", SleepsWithTheReleaseInHand},
        {"SleepsAndWakesUpToAPileOfWork", SleepsAndWakesUpToAPileOfWork},
        {"LosesItsLeaseToADeletion", LosesItsLeaseToADeletion},
        {"EndsBySigterm", EndsBySigterm},
        {"IsSilenced", IsSilenced},
        {"IsDisconnected", IsDisconnected},
        {"IsKilled#1", IsKilled},
        {"IsKilled#2", IsKilled},
        {"IsKilledBetweenIntentAndJob", IsKilledBetweenIntentAndJob},
        {"LosesItsLeaseToAStranger", LosesItsLeaseToAStranger},
        {"IsCutOffForAMoment", IsCutOffForAMoment},
        {"StartsBesideAnother", StartsBesideAnother},
    };
    return scenarios;
}

}  // namespace test
