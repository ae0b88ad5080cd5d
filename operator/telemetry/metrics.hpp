#pragma once

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/observer.hpp"

namespace telemetry {

/// Label name and value.
using Labels = std::map<std::string, std::string>;

/// The operator's metrics in Prometheus' text format, and the Observer that fills them. Names are those that ready
/// dashboards expect (controller_runtime_*, workqueue_*, rest_client_*, leader_election_*, process_*) and tidegate_*.
/// Thread-safe. A name or a label is API once published.
class Metrics final : public runtime::Observer {
public:
    struct Settings {
        std::string version;
        std::string revision;
    };

    explicit Metrics(Settings settings);
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;
    ~Metrics() override;

    /// For /metrics.
    std::string Text() const;

    // For controllers: own series. The first use of a name fixes its kind and help text.
    void Count(const std::string& name, const std::string& help, const Labels& labels, double by = 1);
    void Set(const std::string& name, const std::string& help, const Labels& labels, double value);
    /// Forgets one series of a gauge (its object is gone).
    void Remove(const std::string& name, const Labels& labels);
    /// `buckets` (upper bounds, ascending) count at the first use of the name.
    void Observe(const std::string& name, const std::string& help, const Labels& labels,
                 const std::vector<double>& buckets, double value);

    void RequestDone(const kube::RequestReport& report) noexcept override;
    void Log(runtime::LogLevel level, std::string_view message, runtime::LogFields fields) noexcept override;
    void QueueDepth(std::string_view queue, std::size_t depth) noexcept override;
    void QueueAdded(std::string_view queue) noexcept override;
    void QueueRetried(std::string_view queue) noexcept override;
    void QueueWaited(std::string_view queue, Seconds waited) noexcept override;
    void QueueWorked(std::string_view queue, Seconds worked) noexcept override;
    void ControllerStarted(std::string_view controller, std::size_t workers) noexcept override;
    void ActiveWorkers(std::string_view controller, std::size_t active) noexcept override;
    void Reconciled(std::string_view controller, runtime::ReconcileResult result, Seconds took) noexcept override;
    void Panicked(std::string_view controller) noexcept override;
    void Listed(std::string_view resource, std::size_t objects, Seconds took) noexcept override;
    void WatchRestarted(std::string_view resource, std::string_view why) noexcept override;
    void StoreSize(std::string_view resource, std::size_t size) noexcept override;
    void Leading(std::string_view lease, bool leading) noexcept override;
    void EventDropped(std::string_view why) noexcept override;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace telemetry
