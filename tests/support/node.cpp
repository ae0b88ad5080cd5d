#include "support/node.hpp"

#include <algorithm>
#include <ctime>
#include <set>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace support {
namespace {

using Json = nlohmann::json;

constexpr char kNodeName[] = "test-node";
/// SIGKILL, as a shell and the kubelet show it.
constexpr int kKilled = 137;

std::string Now() {
    const std::time_t now = std::time(nullptr);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
    return text;
}

/// Status of one container before anything happened to it.
Json Fresh(const Json& container) {
    return {{"name", container["name"]},
            {"image", container["image"]},
            {"imageID", container["image"].get<std::string>() + "@sha256:" + std::string(64, '0')},
            {"ready", false},
            {"restartCount", 0},
            {"started", false},
            {"state", {{"waiting", {{"reason", "PodInitializing"}}}}}};
}

/// The list of statuses of `kind` ("containers" or "initContainers"), what is known already included.
Json Statuses(const Json& pod, const std::string& kind) {
    const std::string field = kind == "containers" ? "containerStatuses" : "initContainerStatuses";
    Json statuses = Json::array();
    if (!pod["spec"].contains(kind)) return statuses;
    for (const auto& container : pod["spec"][kind]) {
        Json status = Fresh(container);
        if (pod["status"].contains(field)) {
            for (const auto& known : pod["status"][field]) {
                if (known["name"] == container["name"]) status = known;
            }
        }
        statuses.push_back(status);
    }
    return statuses;
}

void SetRunning(Json& status, bool ready) {
    if (status["state"].contains("terminated")) return;
    if (!status["state"].contains("running")) status["state"] = {{"running", {{"startedAt", Now()}}}};
    status["started"] = ready;
    status["ready"] = ready;
}

void SetEnded(Json& status, const ContainerEnd& end) {
    Json terminated{{"exitCode", end.exit_code},
                    {"reason", !end.reason.empty()  ? end.reason
                               : end.exit_code == 0 ? "Completed"
                                                    : "Error"},
                    {"startedAt", Now()},
                    {"finishedAt", Now()}};
    if (status["state"].contains("running")) terminated["startedAt"] = status["state"]["running"]["startedAt"];
    if (!end.message.empty()) terminated["message"] = end.message;
    if (end.signal) terminated["signal"] = *end.signal;
    status["state"] = {{"terminated", terminated}};
    if (!end.image_id.empty()) status["imageID"] = end.image_id;
    status["ready"] = false;
    status["started"] = false;
}

Json Conditions(const Json& pod, bool initialized, bool ready) {
    const auto condition = [](const char* type, bool holds) {
        return Json{{"type", type}, {"status", holds ? "True" : "False"}, {"lastTransitionTime", Now()}};
    };
    Json conditions = Json::array({condition("PodScheduled", true), condition("Initialized", initialized),
                                   condition("ContainersReady", ready), condition("Ready", ready)});
    // The API server and controllers write some of their own, such as DisruptionTarget.
    if (pod["status"].contains("conditions")) {
        static const std::set<std::string> ours{"PodScheduled", "Initialized", "ContainersReady", "Ready"};
        for (const auto& other : pod["status"]["conditions"]) {
            if (!ours.contains(other["type"].get<std::string>())) conditions.push_back(other);
        }
    }
    return conditions;
}

Json Status(const Json& pod, const std::string& phase, const Json& sidecars, const Json& containers, bool ready) {
    Json status{{"phase", phase},
                {"containerStatuses", containers},
                {"conditions", Conditions(pod, phase != "Pending", ready)}};
    if (!sidecars.empty()) status["initContainerStatuses"] = sidecars;
    status["startTime"] = pod["status"].contains("startTime") ? pod["status"]["startTime"] : Json(Now());
    return status;
}

}  // namespace

Node::Node(const Kubectl& kubectl) : kubectl_(kubectl) {}

std::vector<Json> Node::Pods(const std::string& selector) const {
    auto pods = kubectl_.List({"pods", "--selector=" + selector}).get<std::vector<Json>>();
    std::stable_sort(pods.begin(), pods.end(), [](const Json& a, const Json& b) {
        return a["metadata"]["creationTimestamp"] < b["metadata"]["creationTimestamp"];
    });
    return pods;
}

Json Node::WaitForPod(const std::string& selector, std::chrono::milliseconds patience) const {
    Json newest;
    const auto found = Eventually(
        [&] {
            const auto pods = Pods(selector);
            if (!pods.empty()) newest = pods.back();
            return !pods.empty();
        },
        "a pod " + selector + " in " + kubectl_.Ns(), patience);
    if (!found) throw std::runtime_error(found.message());
    return newest;
}

Json Node::WaitForPodOf(const std::string& job) const {
    return WaitForPod("batch.kubernetes.io/job-name=" + job);
}

void Node::Bind(const std::string& pod) const {
    const Json binding{{"apiVersion", "v1"},
                       {"kind", "Binding"},
                       {"metadata", {{"name", pod}}},
                       {"target", {{"apiVersion", "v1"}, {"kind", "Node"}, {"name", kNodeName}}}};
    kubectl_.Must({"create", "--raw=/api/v1/namespaces/" + kubectl_.Ns() + "/pods/" + pod + "/binding", "--filename=-"},
                  binding.dump());
}

Json Node::Bound(const std::string& pod) const {
    Json object = kubectl_.GetJson("pod/" + pod);
    if (object["spec"].contains("nodeName")) return object;
    Bind(pod);
    return kubectl_.GetJson("pod/" + pod);
}

void Node::WriteStatus(const std::string& pod, const Json& status) const {
    kubectl_.MergePatch("pod/" + pod, {{"status", status}}, "status");
}

void Node::Start(const std::string& pod) const {
    End(pod, {});
}

void Node::StartSidecarsOnly(const std::string& pod) const {
    const Json object = Bound(pod);
    Json sidecars = Statuses(object, "initContainers");
    for (auto& status : sidecars)
        SetRunning(status, false);
    WriteStatus(pod, Status(object, "Pending", sidecars, Statuses(object, "containers"), false));
}

void Node::End(const std::string& pod, const std::map<std::string, ContainerEnd>& ends) const {
    const Json object = Bound(pod);
    Json sidecars = Statuses(object, "initContainers");
    Json containers = Statuses(object, "containers");
    bool ready = true;
    for (Json* statuses : {&sidecars, &containers}) {
        for (auto& status : *statuses) {
            const auto end = ends.find(status["name"].get<std::string>());
            if (end != ends.end()) {
                SetEnded(status, end->second);
            } else {
                SetRunning(status, true);
            }
            ready = ready && status["state"].contains("running");
        }
    }
    WriteStatus(pod, Status(object, "Running", sidecars, containers, ready));
}

void Node::Finish(const std::string& pod, const std::map<std::string, ContainerEnd>& ends) const {
    const Json object = Bound(pod);
    Json sidecars = Statuses(object, "initContainers");
    Json containers = Statuses(object, "containers");
    bool succeeded = true;
    for (Json* statuses : {&sidecars, &containers}) {
        for (auto& status : *statuses) {
            const auto end = ends.find(status["name"].get<std::string>());
            if (end != ends.end()) {
                SetEnded(status, end->second);
            } else if (!status["state"].contains("terminated")) {
                SetEnded(status, {});
            }
            if (statuses == &containers) succeeded = succeeded && status["state"]["terminated"]["exitCode"] == 0;
        }
    }
    WriteStatus(pod, Status(object, succeeded ? "Succeeded" : "Failed", sidecars, containers, false));
}

void Node::NeverStart(const std::string& pod, const std::string& container, const std::string& reason,
                      const std::string& message) const {
    const Json object = Bound(pod);
    Json sidecars = Statuses(object, "initContainers");
    Json containers = Statuses(object, "containers");
    for (Json* statuses : {&sidecars, &containers}) {
        for (auto& status : *statuses) {
            if (status["name"] == container) {
                status["state"] = {{"waiting", {{"reason", reason}, {"message", message}}}};
            } else if (statuses == &sidecars) {
                SetRunning(status, true);
            }
        }
    }
    WriteStatus(pod, Status(object, "Pending", sidecars, containers, false));
}

void Node::Unschedulable(const std::string& pod, const std::string& message) const {
    WriteStatus(pod, {{"phase", "Pending"},
                      {"conditions", Json::array({{{"type", "PodScheduled"},
                                                   {"status", "False"},
                                                   {"reason", "Unschedulable"},
                                                   {"message", message},
                                                   {"lastTransitionTime", Now()}}})}});
}

void Node::FinishDeleted(const std::string& pod, const std::map<std::string, ContainerEnd>& ends) const {
    const Json object = kubectl_.GetJson("pod/" + pod);
    if (!object["metadata"].contains("deletionTimestamp")) {
        throw std::runtime_error("pod " + pod + " is not being deleted");
    }
    Json sidecars = Statuses(object, "initContainers");
    Json containers = Statuses(object, "containers");
    bool succeeded = true;
    for (Json* statuses : {&sidecars, &containers}) {
        for (auto& status : *statuses) {
            const auto end = ends.find(status["name"].get<std::string>());
            if (end != ends.end()) {
                SetEnded(status, end->second);
            } else if (status["state"].contains("running")) {
                SetEnded(status, {.exit_code = kKilled, .message = {}, .reason = {}, .signal = {}, .image_id = {}});
            }
            if (statuses == &containers) {
                succeeded = succeeded && status["state"].contains("terminated") &&
                            status["state"]["terminated"]["exitCode"] == 0;
            }
        }
    }
    WriteStatus(pod, Status(object, succeeded ? "Succeeded" : "Failed", sidecars, containers, false));
    kubectl_.Must({"delete", "pod", pod, "--grace-period=0", "--force", "--wait=false"});
}

}  // namespace support
