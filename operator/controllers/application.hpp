#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "engine/tuning.hpp"
#include "jobs/job_settings.hpp"

namespace controllers {

/// What the command line and the environment say.
struct Options {
    std::string kubeconfig;
    /// Empty: all namespaces.
    std::vector<std::string> namespaces;
    bool leader_elect = true;
    /// Where the Lease lives, and who we are in events and in the Lease.
    std::string pod_namespace = "tidegate-system";
    std::string pod_name;
    std::string bind = "0.0.0.0:8080";
    /// Holds one line "HOST:PORT" once the operator is ready; empty: none.
    std::string ready_file;
    std::string version;
    jobs::JobSettings jobs;
    /// Before a Contract or a Down; less than the default is for tests alone.
    std::chrono::seconds in_flight_wait = engine::kInFlightWait;
};

/// The operator, wired: stores, reflectors, queues, controllers, election, HTTP. Construct, Run once, leave by
/// runtime::ExitNow.
class Application final {
public:
    /// Throws what kube::LoadConnection and telemetry::HttpServer throw.
    explicit Application(Options options);
    ~Application();
    Application(const Application&) = delete;
    Application& operator=(const Application&) = delete;

    /// Blocks until a signal asks to stop; returns the exit code. Order of the end: readiness false, steps in hand
    /// finished, reflectors stopped, Lease released, events written.
    int Run();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace controllers
