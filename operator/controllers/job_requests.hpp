#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "api/database.hpp"
#include "core/object_key.hpp"
#include "core/time.hpp"
#include "engine/world.hpp"

namespace controllers {

/// How far this process came with the Job of the run that it began last on each Database: engine::JobRequest. Lost with
/// the process, on purpose: whoever comes back to an intent asks the database first. One entry per Database that is
/// there. Thread-safe.
class JobRequests final {
public:
    /// The record says since now that `run` is about to begin.
    void IntentWritten(const core::ObjectKey& database, const api::RunRecord& run) {
        Set(database, {IntentOf(run), engine::JobRequest::NotSent});
    }
    /// Its Job is being asked for.
    void Sent(const core::ObjectKey& database) { Mark(database, engine::JobRequest::Unknown); }
    /// The server certainly did not create it.
    void Refused(const core::ObjectKey& database) { Mark(database, engine::JobRequest::NotSent); }
    /// A Job of this name exists, or did a moment ago: for whatever came of the request, it is not "never created".
    void Seen(const core::ObjectKey& database, const std::string& job) {
        const std::lock_guard lock(mutex_);
        const auto found = entries_.find(database);
        if (found != entries_.end() && found->second.first.first == job)
            found->second.second = engine::JobRequest::Done;
    }
    /// The Database is gone.
    void Forget(const core::ObjectKey& database) {
        const std::lock_guard lock(mutex_);
        entries_.erase(database);
    }

    engine::JobRequest Of(const core::ObjectKey& database, const api::RunRecord& run) const {
        const std::lock_guard lock(mutex_);
        const auto found = entries_.find(database);
        const bool is_that = found != entries_.end() && found->second.first == IntentOf(run);
        return is_that ? found->second.second : engine::JobRequest::Unknown;
    }

private:
    using Intent = std::pair<std::string, core::Time>;
    using Entry = std::pair<Intent, engine::JobRequest>;

    static Intent IntentOf(const api::RunRecord& run) { return {run.job_name, run.start_time.value_or(core::Time{})}; }

    void Set(const core::ObjectKey& database, Entry entry) {
        const std::lock_guard lock(mutex_);
        entries_[database] = std::move(entry);
    }
    void Mark(const core::ObjectKey& database, engine::JobRequest request) {
        const std::lock_guard lock(mutex_);
        const auto found = entries_.find(database);
        if (found != entries_.end()) found->second.second = request;
    }

    mutable std::mutex mutex_;
    std::map<core::ObjectKey, Entry> entries_;
};

}  // namespace controllers
