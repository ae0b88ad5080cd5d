#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "observed/pod_facts.hpp"

namespace controllers {

/// Last words of pods that are gone. A pod under deletion vanishes as soon as the Job controller has counted it, often
/// before its end could be recorded; what its last event said is kept here. Thread-safe.
/// A courtesy, not a memory that decisions rest on: after a restart it is empty, and the database is asked instead.
class EndedPods final {
public:
    /// Pods that were not terminal are no evidence and are not kept.
    void Remember(std::shared_ptr<const observed::PodFacts> pod);

    std::vector<std::shared_ptr<const observed::PodFacts>> OfJob(const std::string& ns, const std::string& job) const;

private:
    /// A run is recorded within milliseconds of its pod's end; this many may end at once.
    static constexpr std::size_t kKept = 256;

    mutable std::mutex mutex_;
    std::deque<std::shared_ptr<const observed::PodFacts>> pods_;
};

}  // namespace controllers
