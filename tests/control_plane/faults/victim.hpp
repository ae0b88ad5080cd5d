#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "support/process.hpp"

namespace faults {

/// The operator's process behind a proxy, made to be killed at any moment by any thread: neither start nor kill waits
/// for readiness. Thread-safe.
class Victim final {
public:
    struct Settings {
        std::vector<std::string> namespaces;
        std::string kubeconfig;
    };

    explicit Victim(Settings settings);
    Victim(const Victim&) = delete;
    Victim& operator=(const Victim&) = delete;
    ~Victim();

    void Start();
    /// Kill, `between`, Start, and nobody sees a state in between.
    void Restart(const std::function<void()>& between);
    /// SIGKILL; nothing of it runs when this returns. Nothing when it is dead.
    void Kill();
    bool Running();
    pid_t Pid();
    int Starts() const;

    /// All stores are filled and workers run.
    bool Ready() const;
    /// The gauge or counter, summed over its series; throws when the operator does not answer.
    double Metric(const std::string& name) const;
    /// Of all starts.
    std::string Log() const;

private:
    void StartLocked();
    void KillLocked();

    const Settings settings_;
    std::string folder_;
    mutable std::mutex mutex_;
    std::unique_ptr<support::Process> process_;
    int starts_ = 0;
};

}  // namespace faults
