#include "controllers/ended_pods.hpp"

#include <utility>

namespace controllers {

void EndedPods::Remember(std::shared_ptr<const observed::PodFacts> pod) {
    if (!pod || !pod->terminal) return;
    const std::lock_guard lock(mutex_);
    pods_.push_back(std::move(pod));
    if (pods_.size() > kKept) pods_.pop_front();
}

std::vector<std::shared_ptr<const observed::PodFacts>> EndedPods::OfJob(const std::string& ns,
                                                                        const std::string& job) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<const observed::PodFacts>> found;
    for (const auto& pod : pods_) {
        if (pod->key.ns == ns && pod->job == job) found.push_back(pod);
    }
    return found;
}

}  // namespace controllers
