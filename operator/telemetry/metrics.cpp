#include "telemetry/metrics.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "telemetry/json_log.hpp"
#include "telemetry/process_metrics.hpp"

namespace telemetry {
namespace {

using Buckets = prometheus::Histogram::BucketBoundaries;

/// As in client-go, so that ready dashboards fit: 10e-9 * 10^n, 12 of them.
const Buckets kQueueBuckets{1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 1000};
/// controller-runtime's 40 are of no use here; the same range in fewer.
const Buckets kReconcileBuckets{.005, .01, .025, .05, .1, .15, .2, .3, .5, .7, 1, 1.5, 2, 3, 5, 7, 10, 20, 30, 60};
const Buckets kRequestBuckets{.005, .025, .1, .25, .5, 1, 2, 4, 8, 15, 30, 60};

std::string Text(std::string_view text) {
    return std::string(text);
}

}  // namespace

/// Families by name, series by labels: the registry itself refuses a family that exists already.
class Metrics::Impl final {
public:
    prometheus::Counter& Counter(const std::string& name, const std::string& help, const Labels& labels) {
        const std::lock_guard lock(mutex_);
        auto& family = counters_[name];
        if (family == nullptr) family = &prometheus::BuildCounter().Name(name).Help(help).Register(registry_);
        return family->Add(labels);
    }

    prometheus::Gauge& Gauge(const std::string& name, const std::string& help, const Labels& labels) {
        const std::lock_guard lock(mutex_);
        auto& family = gauges_[name];
        if (family == nullptr) family = &prometheus::BuildGauge().Name(name).Help(help).Register(registry_);
        return family->Add(labels);
    }

    void SetGauge(const std::string& name, const std::string& help, const Labels& labels, double value) {
        // Under the lock: Remove may not free the series between the look-up and the write.
        const std::lock_guard lock(mutex_);
        auto& family = gauges_[name];
        if (family == nullptr) family = &prometheus::BuildGauge().Name(name).Help(help).Register(registry_);
        family->Add(labels).Set(value);
    }

    void RemoveGauge(const std::string& name, const Labels& labels) {
        const std::lock_guard lock(mutex_);
        const auto family = gauges_.find(name);
        if (family != gauges_.end()) family->second->Remove(&family->second->Add(labels));
    }

    prometheus::Histogram& Histogram(const std::string& name, const std::string& help, const Labels& labels,
                                     const Buckets& buckets) {
        const std::lock_guard lock(mutex_);
        auto& family = histograms_[name];
        if (family == nullptr) family = &prometheus::BuildHistogram().Name(name).Help(help).Register(registry_);
        return family->Add(labels, buckets);
    }

    /// A worker has taken a key of this queue just now.
    void WorkBegins(const std::string& queue) {
        const std::lock_guard lock(mutex_);
        at_work_[queue].push_back(Clock::now());
    }

    /// After so long.
    void WorkEnds(const std::string& queue, Seconds took) {
        const std::lock_guard lock(mutex_);
        auto& begins = at_work_[queue];
        const auto began = Clock::now() - std::chrono::duration_cast<Clock::duration>(took);
        // The two were not noted in the same instant: the nearest one is it, or one that began with it.
        const auto found = std::min_element(begins.begin(), begins.end(), [&](auto one, auto other) {
            return std::chrono::abs(one - began) < std::chrono::abs(other - began);
        });
        if (found != begins.end()) begins.erase(found);
    }

    std::string Collect() {
        CollectProcess();
        CollectWork();
        const prometheus::TextSerializer serializer;
        return serializer.Serialize(registry_.Collect());
    }

private:
    using Clock = std::chrono::steady_clock;

    void CollectWork() {
        std::map<std::string, std::pair<Seconds, Seconds>> work;
        {
            const std::lock_guard lock(mutex_);
            const auto now = Clock::now();
            for (const auto& [queue, begins] : at_work_) {
                auto& [all, longest] = work[queue];
                for (const auto began : begins) {
                    all += now - began;
                    longest = std::max<Seconds>(longest, now - began);
                }
            }
        }
        for (const auto& [queue, seconds] : work) {
            const Labels labels{{"name", queue}, {"controller", queue}};
            SetGauge("workqueue_unfinished_work_seconds",
                     "Seconds that the items in work have taken so far, together; what grows is stuck.", labels,
                     seconds.first.count());
            SetGauge("workqueue_longest_running_processor_seconds", "Seconds of the item that is longest in work.",
                     labels, seconds.second.count());
        }
    }

    void CollectProcess() {
        const auto now = ReadProcess();
        {
            // A counter can only be incremented.
            auto& cpu = Counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", {});
            const std::lock_guard lock(mutex_);
            if (now.cpu_seconds > cpu.Value()) cpu.Increment(now.cpu_seconds - cpu.Value());
        }
        SetGauge("process_resident_memory_bytes", "Resident memory size in bytes.", {}, now.resident_bytes);
        SetGauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", {}, now.virtual_bytes);
        SetGauge("process_open_fds", "Number of open file descriptors.", {}, now.open_files);
        SetGauge("process_max_fds", "Maximum number of open file descriptors.", {}, now.most_files);
        SetGauge("process_threads", "Number of threads of this process.", {}, now.threads);
        SetGauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", {},
                 now.start_time);
    }

    std::mutex mutex_;
    /// By queue, since when a worker has been at each of its keys.
    std::map<std::string, std::vector<Clock::time_point>> at_work_;
    prometheus::Registry registry_;
    std::map<std::string, prometheus::Family<prometheus::Counter>*> counters_;
    std::map<std::string, prometheus::Family<prometheus::Gauge>*> gauges_;
    std::map<std::string, prometheus::Family<prometheus::Histogram>*> histograms_;
};

Metrics::Metrics(Settings settings) : impl_(std::make_unique<Impl>()) {
    impl_->SetGauge("tidegate_build_info", "1; the labels say which build this is.",
                    {{"version", settings.version}, {"revision", settings.revision}}, 1);
}

Metrics::~Metrics() = default;

std::string Metrics::Text() const {
    return impl_->Collect();
}

void Metrics::Count(const std::string& name, const std::string& help, const Labels& labels, double by) {
    impl_->Counter(name, help, labels).Increment(by);
}

void Metrics::Set(const std::string& name, const std::string& help, const Labels& labels, double value) {
    impl_->SetGauge(name, help, labels, value);
}

void Metrics::Remove(const std::string& name, const Labels& labels) {
    impl_->RemoveGauge(name, labels);
}

void Metrics::Observe(const std::string& name, const std::string& help, const Labels& labels,
                      const std::vector<double>& buckets, double value) {
    impl_->Histogram(name, help, labels, buckets).Observe(value);
}

void Metrics::RequestDone(const kube::RequestReport& report) noexcept {
    const auto code = report.code == 0 ? std::string("<error>") : std::to_string(report.code);
    Count("rest_client_requests_total", "Number of HTTP requests, by status code, method and host.",
          {{"code", code}, {"method", telemetry::Text(report.method)}, {"host", telemetry::Text(report.host)}});
    if (report.method == "WATCH") return;  // lasts as long as the server likes
    Observe("rest_client_request_duration_seconds", "Request latency in seconds, by verb and host.",
            {{"verb", telemetry::Text(report.method)}, {"host", telemetry::Text(report.host)}}, kRequestBuckets,
            report.took.count());
}

void Metrics::Log(runtime::LogLevel level, std::string_view message, runtime::LogFields fields) noexcept {
    telemetry::Log(level, message, fields);
}

void Metrics::QueueDepth(std::string_view queue, std::size_t depth) noexcept {
    Set("workqueue_depth", "Current depth of workqueue.",
        {{"name", telemetry::Text(queue)}, {"controller", telemetry::Text(queue)}}, static_cast<double>(depth));
}

void Metrics::QueueAdded(std::string_view queue) noexcept {
    Count("workqueue_adds_total", "Total number of adds handled by workqueue.",
          {{"name", telemetry::Text(queue)}, {"controller", telemetry::Text(queue)}});
}

void Metrics::QueueRetried(std::string_view queue) noexcept {
    Count("workqueue_retries_total", "Total number of retries handled by workqueue.",
          {{"name", telemetry::Text(queue)}, {"controller", telemetry::Text(queue)}});
}

void Metrics::QueueWaited(std::string_view queue, Seconds waited) noexcept {
    Observe("workqueue_queue_duration_seconds", "How long an item stays in workqueue before being requested.",
            {{"name", telemetry::Text(queue)}, {"controller", telemetry::Text(queue)}}, kQueueBuckets, waited.count());
    impl_->WorkBegins(telemetry::Text(queue));
}

void Metrics::QueueWorked(std::string_view queue, Seconds worked) noexcept {
    Observe("workqueue_work_duration_seconds", "How long processing an item from workqueue takes.",
            {{"name", telemetry::Text(queue)}, {"controller", telemetry::Text(queue)}}, kQueueBuckets, worked.count());
    impl_->WorkEnds(telemetry::Text(queue), worked);
}

void Metrics::ControllerStarted(std::string_view controller, std::size_t workers) noexcept {
    const Labels labels{{"controller", telemetry::Text(controller)}};
    Set("controller_runtime_max_concurrent_reconciles", "Maximum number of concurrent reconciles per controller.",
        labels, static_cast<double>(workers));
    ActiveWorkers(controller, 0);
    // All series start at 0, so that a rate sees the first error.
    for (const char* const result : {"success", "error", "requeue_after"}) {
        Count("controller_runtime_reconcile_total", "Total number of reconciliations per controller.",
              {{"controller", telemetry::Text(controller)}, {"result", result}}, 0);
    }
    Count("controller_runtime_reconcile_errors_total", "Total number of reconciliation errors per controller.", labels,
          0);
    Count("controller_runtime_reconcile_panics_total", "Total number of unexpected exceptions per controller.", labels,
          0);
}

void Metrics::ActiveWorkers(std::string_view controller, std::size_t active) noexcept {
    Set("controller_runtime_active_workers", "Number of currently used workers per controller.",
        {{"controller", telemetry::Text(controller)}}, static_cast<double>(active));
}

void Metrics::Reconciled(std::string_view controller, runtime::ReconcileResult result, Seconds took) noexcept {
    const Labels labels{{"controller", telemetry::Text(controller)}};
    Count("controller_runtime_reconcile_total", "Total number of reconciliations per controller.",
          {{"controller", telemetry::Text(controller)}, {"result", telemetry::Text(ToString(result))}});
    if (result == runtime::ReconcileResult::kError) {
        Count("controller_runtime_reconcile_errors_total", "Total number of reconciliation errors per controller.",
              labels);
    }
    Observe("controller_runtime_reconcile_time_seconds", "Length of time per reconciliation per controller.", labels,
            kReconcileBuckets, took.count());
}

void Metrics::Panicked(std::string_view controller) noexcept {
    Count("controller_runtime_reconcile_panics_total", "Total number of unexpected exceptions per controller.",
          {{"controller", telemetry::Text(controller)}});
}

void Metrics::Listed(std::string_view resource, std::size_t objects, Seconds took) noexcept {
    const Labels labels{{"resource", telemetry::Text(resource)}};
    Count("tidegate_lists_total", "Complete lists read from the API server, by resource.", labels);
    Set("tidegate_list_objects", "Objects in the last complete list, by resource.", labels,
        static_cast<double>(objects));
    Set("tidegate_list_duration_seconds", "Duration of the last complete list, by resource.", labels, took.count());
}

void Metrics::WatchRestarted(std::string_view resource, std::string_view why) noexcept {
    Count("tidegate_watch_restarts_total", "Watches that ended, by resource and reason.",
          {{"resource", telemetry::Text(resource)}, {"why", telemetry::Text(why)}});
}

void Metrics::StoreSize(std::string_view resource, std::size_t size) noexcept {
    Set("tidegate_store_objects", "Objects held in memory, by resource.", {{"resource", telemetry::Text(resource)}},
        static_cast<double>(size));
}

void Metrics::Leading(std::string_view lease, bool leading) noexcept {
    Set("leader_election_master_status", "1 while this instance leads, by lease.", {{"name", telemetry::Text(lease)}},
        leading ? 1 : 0);
}

void Metrics::EventDropped(std::string_view why) noexcept {
    Count("tidegate_events_dropped_total", "Kubernetes Events that were not written, by reason.",
          {{"why", telemetry::Text(why)}});
}

}  // namespace telemetry
