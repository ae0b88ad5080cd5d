#pragma once

#include <stop_token>

#include <nlohmann/json_fwd.hpp>

#include "controllers/stores.hpp"
#include "engine/decide.hpp"
#include "kube/client.hpp"
#include "runtime/event_recorder.hpp"
#include "runtime/worker_pool.hpp"
#include "runtime/write_tracker.hpp"
#include "telemetry/metrics.hpp"

namespace controllers {

/// Keeps Ledgers and held workloads in line with what the Databases' status says. The only writer of both. Keys: see
/// gate_keys.hpp. Decides nothing itself.
class GateController final {
public:
    struct Parts {
        Stores& stores;
        const kube::Client& client;
        runtime::WriteTracker& tracker;
        runtime::EventRecorder& recorder;
        runtime::Observer& observer;
        telemetry::Metrics& metrics;
    };

    explicit GateController(Parts parts) : parts_(std::move(parts)) {}

    runtime::Result Reconcile(const core::ObjectKey& key, std::stop_token stop);

private:
    engine::GateDecision Ask(const core::ObjectKey& key) const;
    runtime::Result Perform(const core::ObjectKey& key, const engine::GateDecision& decision);
    kube::Written Write(const engine::WriteLedger& write);
    kube::Written Write(const engine::ReleaseWorkload& release);
    kube::Written Write(const engine::WriteWaitingFor& write);
    kube::Written Write(const engine::DeleteHeldJob& old);

    Parts parts_;
};

}  // namespace controllers
