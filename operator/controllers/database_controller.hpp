#pragma once

#include <chrono>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "controllers/ended_pods.hpp"
#include "controllers/fence_holders.hpp"
#include "controllers/job_requests.hpp"
#include "controllers/old_pods_memory.hpp"
#include "controllers/stores.hpp"
#include "engine/decide.hpp"
#include "jobs/job_settings.hpp"
#include "kube/client.hpp"
#include "runtime/clock.hpp"
#include "runtime/event_recorder.hpp"
#include "runtime/worker_pool.hpp"
#include "runtime/write_tracker.hpp"
#include "telemetry/metrics.hpp"

namespace controllers {

/// Keeps the engine's decisions and the cluster together, one Database a key. The only writer of Databases, Migrations
/// and our Jobs. It decides nothing: it builds the World from the stores, asks engine::Decide, performs the step.
/// Thread-safe for different keys; the queue sees to it that a key has one worker at a time.
class DatabaseController final {
public:
    struct Parts {
        Stores& stores;
        EndedPods& ended_pods;
        const kube::Client& client;
        runtime::WriteTracker& tracker;
        runtime::EventRecorder& recorder;
        const runtime::Clock& clock;
        runtime::Observer& observer;
        telemetry::Metrics& metrics;
        jobs::JobSettings jobs;
        /// engine::kInFlightWait but in tests.
        std::chrono::seconds in_flight_wait = engine::kInFlightWait;
    };

    explicit DatabaseController(Parts parts) : parts_(std::move(parts)) {}

    runtime::Result Reconcile(const core::ObjectKey& key, std::stop_token stop);

private:
    /// How a step went, for the loop.
    enum class After {
        DecideAgain,   ///< something was learned; no object changed
        WaitForStore,  ///< written: the watch brings the key back
        ComeBack,      ///< somebody else was faster: the stores will show it
        Refused,       ///< the server does not want it; asking again at once would not change that
    };

    /// What one pass learned beyond the stores.
    struct Pass {
        engine::Learned learned;
        std::vector<engine::Shared<observed::JobFacts>> live_jobs;
        std::map<std::string, std::vector<engine::Shared<observed::PodFacts>>> live_pods;
        engine::Shared<api::Ledger> live_ledger;
    };

    engine::World BuildWorld(const core::ObjectKey& key, const Pass& pass) const;

    After Perform(const core::ObjectKey& key, const engine::Step& step, Pass& pass, const std::stop_token& stop);
    After Write(const core::ObjectKey& key, const kube::Resource& resource, const core::ObjectKey& object,
                core::Revision at, const nlohmann::json& operations,
                kube::Subresource subresource = kube::Subresource::kStatus);
    After CreateMigrationJob(const core::ObjectKey& key, const engine::CreateMigrationJob& step, Pass& pass,
                             const std::stop_token& stop);
    After CreateProbeJob(const core::ObjectKey& key, const engine::CreateProbeJob& step, Pass& pass);
    After CreateJob(const core::ObjectKey& key, const nlohmann::json& job, const std::string& owner, Pass& pass);
    After Delete(const kube::Resource& resource, const core::ObjectKey& object, const core::Uid& uid,
                 core::Revision at);
    After ListJobs(const core::ObjectKey& key, Pass& pass, const std::stop_token& stop);
    After ListPods(const core::ObjectKey& key, const std::string& job, Pass& pass, const std::stop_token& stop);

    After ReadLedger(const core::ObjectKey& key, Pass& pass, const std::stop_token& stop);
    After ListOldPods(const core::ObjectKey& key, const engine::ListOldPodsLive& list, Pass& pass,
                      const std::stop_token& stop);
    After ListEvents(const core::ObjectKey& key, const engine::ListEventsLive& list, const std::stop_token& stop);
    /// "Job a of Migration b in namespace c"; empty when no Job that this operator sees has the uid.
    std::string DescribeRun(const core::Uid& job) const;

    Parts parts_;
    JobRequests job_requests_;
    FenceHolders fence_holders_;
    OldPodsMemory old_pods_;
};

}  // namespace controllers
