#include "controllers/ended_pods.hpp"

#include <utility>

namespace controllers {

void EndedPods::Remember(std::shared_ptr<const observed::PodFacts> pod) {
    if (!pod || !pod->terminal) return;
    const std::lock_guard lock(mutex_);
    pods_.push_back(std::move(pod));
    if (pods_.size() > kKept) pods_.pop_front();
}

EndedPods::Pods EndedPods::OfJob(const std::string& ns, const std::string& job,
                                 const std::optional<core::Uid>& uid) const {
    const std::lock_guard lock(mutex_);
    Pods found;
    for (const auto& pod : pods_) {
        if (pod->key.ns == ns && pod->job == job && (!uid || pod->job_uid == *uid)) found.push_back(pod);
    }
    return found;
}

void EndedPods::KeepEvidence(const core::Uid& job, Pods pods) {
    const std::lock_guard lock(mutex_);
    evidence_.push_back({job, std::move(pods)});
    if (evidence_.size() > kKeptEvidence) evidence_.pop_front();
}

std::optional<EndedPods::Pods> EndedPods::EvidenceOf(const core::Uid& job) const {
    const std::lock_guard lock(mutex_);
    for (const auto& evidence : evidence_) {
        if (evidence.job == job) return evidence.pods;
    }
    return std::nullopt;
}

}  // namespace controllers
