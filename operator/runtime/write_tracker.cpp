#include "runtime/write_tracker.hpp"

#include <algorithm>
#include <utility>

namespace runtime {

void WriteTracker::Track(const kube::Resource& resource, SeenFunction seen) {
    const std::lock_guard lock(mutex_);
    seen_[resource.QualifiedName()] = std::move(seen);
}

void WriteTracker::Wrote(const core::ObjectKey& work, const kube::Resource& resource, const core::ObjectKey& object,
                         core::Revision revision) {
    const std::lock_guard lock(mutex_);
    const auto name = resource.QualifiedName();
    if (!seen_.contains(name)) return;
    auto& expected = pending_[work].writes[{name, object.ns}];
    expected = std::max(expected, revision);
}

void WriteTracker::Doubt(const core::ObjectKey& work, const kube::Resource& resource, const core::ObjectKey& object) {
    const std::lock_guard lock(mutex_);
    pending_[work].doubts.insert_or_assign({resource.QualifiedName(), object}, resource);
}

std::vector<WriteTracker::Doubtful> WriteTracker::Doubts(const core::ObjectKey& work) const {
    const std::lock_guard lock(mutex_);
    std::vector<Doubtful> doubts;
    if (const auto found = pending_.find(work); found != pending_.end()) {
        for (const auto& [doubt, resource] : found->second.doubts)
            doubts.push_back({resource, doubt.object});
    }
    return doubts;
}

void WriteTracker::Resolve(const core::ObjectKey& work, const kube::Resource& resource, const core::ObjectKey& object,
                           core::Revision revision) {
    {
        const std::lock_guard lock(mutex_);
        const auto found = pending_.find(work);
        if (found == pending_.end()) return;
        found->second.doubts.erase({resource.QualifiedName(), object});
    }
    Wrote(work, resource, object, revision);
}

bool WriteTracker::Seen(const Place& place, core::Revision revision) const {
    const auto seen = seen_.find(place.resource);
    return seen == seen_.end() || seen->second(place.ns) >= revision;
}

bool WriteTracker::MayDecide(const core::ObjectKey& work) {
    const std::lock_guard lock(mutex_);
    const auto found = pending_.find(work);
    if (found == pending_.end()) return true;
    std::erase_if(found->second.writes, [&](const auto& write) { return Seen(write.first, write.second); });
    if (!found->second.writes.empty() || !found->second.doubts.empty()) return false;
    pending_.erase(found);
    return true;
}

std::size_t WriteTracker::Waiting() const {
    const std::lock_guard lock(mutex_);
    return pending_.size();
}

}  // namespace runtime
