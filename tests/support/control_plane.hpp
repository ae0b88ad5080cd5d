#pragma once

#include <filesystem>
#include <string>

namespace support {

/// The running control plane that the tests talk to: made by `deploy/local/control-plane up --state DIR`, found by the
/// environment variable TIDEGATE_TEST_CONTROL_PLANE=DIR. One serves all cases, a namespace each.
class ControlPlane final {
public:
    /// Throws std::runtime_error, saying what to do, when there is none.
    static const ControlPlane& Get();

    /// Administrator.
    std::string AdminKubeconfig() const { return state_ / "admin.kubeconfig"; }
    /// Exactly the operator's identity: system:serviceaccount:tidegate-system:tidegate.
    std::string OperatorKubeconfig() const { return state_ / "tidegate.kubeconfig"; }
    std::string AuditLogFile() const { return state_ / "audit.log"; }
    /// Of the pinned versions: kubectl, helm.
    std::string Program(const std::string& name) const { return binaries_ / name; }

private:
    ControlPlane();

    std::filesystem::path state_;
    std::filesystem::path binaries_;
};

/// The operator as the API server knows it.
inline constexpr char kOperatorUser[] = "system:serviceaccount:tidegate-system:tidegate";
inline constexpr char kOperatorNamespace[] = "tidegate-system";

/// A file of the source tree, for example SourceFile("charts/tidegate").
std::string SourceFile(const std::string& path);

}  // namespace support
