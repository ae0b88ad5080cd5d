#pragma once

#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "core/object_key.hpp"
#include "kube/observer.hpp"

namespace runtime {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

/// Key and value; keys are lower-case words, the same for the same thing everywhere ("namespace", "name", "error").
using LogField = std::pair<std::string_view, std::string>;
using LogFields = std::initializer_list<LogField>;

/// How a pass over one key ended, as controller_runtime_reconcile_total counts it.
enum class ReconcileResult { kSuccess, kRequeueAfter, kError };

std::string_view ToString(ReconcileResult result);

/// Where kube and runtime report what they do; telemetry turns it into metrics and log lines. Each function has an
/// empty default, so a test needs none. Called from any thread; must not block or throw. Must outlive who reports to
/// it.
class Observer : public kube::Observer {
public:
    using Seconds = std::chrono::duration<double>;

    virtual void Log(LogLevel, std::string_view /*message*/, LogFields /*fields*/) noexcept {}

    virtual void QueueDepth(std::string_view /*queue*/, std::size_t /*depth*/) noexcept {}
    virtual void QueueAdded(std::string_view /*queue*/) noexcept {}
    virtual void QueueRetried(std::string_view /*queue*/) noexcept {}
    /// From the add that queued the key to the take.
    virtual void QueueWaited(std::string_view /*queue*/, Seconds) noexcept {}
    /// From the take to Done.
    virtual void QueueWorked(std::string_view /*queue*/, Seconds) noexcept {}

    /// Announced once, so that the series exist from the start.
    virtual void ControllerStarted(std::string_view /*controller*/, std::size_t /*workers*/) noexcept {}
    virtual void ActiveWorkers(std::string_view /*controller*/, std::size_t) noexcept {}
    virtual void Reconciled(std::string_view /*controller*/, ReconcileResult, Seconds) noexcept {}
    /// An exception that is no kube::Error: a defect of ours.
    virtual void Panicked(std::string_view /*controller*/) noexcept {}

    /// `resource` is its qualified name, "jobs.batch".
    virtual void Listed(std::string_view /*resource*/, std::size_t /*objects*/, Seconds) noexcept {}
    virtual void WatchRestarted(std::string_view /*resource*/, std::string_view /*why*/) noexcept {}
    virtual void StoreSize(std::string_view /*resource*/, std::size_t) noexcept {}

    virtual void Leading(std::string_view /*lease*/, bool) noexcept {}

    /// `why`: "buffer full", "burst", "refused".
    virtual void EventDropped(std::string_view /*why*/) noexcept {}
};

}  // namespace runtime
