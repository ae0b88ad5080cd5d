#include "controllers/application.hpp"

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <thread>

#include "api/names.hpp"
#include "controllers/database_controller.hpp"
#include "controllers/gate_controller.hpp"
#include "controllers/reflectors.hpp"
#include "controllers/routes.hpp"
#include "kube/clients.hpp"
#include "kube/in_cluster.hpp"
#include "runtime/elector.hpp"
#include "runtime/shutdown.hpp"
#include "telemetry/http_server.hpp"
#include "telemetry/json_log.hpp"
#include "telemetry/metrics.hpp"

namespace controllers {
namespace {

/// 2 + 2: passes are short and wait mostly for the API server (DESIGN section 7).
constexpr std::size_t kWorkers = 2;
/// How often readiness is looked at until it is reached: 5 ms are far below what a start takes.
constexpr std::chrono::milliseconds kReadyPoll{5};

std::string Identity(const std::string& pod_name) {
    std::random_device random;
    return pod_name + "_" + std::to_string(random()) + std::to_string(random());
}

void WriteReadyFile(const std::string& path, const std::string& address) {
    const auto partial = path + ".partial";
    {
        std::ofstream file(partial);
        file << address << '\n';
        if (!file.flush()) throw std::runtime_error("cannot write --ready-file " + path + "; check the folder");
    }
    std::filesystem::rename(partial, path);
}

std::string HostOf(const std::string& bind) {
    return bind.substr(0, bind.rfind(':'));
}

}  // namespace

class Application::Impl final {
public:
    explicit Impl(Options options)
        : options_(std::move(options)),
          metrics_({.version = options_.version, .revision = {}}),
          clients_(kube::Connect(kube::LoadConnection(options_.kubeconfig),
                                 {.user_agent = "tidegate/" + options_.version,
                                  .field_manager = std::string(api::kFieldManager),
                                  .observer = &metrics_})),
          writes_(clients_.requests.WritingOnlyWhile([this] { return MayWrite(); })),
          stores_(options_.namespaces),
          database_queue_("database", {}, metrics_),
          gate_queue_("gate", {}, metrics_),
          recorder_({.controller = std::string(api::kGroup) + "/tidegate", .instance = options_.pod_name},
                    clients_.requests, metrics_),
          databases_({stores_, ended_pods_, writes_, database_tracker_, recorder_, runtime::SystemClock(), metrics_,
                      metrics_, options_.jobs, options_.in_flight_wait}),
          gate_({stores_, writes_, gate_tracker_, recorder_, metrics_, metrics_}),
          database_workers_(
              "database", kWorkers, database_queue_,
              [this](const auto& key, auto stop) { return databases_.Reconcile(key, std::move(stop)); }, metrics_),
          gate_workers_(
              "gate", kWorkers, gate_queue_,
              [this](const auto& key, auto stop) { return gate_.Reconcile(key, std::move(stop)); }, metrics_),
          reflectors_(stores_, clients_.watches, metrics_),
          http_({.bind = options_.bind,
                 .healthy = [] { return telemetry::HttpServer::Answer{}; },
                 .ready = [this] { return Readiness(); },
                 .metrics = [this] { return metrics_.Text(); }}) {
        AddRoutes(stores_, database_queue_, gate_queue_, ended_pods_);
        for (auto* tracker : {&database_tracker_, &gate_tracker_}) {
            Track(*tracker, kube::kDatabases, stores_.databases);
            Track(*tracker, kube::kMigrations, stores_.migrations);
            Track(*tracker, kube::kLedgers, stores_.ledgers);
            Track(*tracker, kube::kDeployments, stores_.deployments);
        }
        // Each writes Jobs of its own kind: ours, and those that the gate holds.
        Track(database_tracker_, kube::kJobs, stores_.jobs);
        Track(gate_tracker_, kube::kJobs, stores_.gated_jobs);
    }

    int Run() {
        telemetry::Log(runtime::LogLevel::kInfo, "tidegate starts", {{"version", options_.version}});
        if (options_.in_flight_wait < engine::kInFlightWait) {
            telemetry::Log(
                runtime::LogLevel::kWarning,
                "--in-flight-wait-seconds is shorter than an API request may take: a contract may start while "
                "an old rollout is let through. For tests only",
                {{"seconds", std::to_string(options_.in_flight_wait.count())}});
        }
        reflectors_.Start();
        std::jthread starter([this](std::stop_token stop) { StartWhenSynced(std::move(stop)); });
        const int signal = runtime::WaitForSignal();
        telemetry::Log(runtime::LogLevel::kInfo, "tidegate stops", {{"signal", std::to_string(signal)}});
        stopping_ = true;
        starter.request_stop();
        starter.join();
        database_workers_.Stop();
        gate_workers_.Stop();
        reflectors_.Stop();
        if (elector_) elector_->Release();
        recorder_.Stop();
        return failed_ ? 1 : 0;
    }

private:
    template <class Object>
    static void Track(runtime::WriteTracker& tracker, const kube::Resource& resource,
                      const runtime::Store<Object>& store) {
        tracker.Track(resource, [&store](std::string_view ns) { return store.Seen(ns); });
    }

    telemetry::HttpServer::Answer Readiness() const {
        if (stopping_) return {.ok = false, .text = "stopping"};
        if (!stores_.Synced()) return {.ok = false, .text = "the caches are being filled from the API server"};
        return {};
    }

    void StartWhenSynced(std::stop_token stop) {
        std::mutex mutex;
        std::condition_variable_any stopped;
        std::unique_lock lock(mutex);
        while (!stores_.Synced()) {
            if (stopped.wait_for(lock, stop, kReadyPoll, [] { return false; }); stop.stop_requested()) return;
        }
        runtime::TrimMemory();
        if (options_.leader_elect) {
            Elect();
        } else {
            StartWorkers();
        }
        if (options_.ready_file.empty()) return;
        try {
            WriteReadyFile(options_.ready_file, HostOf(options_.bind) + ":" + std::to_string(http_.Port()));
        } catch (const std::exception& error) {
            telemetry::Log(runtime::LogLevel::kError, "tidegate ends", {{"error", error.what()}});
            failed_ = true;
            runtime::RequestShutdown();
        }
    }

    /// The workers begin after the elector is there.
    bool MayWrite() const { return !options_.leader_elect || (elector_ && elector_->Leading()); }

    void StartWorkers() {
        database_workers_.Start();
        gate_workers_.Start();
        telemetry::Log(runtime::LogLevel::kInfo, "tidegate works");
    }

    void Elect() {
        elector_.emplace(runtime::Elector::Settings{.lease = {options_.pod_namespace, "tidegate"},
                                                    .identity = Identity(options_.pod_name)},
                         clients_.lease,
                         runtime::Elector::Callbacks{
                             .started = [this] { StartWorkers(); },
                             .lost =
                                 [this](const std::string& why) {
                                     telemetry::Log(runtime::LogLevel::kError,
                                                    "the lease is lost; tidegate ends and its replacement goes on",
                                                    {{"error", why}});
                                     failed_ = true;
                                     runtime::RequestShutdown();
                                 },
                             .expired = {}},
                         metrics_);
        elector_->Start();
    }

    const Options options_;
    telemetry::Metrics metrics_;
    kube::Clients clients_;
    kube::Client writes_;
    Stores stores_;
    EndedPods ended_pods_;
    runtime::WriteTracker database_tracker_, gate_tracker_;
    runtime::Queue database_queue_, gate_queue_;
    runtime::EventRecorder recorder_;
    DatabaseController databases_;
    GateController gate_;
    std::atomic<bool> stopping_{false}, failed_{false};
    runtime::WorkerPool database_workers_, gate_workers_;
    Reflectors reflectors_;
    telemetry::HttpServer http_;
    std::optional<runtime::Elector> elector_;
};

Application::Application(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Application::~Application() = default;
int Application::Run() {
    return impl_->Run();
}

}  // namespace controllers
