#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "observed/pod_facts.hpp"

namespace controllers {

/// Last words of pods that are gone. A pod under deletion vanishes as soon as the Job controller has counted it, often
/// before its end could be recorded; what its last event said is kept here. Thread-safe.
/// A courtesy, not a memory that decisions rest on: after a restart it is empty, and the database is asked instead.
class EndedPods final {
public:
    using Pods = std::vector<std::shared_ptr<const observed::PodFacts>>;

    /// Pods that were not terminal are no evidence and are not kept.
    void Remember(std::shared_ptr<const observed::PodFacts> pod);

    /// `uid` nullopt: the Job is gone, and pods of every Job that had its name are meant.
    Pods OfJob(const std::string& ns, const std::string& job, const std::optional<core::Uid>& uid) const;

    /// What a quorum list said about the pods of a Job that has ended: terminal pods stay as they are, and no new one
    /// comes. Spares the pass after the result's first write a second list, which takes the API server up to 100 ms:
    /// its cache waits for etcd to confirm that it is up to date (progress requests every 100 ms, Kubernetes 1.31 and
    /// later).
    void KeepEvidence(const core::Uid& job, Pods pods);
    /// nullopt: it has to be listed.
    std::optional<Pods> EvidenceOf(const core::Uid& job) const;

private:
    struct Evidence {
        core::Uid job;
        Pods pods;
    };

    /// Evidence is needed twice within milliseconds; this many runs may end at once.
    static constexpr std::size_t kKeptEvidence = 32;
    /// A run is recorded within milliseconds of its pod's end; this many may end at once.
    static constexpr std::size_t kKept = 256;

    mutable std::mutex mutex_;
    std::deque<std::shared_ptr<const observed::PodFacts>> pods_;
    std::deque<Evidence> evidence_;
};

}  // namespace controllers
