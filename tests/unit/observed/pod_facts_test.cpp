#include "observed/pod_facts.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace observed {
namespace {

using Json = nlohmann::json;

Json Pod(const Json& status) {
    Json pod = Json::parse(R"({
        "metadata": {
            "namespace": "shop", "name": "orders-abc-1-x", "uid": "pod-uid", "resourceVersion": "13",
            "creationTimestamp": "2026-11-22T12:00:01Z",
            "labels": {"batch.kubernetes.io/job-name": "orders-abc-1", "batch.kubernetes.io/controller-uid": "job-uid"},
            "annotations": {"tidegate.io/database-name": "orders"}},
        "spec": {"nodeName": "node-1"}})");
    pod["status"] = status;
    return pod;
}

/// Of the migration container alone.
Json WithContainer(const char* phase, const char* state) {
    return Pod({{"phase", phase}, {"containerStatuses", {{{"name", "migrate"}, {"state", Json::parse(state)}}}}});
}

PodFacts Parse(const Json& pod) {
    return ParsePod(pod, Detail::Store);
}

TEST(PodFacts, ReadsWhosePodItIs) {
    const auto pod = Parse(Pod({{"phase", "Pending"}}));
    EXPECT_EQ(pod.key, (core::ObjectKey{"shop", "orders-abc-1-x"}));
    EXPECT_EQ(pod.job, "orders-abc-1");
    EXPECT_EQ(pod.job_uid.value, "job-uid");
    EXPECT_EQ(pod.database, "orders");
    EXPECT_TRUE(pod.scheduled);
    EXPECT_FALSE(pod.terminal);
    EXPECT_FALSE(pod.deleting);
    EXPECT_EQ(pod.migration.state, ContainerFacts::State::Unknown);
}

TEST(PodFacts, ATerminatingPodIsNotTerminal) {
    Json object = Pod({{"phase", "Running"}});
    object["metadata"]["deletionTimestamp"] = "2026-11-22T12:05:00Z";
    EXPECT_TRUE(Parse(object).deleting);
    EXPECT_FALSE(Parse(object).terminal);
    for (const char* phase : {"Succeeded", "Failed"})
        EXPECT_TRUE(Parse(Pod({{"phase", phase}})).terminal);
}

TEST(PodFacts, ReadsHowTheMigrationContainerStands) {
    const auto running = Parse(WithContainer("Running", R"({"running": {"startedAt": "2026-11-22T12:00:09Z"}})"));
    EXPECT_EQ(running.migration.state, ContainerFacts::State::Running);
    EXPECT_EQ(running.migration.start_time, core::ParseTime("2026-11-22T12:00:09Z"));

    const auto out_of_memory = Parse(WithContainer("Failed", R"({"terminated": {"exitCode": 137, "reason": "OOMKilled",
        "startedAt": "2026-11-22T12:00:09Z", "finishedAt": "2026-11-22T12:00:19Z"}})"));
    EXPECT_EQ(out_of_memory.migration.exit_code, 137);
    EXPECT_EQ(out_of_memory.migration.reason, "OOMKilled");
    EXPECT_EQ(out_of_memory.migration.end_time, core::ParseTime("2026-11-22T12:00:19Z"));

    const auto never = Parse(WithContainer("Failed", R"({"terminated": {"exitCode": 128, "reason": "StartError",
        "message": "exec: \"alembix\":\nnot found", "startedAt": "1970-01-01T00:00:00Z",
        "finishedAt": "2026-11-22T12:00:19Z"}})"));
    EXPECT_EQ(never.migration.start_time, std::nullopt) << "the epoch is no time";
    EXPECT_EQ(never.migration.message, "exec: \"alembix\": not found");

    for (const char* reason : {"ImagePullBackOff", "ErrImagePull", "CreateContainerConfigError", "PodInitializing"}) {
        const auto waiting = Parse(WithContainer(
            "Pending", (std::string(R"({"waiting": {"message": "why", "reason": ")") + reason + "\"}}").c_str()));
        EXPECT_EQ(waiting.migration.state, ContainerFacts::State::Waiting);
        EXPECT_EQ(waiting.migration.reason, reason);
        EXPECT_EQ(waiting.migration.message, "why");
    }
}

TEST(PodFacts, ReadsDisruptionAndScheduling) {
    const auto condition = [](const char* type, const char* status, const char* reason) {
        return Parse(Pod({{"phase", "Pending"},
                          {"conditions",
                           {{{"type", type},
                             {"status", status},
                             {"reason", reason},
                             {"message", "0/3 nodes"},
                             {"lastTransitionTime", "2026-11-22T12:00:30Z"}}}}}));
    };
    EXPECT_EQ(condition("DisruptionTarget", "True", "EvictionByEvictionAPI").disruption, "EvictionByEvictionAPI");
    EXPECT_EQ(condition("DisruptionTarget", "False", "x").disruption, "");
    EXPECT_EQ(condition("PodScheduled", "False", "Unschedulable").unschedulable, "0/3 nodes");
    EXPECT_EQ(condition("PodScheduled", "True", "").unschedulable, "");
    EXPECT_EQ(condition("Initialized", "True", "").initialized_time, core::ParseTime("2026-11-22T12:00:30Z"));
    EXPECT_EQ(condition("Initialized", "False", "").initialized_time, std::nullopt);
    EXPECT_EQ(Parse(Pod({{"phase", "Failed"}, {"reason", "Evicted"}})).disruption, "Evicted");
}

TEST(PodFacts, ReadsTheAgentsNewestWord) {
    const auto report = [](const char* phase) { return std::string(R"({"v":1,"phase":")") + phase + "\"}\n"; };
    struct Case {
        const char* what;
        const char* list;
        Json status;
        std::optional<api::AgentPhase> phase;
    };
    const Case cases[] = {
        {"sidecar, ended",
         "initContainerStatuses",
         {{"state", {{"terminated", {{"message", report("Done")}}}}},
          {"lastState", {{"terminated", {{"message", report("Refused")}}}}}},
         api::AgentPhase::Done},
        {"sidecar, restarted",
         "initContainerStatuses",
         {{"state", {{"running", Json::object()}}}, {"lastState", {{"terminated", {{"message", report("Refused")}}}}}},
         api::AgentPhase::Refused},
        {"sidecar, killed without a word after a restart",
         "initContainerStatuses",
         {{"state", {{"terminated", {{"exitCode", 137}}}}},
          {"lastState", {{"terminated", {{"message", report("Refused")}}}}}},
         api::AgentPhase::Refused},
        {"probe",
         "containerStatuses",
         {{"state", {{"terminated", {{"message", report("Done")}}}}}},
         api::AgentPhase::Done},
        {"no report", "initContainerStatuses", {{"state", {{"terminated", {{"message", "panic"}}}}}}, std::nullopt},
        {"running for the first time",
         "initContainerStatuses",
         {{"state", {{"running", Json::object()}}}},
         std::nullopt},
    };
    for (const auto& [what, list, status, phase] : cases) {
        SCOPED_TRACE(what);
        Json agent = status;
        agent["name"] = "tidegate-agent";
        agent["started"] = true;
        agent["restartCount"] = 2;
        const auto pod = Parse(Pod({{"phase", "Running"}, {list, Json::array({agent})}}));

        EXPECT_EQ(pod.report ? std::optional(pod.report->phase) : std::nullopt, phase);
        EXPECT_TRUE(pod.agent.started);
        EXPECT_EQ(pod.agent.restarts, 2);
    }
}

TEST(PodFacts, TheLogTailIsKeptForTheOnePassThatRecordsItOnly) {
    Json object = WithContainer("Failed", R"({"terminated": {"exitCode": 1, "message": "last lines"}})");
    EXPECT_EQ(ParsePod(object, Detail::Store).log_tail, "");
    EXPECT_EQ(ParsePod(object, Detail::Evidence).log_tail, "last lines");
    object["metadata"]["deletionTimestamp"] = "2026-11-22T12:05:00Z";
    EXPECT_EQ(ParsePod(object, Detail::Store).log_tail, "last lines") << "it may vanish before it is read again";
    object = WithContainer("Failed", R"({"terminated": {"reason": "StartError", "message": "runc"}})");
    EXPECT_EQ(ParsePod(object, Detail::Evidence).log_tail, "") << "the runtime's words are no log";
}

TEST(PodFacts, WordsOfTheNodeAreOneLineOfWholeCharacters) {
    std::string words = "x";
    while (words.size() < 2000)
        words += "\n\xC3\xA4";
    const auto pod = Parse(
        Pod({{"phase", "Pending"},
             {"containerStatuses",
              {{{"name", "migrate"}, {"state", {{"waiting", {{"reason", "ErrImagePull"}, {"message", words}}}}}}}}}));
    EXPECT_LE(pod.migration.message.size(), 512U);
    EXPECT_EQ(pod.migration.message.find('\n'), std::string::npos);
    EXPECT_NO_THROW(Json(pod.migration.message).dump());
}

TEST(MigrationStarted, SaysNoOnlyOfATerminalPodThatProvablyNeverRanIt) {
    struct Case {
        const char* what;
        const char* phase;
        const char* state;  ///< of the migration container; "" for no status at all
        const char* report;
        const char* disruption;
        bool scheduled;
        Started started;
    };
    const char* const kWaiting = R"({"waiting": {"reason": "PodInitializing"}})";
    const char* const kEnded = R"({"terminated": {"exitCode": 1, "startedAt": "2026-11-22T12:00:09Z"}})";
    const char* const kStartError =
        R"({"terminated": {"exitCode": 128, "reason": "StartError", "startedAt": "1970-01-01T00:00:00Z"}})";
    const char* const kUnknown = R"({"terminated": {"exitCode": 137, "reason": "ContainerStatusUnknown"}})";
    const char* const kNoFence = R"({"v":1,"phase":"Refused"})";
    const char* const kFence = R"({"v":1,"phase":"Done","fenceTime":"2026-11-22T12:00:05Z"})";
    const Case cases[] = {
        {"runs", "Running", R"({"running": {}})", "", "", true, Started::Yes},
        {"ended", "Failed", kEnded, "", "", true, Started::Yes},
        {"ended, pod still goes on", "Running", kEnded, "", "", true, Started::Yes},
        {"waits", "Pending", kWaiting, "", "", true, Started::Unknown},
        {"waited to the end", "Failed", kWaiting, "", "", true, Started::No},
        {"no status to the end", "Failed", "", "", "", true, Started::No},
        {"never scheduled", "Failed", "", "", "DeletionByPodGC", false, Started::No},
        {"node is gone", "Failed", kWaiting, "", "DeletionByPodGC", true, Started::Unknown},
        {"node is gone, no status", "Failed", "", "", "DeletionByPodGC", true, Started::Unknown},
        {"node is gone, it ran", "Failed", R"({"running": {}})", "", "DeletionByPodGC", true, Started::Yes},
        {"node is gone, old report", "Failed", kUnknown, kNoFence, "DeletionByPodGC", true, Started::Unknown},
        {"evicted before it began", "Failed", kWaiting, "", "EvictionByEvictionAPI", true, Started::No},
        {"could not be started", "Failed", kStartError, "", "", true, Started::No},
        {"could not be started, pod still goes on", "Running", kStartError, "", "", true, Started::No},
        {"status lost", "Failed", kUnknown, "", "", true, Started::Unknown},
        {"status lost, no fence", "Failed", kUnknown, kNoFence, "", true, Started::No},
        {"status lost, fence held", "Failed", kUnknown, kFence, "", true, Started::Unknown},
        {"status lost, not terminal", "Running", kUnknown, kNoFence, "", true, Started::Unknown},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.what);
        Json status = {{"phase", c.phase}};
        if (*c.state != 0) status["containerStatuses"] = {{{"name", "migrate"}, {"state", Json::parse(c.state)}}};
        if (*c.report != 0) {
            status["initContainerStatuses"] = {
                {{"name", "tidegate-agent"}, {"state", {{"terminated", {{"message", c.report}}}}}}};
        }
        if (*c.disruption != 0) {
            status["conditions"] = {{{"type", "DisruptionTarget"}, {"status", "True"}, {"reason", c.disruption}}};
        }
        Json object = Pod(status);
        if (!c.scheduled) object["spec"].erase("nodeName");
        EXPECT_EQ(MigrationStarted(Parse(object)), c.started);
    }
}

TEST(PodFacts, AContainerThatWasNeverMadeNeverStartedThoughTheKubeletWritesAnEnd) {
    Json object = Pod({{"phase", "Failed"},
                       {"containerStatuses",
                        {{{"name", "migrate"},
                          {"imageID", ""},
                          {"state", {{"terminated", {{"exitCode", 137}, {"reason", "ContainerStatusUnknown"}}}}}}}}});
    EXPECT_EQ(MigrationStarted(Parse(object)), Started::Unknown) << "nobody asked for its end";
    object["metadata"]["deletionTimestamp"] = "2026-11-22T12:00:30Z";
    EXPECT_EQ(MigrationStarted(Parse(object)), Started::No);
    object["status"]["containerStatuses"][0]["imageID"] = "sha256:abc";
    EXPECT_EQ(MigrationStarted(Parse(object)), Started::Unknown);
}

}  // namespace
}  // namespace observed
