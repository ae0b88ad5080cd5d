#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "support/eventually.hpp"
#include "support/process.hpp"

namespace support {

/// The built operator's executable: what TIDEGATE_BINARY names, else where the build put it.
std::string OperatorBinary();

/// The built operator as a process, confined to one namespace and with exactly the RBAC of its own account. It goes on
/// where it was when it is killed and started again: that is what most cases are about.
///
/// Found by the environment variable TIDEGATE_BINARY, else where the build put it.
class OperatorProcess final {
public:
    struct Settings {
        std::string ns;
        std::string agent_image = "tidegate:test";
        std::vector<std::string> extra_arguments;
        /// Instead of the operator's own on the control plane: for a proxy in between.
        std::string kubeconfig;
        /// Instead of what the operator's Deployment would set: POD_NAME, POD_NAMESPACE (where the Lease lives).
        std::map<std::string, std::string> environment;
    };

    explicit OperatorProcess(Settings settings);
    ~OperatorProcess();

    /// Starts it and waits until it is ready; throws std::runtime_error with its log when it does not get there.
    void Start();
    /// SIGKILL, and waits for its end.
    void Kill();
    /// SIGTERM, and its exit code; throws when it does not end in time.
    int Stop();
    bool Running() { return process_ != nullptr && process_->Running(); }
    pid_t Pid() const { return process_->Pid(); }

    /// "127.0.0.1:PORT", from the ready file.
    std::string Address() const;
    /// Body of an HTTP answer, for example of "/metrics" or "/readyz"; throws when it is not 200.
    std::string Get(const std::string& path) const;
    /// The sum over the series of this name whose labels contain `labels` (text such as `controller="database"`).
    double Metric(const std::string& name, const std::string& labels = {}) const;
    std::string Log() const;

private:
    Settings settings_;
    std::string folder_;
    std::unique_ptr<Process> process_;
};

}  // namespace support
