#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "core/object_key.hpp"
#include "engine/world.hpp"

namespace controllers {

/// Who is in the way of the pod that waits for a Database's fence, as asked last. One entry a Database that is there;
/// lost with the process: it is asked again. Thread-safe.
class FenceHolders final {
public:
    void Learned(const core::ObjectKey& database, engine::FenceHolder holder) {
        const std::lock_guard lock(mutex_);
        holders_.insert_or_assign(database, std::move(holder));
    }
    /// The Database is gone.
    void Forget(const core::ObjectKey& database) {
        const std::lock_guard lock(mutex_);
        holders_.erase(database);
    }
    std::optional<engine::FenceHolder> Of(const core::ObjectKey& database) const {
        const std::lock_guard lock(mutex_);
        const auto found = holders_.find(database);
        return found == holders_.end() ? std::nullopt : std::optional(found->second);
    }

private:
    mutable std::mutex mutex_;
    std::map<core::ObjectKey, engine::FenceHolder> holders_;
};

}  // namespace controllers
