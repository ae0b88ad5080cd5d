#include "observed/pod_facts.hpp"

#include <nlohmann/json.hpp>

#include "api/names.hpp"
#include "api/object_meta.hpp"
#include "core/text.hpp"

namespace observed {
namespace {

using core::TextAt;
using nlohmann::json;

/// Longest kubelet or scheduler message kept.
constexpr std::size_t kLongestMessage = 512;

/// The kubelet reports a container that it could not start as terminated, "started" at the epoch.
bool NeverRan(const ContainerFacts& container) {
    return container.reason == "StartError" || container.reason == "ContainerCannotRun";
}

std::optional<core::Time> PlausibleTime(const json& state, const char* field) {
    const auto time = core::TimeAt(state, {field});
    return time && time->time_since_epoch().count() > 0 ? time : std::nullopt;
}

ContainerFacts ParseContainer(const json& status) {
    ContainerFacts container;
    container.started = core::BoolAt(status, {"started"});
    container.restarts = static_cast<int>(core::NumberAt(status, {"restartCount"}).value_or(0));
    container.image = TextAt(status, {"image"});
    container.image_id = TextAt(status, {"imageID"});
    if (const auto* waiting = core::FindAt(status, {"state", "waiting"})) {
        container.state = ContainerFacts::State::Waiting;
        container.reason = TextAt(*waiting, {"reason"});
        container.message = core::OneLine(TextAt(*waiting, {"message"}), kLongestMessage);
    } else if (const auto* running = core::FindAt(status, {"state", "running"})) {
        container.state = ContainerFacts::State::Running;
        container.start_time = PlausibleTime(*running, "startedAt");
    } else if (const auto* ended = core::FindAt(status, {"state", "terminated"})) {
        container.state = ContainerFacts::State::Terminated;
        container.reason = TextAt(*ended, {"reason"});
        container.start_time = PlausibleTime(*ended, "startedAt");
        container.end_time = PlausibleTime(*ended, "finishedAt");
        if (const auto code = core::NumberAt(*ended, {"exitCode"})) container.exit_code = static_cast<int>(*code);
        if (const auto number = core::NumberAt(*ended, {"signal"})) container.signal = static_cast<int>(*number);
        if (NeverRan(container)) container.message = core::OneLine(TextAt(*ended, {"message"}), kLongestMessage);
    }
    return container;
}

/// The kubelet writes an end also for a container that it never made, when its pod is deleted while it waits: 137,
/// ContainerStatusUnknown. What was made has the image that it was made from.
bool WasNeverMade(const ContainerFacts& container) {
    return container.reason == kStatusUnknown && container.image_id.empty() && container.restarts == 0;
}

/// Pod garbage collection ends pods whose node is gone. What its kubelet did last was never reported.
bool IsLostWithItsNode(const PodFacts& pod) {
    return pod.scheduled && pod.disruption == "DeletionByPodGC";
}

const json* FindContainer(const json& pod, std::string_view list, std::string_view name) {
    for (const auto& status : core::ArrayAt(pod, {"status", list})) {
        if (TextAt(status, {"name"}) == name) return &status;
    }
    return nullptr;
}

void ReadConditions(const json& object, PodFacts& pod) {
    for (const auto& condition : core::ArrayAt(object, {"status", "conditions"})) {
        const auto type = TextAt(condition, {"type"});
        const bool holds = TextAt(condition, {"status"}) == "True";
        if (type == "PodScheduled" && !holds) {
            pod.unschedulable = core::OneLine(TextAt(condition, {"message"}), kLongestMessage);
        } else if (type == "Initialized" && holds) {
            pod.initialized_time = core::TimeAt(condition, {"lastTransitionTime"});
        } else if (type == "DisruptionTarget" && holds) {
            pod.disruption = TextAt(condition, {"reason"});
        }
    }
    if (pod.disruption.empty()) pod.disruption = TextAt(object, {"status", "reason"});
}

void ReadAgent(const json& object, PodFacts& pod) {
    // In a migration Job the agent is a native sidecar; in a probe Job it is the only container.
    const auto* status = FindContainer(object, "initContainerStatuses", api::kAgentContainer);
    if (status == nullptr) status = FindContainer(object, "containerStatuses", api::kAgentContainer);
    if (status == nullptr) return;
    pod.agent = ParseContainer(*status);
    for (const char* state : {"state", "lastState"}) {
        if (pod.report) return;
        pod.report = api::ParseAgentReport(TextAt(*status, {state, "terminated", "message"}));
    }
}

}  // namespace

PodFacts ParsePod(const json& object, Detail detail) {
    PodFacts pod;
    pod.key = api::ParseKey(object);
    pod.uid = {TextAt(object, {"metadata", "uid"})};
    pod.revision = core::Revision::Parse(TextAt(object, {"metadata", "resourceVersion"}));
    pod.created = core::TimeAt(object, {"metadata", "creationTimestamp"}).value_or(core::Time{});
    pod.deleting = core::FindAt(object, {"metadata", "deletionTimestamp"}) != nullptr;
    pod.job = TextAt(object, {"metadata", "labels", api::kJobNameLabel});
    pod.job_uid = {TextAt(object, {"metadata", "labels", api::kControllerUidLabel})};
    pod.migrates = TextAt(object, {"metadata", "labels", api::kRoleLabel}) == api::kRoleMigrate;
    pod.database = TextAt(object, {"metadata", "annotations", api::kDatabaseAnnotation});
    pod.database_generation = static_cast<std::int64_t>(
        core::Revision::Parse(TextAt(object, {"metadata", "annotations", api::kDatabaseGenerationAnnotation})).value);
    pod.scheduled = !TextAt(object, {"spec", "nodeName"}).empty();
    const auto phase = TextAt(object, {"status", "phase"});
    pod.terminal = phase == "Succeeded" || phase == "Failed";
    ReadConditions(object, pod);
    if (const auto* status = FindContainer(object, "containerStatuses", api::kMigrationContainer)) {
        pod.migration = ParseContainer(*status);
        // A pod under deletion may vanish before it can be read again, so its tail is kept at once; such pods are few.
        if (detail == Detail::Evidence || pod.deleting) {
            pod.log_tail = TextAt(*status, {"state", "terminated", "message"});
            if (NeverRan(pod.migration)) pod.log_tail.clear();
        }
    }
    ReadAgent(object, pod);
    return pod;
}

Started MigrationStarted(const PodFacts& pod) {
    const bool saw_it_begin = pod.migration.state == ContainerFacts::State::Running || pod.migration.start_time;
    if (!saw_it_begin && IsLostWithItsNode(pod)) return Started::Unknown;
    switch (pod.migration.state) {
        case ContainerFacts::State::Running:
            return Started::Yes;
        case ContainerFacts::State::Terminated:
            if (NeverRan(pod.migration)) return Started::No;
            if (pod.migration.start_time) return Started::Yes;
            if (pod.deleting && WasNeverMade(pod.migration)) return Started::No;
            break;  // ContainerStatusUnknown: the kubelet lost it
        case ContainerFacts::State::Waiting:
        case ContainerFacts::State::Unknown:
            if (pod.terminal) return pod.migration.restarts == 0 ? Started::No : Started::Unknown;
            break;
    }
    // The startup probe lets nothing start before the agent holds the fence.
    if (pod.terminal && pod.report && !pod.report->fence_time) return Started::No;
    return Started::Unknown;
}

}  // namespace observed
