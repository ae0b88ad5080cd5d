#include <csignal>
#include <stdexcept>
#include <thread>

#include "control_plane/leaders/hand_over.hpp"
#include "control_plane/leaders/scenarios.hpp"
#include "core/json_access.hpp"

namespace test {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// Stops the leader for two lease durations with `request` in hand while the follower goes on, then wakes it up.
void Sleeps(Replicas& replicas, const std::string& request, const std::function<void()>& provoke,
            const std::function<void()>& meanwhile) {
    auto& sleeper = replicas.A();
    if (!request.empty()) sleeper.wire->HoldNext(request);
    provoke();
    if (!request.empty() && !sleeper.wire->WaitHeld(kHeldWithin)) throw std::runtime_error("never sent: " + request);
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

/// Its hold says `words`.
bool WaitsFor(const Replicas& replicas, const std::string& words) {
    const auto object = *replicas.Client().Get(kube::kDeployments, {replicas.Ns(), "orders"});
    return core::TextAt(object, {"metadata", "annotations", "tidegate.io/waiting-for"}).find(words) !=
           std::string::npos;
}

void SleepsWithTheReleaseInHand(Replicas& replicas) {
    replicas.Start();
    replicas.MakeDatabase();
    replicas.Require("orders@0001");
    replicas.Wait([&] { return IsHeld(replicas); }, "the rollout is held");
    // The annotation waiting-for is a patch of the same object: it passes first.
    replicas.Wait([&] { return WaitsFor(replicas, "create one"); }, "the hold says what it waits for");
    replicas.Node().KeepRunning();
    replicas.Apply("0001");
    replicas.WaitForRunningPod();
    // waiting-for follows the Migration's reasons: from here on the release is the next patch.
    replicas.Wait([&] { return WaitsFor(replicas, "MigrationRunning"); }, "the hold says that it runs");
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
    replicas.Wait([&] { return replicas.A().wire->Delivered(); }, "the old release has arrived");
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

}  // namespace

std::vector<Scenario> ScenariosOfSleep() {
    return {
        {"SleepsWithTheIntentInHand", SleepsWithTheIntentInHand},
        {"SleepsWithTheJobInHand", SleepsWithTheJobInHand},
        {"SleepsWithTheJobInHandAndItsNameIsFreeAgain", SleepsWithTheJobInHandAndItsNameIsFreeAgain},
        {"SleepsWithTheResultInHand", SleepsWithTheResultInHand},
        {"SleepsWithTheReleaseInHand", SleepsWithTheReleaseInHand},
        {"SleepsAndWakesUpToAPileOfWork", SleepsAndWakesUpToAPileOfWork},
    };
}

}  // namespace test
