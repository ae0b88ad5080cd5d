#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "support/eventually.hpp"
#include "support/kubectl.hpp"

namespace support {

/// How one container ended, as the kubelet reports it.
struct ContainerEnd {
    int exit_code = 0;
    /// The termination message: the agent's report, or the last log lines.
    std::string message;
    /// Default: Completed or Error by exit code. "OOMKilled", "ContainerCannotRun", "StartError" are others.
    std::string reason;
    std::optional<int> signal;
    /// Which build ran; default: one and the same for each image as written.
    std::string image_id;
};

/// Plays the scheduler and the kubelet for the pods of one namespace: on the control plane tier no container ever runs,
/// but every controller sees what it would see if one had. Each call is one step, made at once.
///
/// Sidecars (init containers with restartPolicy Always) are reported as init containers, as the kubelet does. Init
/// containers that end before the others start are not played: no pod of ours has one.
class Node final {
public:
    explicit Node(const Kubectl& kubectl);

    /// The newest pod with these labels, once there is one. Throws when none comes.
    nlohmann::json WaitForPod(const std::string& selector, std::chrono::milliseconds patience = kPatience) const;
    /// The pod of a Job.
    nlohmann::json WaitForPodOf(const std::string& job) const;
    std::vector<nlohmann::json> Pods(const std::string& selector) const;

    /// Assigns the pod to this node; nothing is started.
    void Bind(const std::string& pod) const;
    /// Bound if need be; every container runs and is ready.
    void Start(const std::string& pod) const;
    /// Bound if need be; sidecars run but are not ready, so the other containers wait: "waiting for the fence".
    void StartSidecarsOnly(const std::string& pod) const;
    /// Bound if need be; the containers named have ended, the others still run. Sidecars outlive the containers.
    void End(const std::string& pod, const std::map<std::string, ContainerEnd>& ends) const;
    /// As End; then containers not named ended with exit code 0, and the pod is Succeeded or Failed by the exit codes
    /// of its containers (not of its sidecars).
    void Finish(const std::string& pod, const std::map<std::string, ContainerEnd>& ends) const;
    /// Bound if need be; the container waits for good: ImagePullBackOff, ErrImagePull, CreateContainerConfigError, ...
    void NeverStart(const std::string& pod, const std::string& container, const std::string& reason,
                    const std::string& message) const;
    /// Not bound: no node takes it.
    void Unschedulable(const std::string& pod, const std::string& message) const;
    /// What the kubelet does with a pod that was deleted: the containers that run end (by default killed: 137), those
    /// that never ran stay so, the pod gets its final phase and goes. Throws when the pod is not being deleted.
    void FinishDeleted(const std::string& pod, const std::map<std::string, ContainerEnd>& ends = {}) const;

private:
    nlohmann::json Bound(const std::string& pod) const;
    void WriteStatus(const std::string& pod, const nlohmann::json& status) const;

    Kubectl kubectl_;
};

}  // namespace support
