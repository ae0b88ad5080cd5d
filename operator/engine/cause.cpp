#include "engine/cause.hpp"

#include <array>

#include "api/names.hpp"
#include "api/reasons.hpp"
#include "engine/explain.hpp"

namespace engine {
namespace {

namespace reasons = api::reasons;
using observed::ContainerFacts;
using std::chrono::seconds;

/// A Job controller creates the pod within a second; more means that something refuses it (quota, admission).
constexpr seconds kPodIsMissing{20};
/// Scheduling, pulling and mounting normally end far earlier; volumes that cannot be mounted show only in events.
constexpr seconds kPodIsSlow{60};
/// The agent ends by itself within 30 s when it cannot connect: one that runs longer holds a connection and waits.
constexpr seconds kAgentIsConnected{40};

bool IsOneOf(std::string_view text, std::initializer_list<std::string_view> list) {
    for (const std::string_view item : list) {
        if (item == text) return true;
    }
    return false;
}

/// The kubelet uses one reason for a missing Secret or ConfigMap (or key in it) and for a user that is not allowed.
bool NamesConfiguration(std::string_view message) {
    for (const std::string_view word : {"secret", "Secret", "configmap", "ConfigMap"}) {
        if (message.find(word) != std::string_view::npos) return true;
    }
    return false;
}

std::optional<Cause> CauseOf(const ContainerFacts& container, std::string_view name, const observed::PodFacts& pod) {
    if (container.state != ContainerFacts::State::Waiting) return std::nullopt;
    const std::string& reason = container.reason;
    const std::string where = "container " + std::string(name) + " of pod " + pod.key.name;
    if (IsOneOf(reason,
                {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"})) {
        return Cause{.reason = std::string(reasons::kImagePullFailed),
                     .message = "The image of " + where + " cannot be had: " + Quote(container.message) +
                                ". Correct the image or imagePullSecrets."};
    }
    if (reason == "CreateContainerConfigError" && NamesConfiguration(container.message)) {
        return Cause{.reason = std::string(reasons::kSecretOrKeyMissing),
                     .message = "The environment of " + where + " is incomplete: " + Quote(container.message) +
                                ". Create what is missing; it goes on by itself."};
    }
    if (reason == "CreateContainerConfigError") {
        return Cause{.reason = std::string(reasons::kContainerRefused),
                     .message = "The node refuses " + where + ": " + Quote(container.message) +
                                ". An image that runs as root needs spec.securityContext.runAsUser."};
    }
    if (IsOneOf(reason, {"CreateContainerError", "RunContainerError", "PreStartHookError", "StartError"})) {
        return Cause{.reason = std::string(reasons::kContainerRefused),
                     .message = "The node cannot start " + where + ": " + Quote(container.message) +
                                ". Correct what it names, or the node; the events of the pod say more: kubectl "
                                "describe pod " +
                                pod.key.name + "."};
    }
    return std::nullopt;
}

std::optional<Cause> CauseOfAgent(const observed::PodFacts& pod) {
    if (auto cause = CauseOf(pod.agent, api::kAgentContainer, pod)) return cause;
    if (pod.report && pod.report->error && !pod.agent.started) {
        return Cause{.reason = reasons::OfAgent(pod.report->error->reason),
                     .message = Quote(pod.report->error->message) + ". It is tried again."};
    }
    // Whatever its present state between two restarts is: one text for all of them.
    if (pod.agent.restarts > 0 && !pod.agent.started) {
        return Cause{.reason = std::string(reasons::kNotStarting),
                     .message = "Container " + std::string(api::kAgentContainer) + " of pod " + pod.key.name +
                                " ends without a report and is started again: kubectl describe pod " + pod.key.name +
                                " says how."};
    }
    return std::nullopt;
}

bool WaitsForFence(const observed::PodFacts& pod, core::Time now) {
    return pod.agent.state == ContainerFacts::State::Running && !pod.agent.started && pod.agent.start_time &&
           now - *pod.agent.start_time >= kAgentIsConnected;
}

bool HasBegun(const observed::PodFacts& pod) {
    return pod.terminal || pod.migration.state == ContainerFacts::State::Running ||
           pod.migration.state == ContainerFacts::State::Terminated;
}

}  // namespace

std::optional<Cause> FindCause(const observed::JobFacts* job, const observed::PodFacts* pod, core::Time now) {
    if (job == nullptr || job->Ended()) return std::nullopt;
    if (pod == nullptr) {
        if (!PodIsOverdue(*job, now)) return std::nullopt;
        return Cause{.reason = std::string(reasons::kNotStarting),
                     .message = "Job " + job->key.name +
                                " has no pod: a quota or an admission rule may refuse it. See kubectl describe job " +
                                job->key.name + "."};
    }
    if (HasBegun(*pod)) return std::nullopt;
    if (!pod->scheduled && !pod->unschedulable.empty()) {
        return Cause{.reason = std::string(reasons::kUnschedulable),
                     .message = "No node takes pod " + pod->key.name + ": " + Quote(pod->unschedulable) +
                                ". Add or free a node that fits, and it goes on by itself. To correct what a Migration "
                                "asks of a node (nodeSelector, tolerations, affinity, resources), give it a new "
                                "spec.run as well."};
    }
    // Before the agent's last words: what it said before its restart is over once it holds a connection.
    if (WaitsForFence(*pod, now)) {
        return Cause{.reason = std::string(reasons::kWaitingForFence),
                     .message = "Another migration holds this database's fence; this one starts when it has ended.",
                     .is_fence = true};
    }
    if (auto cause = CauseOfAgent(*pod)) return cause;
    if (auto cause = CauseOf(pod->migration, api::kMigrationContainer, *pod)) return cause;
    if (pod->agent.state == ContainerFacts::State::Running) return std::nullopt;
    if (now - pod->created < kPodIsSlow) return std::nullopt;
    return Cause{.reason = std::string(reasons::kNotStarting),
                 .message = "Pod " + pod->key.name + " does not start; its events say why: kubectl describe pod " +
                            pod->key.name + "."};
}

bool PodIsOverdue(const observed::JobFacts& job, core::Time now) {
    return now - job.created >= kPodIsMissing;
}

bool MayYetWaitForFence(const observed::PodFacts& pod, core::Time now) {
    return pod.agent.state == ContainerFacts::State::Running && !pod.agent.started && pod.agent.start_time &&
           now - *pod.agent.start_time < kAgentIsConnected;
}

std::optional<core::Time> NextLookForCause(const observed::JobFacts* job, const observed::PodFacts* pod,
                                           core::Time now) {
    if (job == nullptr || job->Ended()) return std::nullopt;
    std::array<std::optional<core::Time>, 2> looks;
    if (pod == nullptr) {
        looks[0] = job->created + kPodIsMissing;
    } else if (!HasBegun(*pod)) {
        looks[0] = pod->created + kPodIsSlow;
        if (pod->agent.start_time) looks[1] = *pod->agent.start_time + kAgentIsConnected;
    }
    std::optional<core::Time> next;
    for (const auto& look : looks) {
        if (look && *look > now && (!next || *look < *next)) next = look;
    }
    return next;
}

bool MessageAlternates(std::string_view reason) {
    return IsCause(reason) && reason != reasons::kSecretOrKeyMissing;
}

bool IsCause(std::string_view reason) {
    return IsOneOf(reason, {reasons::kImagePullFailed, reasons::kSecretOrKeyMissing, reasons::kContainerRefused,
                            reasons::kUnschedulable, reasons::kJobRefused}) ||
           reason.starts_with(reasons::kDatabasePrefix);
}

}  // namespace engine
