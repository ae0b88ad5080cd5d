#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "core/object_key.hpp"
#include "engine/old_pods.hpp"

namespace controllers {

/// What a Contract or a Down of a Database waits for, as listed last: for texts, and so that it is not listed at each
/// event. One entry a Database at most; lost with the process: it is listed again. Thread-safe.
class OldPodsMemory final {
public:
    void Learned(const core::ObjectKey& database, engine::OldPods pods) {
        pods.is_live = false;
        const std::lock_guard lock(mutex_);
        pods_.insert_or_assign(database, std::move(pods));
    }
    std::optional<engine::OldPods> Of(const core::ObjectKey& database) const {
        const std::lock_guard lock(mutex_);
        const auto found = pods_.find(database);
        return found == pods_.end() ? std::nullopt : std::optional(found->second);
    }

private:
    mutable std::mutex mutex_;
    std::map<core::ObjectKey, engine::OldPods> pods_;
};

}  // namespace controllers
