#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "support/subprocess.hpp"

namespace support {

/// kubectl of the pinned version, in one namespace, as one user. What users of Tidegate do goes through it, so that
/// tests do what they do. Copyable.
class Kubectl final {
public:
    /// As administrator.
    explicit Kubectl(std::string ns);

    /// The same as another user; needs no kubeconfig of their own (the administrator impersonates them).
    Kubectl As(const std::string& user) const;
    /// With the operator's own certificate, so exactly with its RBAC.
    Kubectl AsOperator() const;
    /// Whoever, and wherever, this file says.
    Kubectl With(const std::string& kubeconfig) const;
    Kubectl In(const std::string& ns) const;

    const std::string& Ns() const { return ns_; }

    /// Any exit code is a value.
    CommandResult Run(const std::vector<std::string>& arguments, const std::string& input = {}) const;
    /// stdout; throws std::runtime_error with kubectl's words when it fails.
    std::string Must(const std::vector<std::string>& arguments, const std::string& input = {}) const;

    /// YAML or JSON, several documents too.
    CommandResult Apply(const std::string& manifest, const std::vector<std::string>& options = {}) const;
    CommandResult Apply(const nlohmann::json& object, const std::vector<std::string>& options = {}) const;
    void MustApply(const nlohmann::json& object) const;

    /// `what` is "deployment/orders", or several words for a list: {"pods", "-l", "app=a"}. Throws when it is not
    /// there.
    nlohmann::json GetJson(const std::string& what) const;
    nlohmann::json List(const std::vector<std::string>& what) const;
    bool Exists(const std::string& what) const;

    /// JSON Merge Patch.
    void MergePatch(const std::string& what, const nlohmann::json& patch, const std::string& subresource = {}) const;
    CommandResult Annotate(const std::string& what, const std::string& annotation) const;

    /// Makes `file` a kubeconfig of this cluster for a service account of this namespace, with a token of its own.
    void WriteKubeconfigOf(const std::string& service_account, const std::string& file) const;

private:
    std::string ns_;
    std::string kubeconfig_;
    std::string user_;
};

}  // namespace support
