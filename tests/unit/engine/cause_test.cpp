#include "engine/cause.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace engine {
namespace {

using observed::ContainerFacts;
using std::chrono::seconds;
using ::testing::HasSubstr;

const core::Time kStart = *core::ParseTime("2026-11-22T12:00:00Z");

observed::JobFacts Job() {
    observed::JobFacts job;
    job.key = {"shop", "orders-abc-1"};
    job.created = kStart;
    return job;
}

observed::PodFacts Pod() {
    observed::PodFacts pod;
    pod.key = {"shop", "orders-abc-1-x"};
    pod.created = kStart;
    pod.scheduled = true;
    return pod;
}

observed::PodFacts Waiting(ContainerFacts observed::PodFacts::*container, const char* reason, const char* message) {
    auto pod = Pod();
    (pod.*container).state = ContainerFacts::State::Waiting;
    (pod.*container).reason = reason;
    (pod.*container).message = message;
    return pod;
}

observed::PodFacts AgentRuns(bool started) {
    auto pod = Pod();
    pod.agent.state = ContainerFacts::State::Running;
    pod.agent.started = started;
    pod.agent.start_time = kStart;
    return pod;
}

struct Row {
    const char* what;
    observed::PodFacts pod;
    int after;           ///< seconds
    const char* reason;  ///< nullptr: nothing is wrong
    const char* word = "";
    const char* next = "";  ///< step
};

TEST(FindCause, NamesWhyTheContainersDoNotRun) {
    const auto kMigrate = &observed::PodFacts::migration;
    const auto kAgent = &observed::PodFacts::agent;
    auto unschedulable = Pod();
    unschedulable.scheduled = false;
    unschedulable.unschedulable = "0/3 nodes are available.";
    auto unreachable = AgentRuns(false);
    unreachable.report = api::AgentReport{.phase = api::AgentPhase::Refused,
                                          .error = api::AgentReport::Error{"Unreachable", "no route to db:5432."}};
    auto crashing = Waiting(kAgent, "CrashLoopBackOff", "back-off");
    crashing.agent.restarts = 3;
    auto crashing_running = AgentRuns(false);
    crashing_running.agent.restarts = 4;
    auto running = AgentRuns(true);
    running.migration.state = ContainerFacts::State::Running;
    auto terminal = Waiting(kMigrate, "ErrImagePull", "no");
    terminal.terminal = true;
    const Row rows[] = {
        {"just made", Pod(), 0, nullptr},
        {"slow, no cause to be seen", Pod(), 60, "NotStarting", "kubectl describe pod orders-abc-1-x"},
        {"not slow yet", Pod(), 59, nullptr},
        {"no node", unschedulable, 0, "Unschedulable", "pod orders-abc-1-x: 0/3 nodes are available. ",
         "Add or free a node that fits"},
        {"image", Waiting(kMigrate, "ErrImagePull", "not found"), 0, "ImagePullFailed", "container migrate",
         "Correct the image or imagePullSecrets"},
        {"image, back-off", Waiting(kMigrate, "ImagePullBackOff", "Back-off"), 0, "ImagePullFailed"},
        {"image name", Waiting(kMigrate, "InvalidImageName", "bad"), 0, "ImagePullFailed"},
        {"image never pulled", Waiting(kMigrate, "ErrImageNeverPull", "policy"), 0, "ImagePullFailed"},
        {"agent's image", Waiting(kAgent, "ErrImagePull", "not found"), 0, "ImagePullFailed",
         "container tidegate-agent"},
        {"Secret", Waiting(kAgent, "CreateContainerConfigError", "secret \"orders-db\" not found"), 0,
         "SecretOrKeyMissing", "secret \"orders-db\" not found", "Create what is missing"},
        {"key", Waiting(kMigrate, "CreateContainerConfigError", "couldn't find key uri in Secret shop/orders-db"), 0,
         "SecretOrKeyMissing"},
        {"runs as root", Waiting(kMigrate, "CreateContainerConfigError", "container has runAsNonRoot"), 0,
         "ContainerRefused", "container has runAsNonRoot", "needs spec.securityContext.runAsUser"},
        {"node refuses", Waiting(kMigrate, "CreateContainerError", "context deadline"), 0, "ContainerRefused",
         "container migrate of pod orders-abc-1-x: context deadline. ",
         "Correct what it names, or the node; the events of the pod say more: kubectl describe pod orders-abc-1-x."},
        {"agent connects", AgentRuns(false), 39, nullptr},
        {"agent waits", AgentRuns(false), 40, "WaitingForFence", "fence"},
        {"agent holds, image is pulled", AgentRuns(true), 3600, nullptr},
        {"agent could not connect", unreachable, 10, "DatabaseUnreachable", "no route to db:5432. It is tried again"},
        {"agent could not connect before, and waits now", unreachable, 40, "WaitingForFence"},
        {"agent dies, between restarts", crashing, 10, "NotStarting", "ends without a report"},
        {"agent dies, just restarted", crashing_running, 10, "NotStarting", "ends without a report"},
        {"runs", running, 3600, nullptr},
        {"ended", terminal, 3600, nullptr},
    };
    const auto job = Job();
    for (const auto& row : rows) {
        SCOPED_TRACE(row.what);
        const auto cause = FindCause(&job, &row.pod, kStart + seconds{row.after});
        ASSERT_EQ(cause.has_value(), row.reason != nullptr);
        if (!cause) continue;
        EXPECT_EQ(cause->reason, row.reason);
        EXPECT_THAT(cause->message, HasSubstr(row.word));
        EXPECT_THAT(cause->message, HasSubstr(row.next));
        EXPECT_EQ(cause->is_fence, cause->reason == "WaitingForFence");
    }
}

TEST(FindCause, AJobWithoutAPodIsRefusedOneAfterAWhile) {
    auto job = Job();
    EXPECT_FALSE(FindCause(&job, nullptr, kStart + seconds{19}));
    EXPECT_EQ(FindCause(&job, nullptr, kStart + seconds{20})->reason, "NotStarting");
    EXPECT_FALSE(FindCause(nullptr, nullptr, kStart + seconds{99}));
    job.state = observed::JobFacts::State::Failed;
    EXPECT_FALSE(FindCause(&job, nullptr, kStart + seconds{99}));
}

TEST(FindCause, IsAskedAgainWheneverTimeAloneChangesItsAnswer) {
    // Whatever the answer is at a moment, it is the same at every later moment before the next look.
    const auto job = Job();
    auto late_agent = AgentRuns(false);
    late_agent.agent.start_time = kStart + seconds{100};
    const std::optional<observed::PodFacts> pods[] = {std::nullopt, Pod(), AgentRuns(false), AgentRuns(true),
                                                      late_agent};
    for (const auto& facts : pods) {
        const auto* pod = facts ? &*facts : nullptr;
        for (int second = 0; second < 300; ++second) {
            const auto now = kStart + seconds{second};
            const auto next = NextLookForCause(&job, pod, now);
            const auto then = FindCause(&job, pod, now + seconds{1});
            const auto before = FindCause(&job, pod, now);
            const bool changed =
                before.has_value() != then.has_value() || (before && then && before->reason != then->reason);
            EXPECT_TRUE(!changed || next == now + seconds{1}) << "second " << second;
        }
    }
}

TEST(IsCause, AlternatingWordsAreWrittenOnce) {
    for (const char* reason :
         {"ImagePullFailed", "ContainerRefused", "Unschedulable", "JobRefused", "DatabaseUnreachable"}) {
        EXPECT_TRUE(IsCause(reason)) << reason;
        EXPECT_TRUE(MessageAlternates(reason)) << reason;
    }
    EXPECT_FALSE(MessageAlternates("SecretOrKeyMissing")) << "another missing key is news";
    EXPECT_FALSE(IsCause("MigrationFailed"));
    EXPECT_FALSE(IsCause("MigrationRunning"));
}

}  // namespace
}  // namespace engine
