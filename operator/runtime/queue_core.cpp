#include "runtime/queue_core.hpp"

#include <utility>

namespace runtime {

void QueueCore::Push(const core::ObjectKey& key, SteadyTime now) {
    line_.push_back({key, now});
}

bool QueueCore::Add(const core::ObjectKey& key, SteadyTime now) {
    if (!dirty_.insert(key).second) return false;
    if (running_.contains(key)) return false;
    Push(key, now);
    return true;
}

void QueueCore::AddAt(const core::ObjectKey& key, SteadyTime due) {
    const auto [known, is_new] = delayed_.try_emplace(key, due);
    if (!is_new) {
        if (known->second <= due) return;
        by_due_.erase({known->second, key});
        known->second = due;
    }
    by_due_.emplace(due, key);
}

std::size_t QueueCore::Wake(SteadyTime now) {
    std::size_t woken = 0;
    while (!by_due_.empty() && by_due_.begin()->first <= now) {
        const auto key = by_due_.begin()->second;
        by_due_.erase(by_due_.begin());
        delayed_.erase(key);
        if (Add(key, now)) ++woken;
    }
    return woken;
}

std::optional<QueueCore::Taken> QueueCore::Take() {
    if (line_.empty()) return std::nullopt;
    auto taken = std::move(line_.front());
    line_.pop_front();
    dirty_.erase(taken.key);
    running_.insert(taken.key);
    return taken;
}

bool QueueCore::Done(const core::ObjectKey& key, SteadyTime now) {
    running_.erase(key);
    if (!dirty_.contains(key)) return false;
    Push(key, now);
    return true;
}

std::optional<SteadyTime> QueueCore::NextDue() const {
    if (by_due_.empty()) return std::nullopt;
    return by_due_.begin()->first;
}

}  // namespace runtime
