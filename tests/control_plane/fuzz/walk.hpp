#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "control_plane/fuzz/mirror.hpp"
#include "control_plane/fuzz/raw_api.hpp"
#include "control_plane/fuzz/specs.hpp"

namespace test {

/// What all walks have done and found. Thread-safe.
class FuzzReport final {
public:
    std::atomic<int> transitions{0}, admitted{0}, refused{0}, walks{0}, persisted{0};

    void Violation(const std::string& text);
    void Touched(const std::string& field);
    /// How long the slowest way back to a valid spec took.
    void Recovered(std::chrono::milliseconds took, const std::string& walk);

    std::vector<std::string> Violations() const;
    std::size_t Fields() const;
    std::string Slowest() const;

private:
    mutable std::mutex mutex_;
    std::vector<std::string> violations_;
    std::set<std::string> fields_;
    std::chrono::milliseconds slowest_{0};
    std::string slowest_walk_;
};

/// One Database, one Migration and one gated Deployment of a name of their own, led through valid and invalid specs to
/// the final ones.
class Walk final {
public:
    struct Kinds {
        const FuzzedKind& database;
        const FuzzedKind& migration;
    };

    Walk(RawApi& api, const Mirror& mirror, const Kinds& kinds, std::string ns, unsigned seed, FuzzReport& report);

    /// Every step may be refused; what is admitted is observed before the next one.
    void Wander(int steps);
    /// To the final specs; false when the operator does not get there, which is reported.
    bool Arrive();
    /// What the objects say now, without what differs from walk to walk: names, times, revisions, hashes of names.
    nlohmann::json EndState();

    const std::string& Name() const { return name_; }
    void Violation(const std::string& text);
    /// Something was done to the objects by somebody else: a line of the path.
    void Note(std::string step) { path_.push_back(std::move(step)); }

private:
    void Step();
    void Recreate(const FuzzedKind& kind);
    /// Makes sure that the object has this spec.
    Reply Put(const FuzzedKind& kind, const nlohmann::json& object);
    void CheckRefused(const FuzzedKind& kind, const support::SchemaChange& change, const Reply& before,
                      const Reply& reply);
    bool WaitUntilObserved(const FuzzedKind& kind, std::int64_t generation);

    RawApi& api_;
    const Mirror& mirror_;
    const Kinds kinds_;
    const std::string ns_;
    const unsigned seed_;
    const std::string name_;
    FuzzReport& report_;
    std::mt19937 random_;
    /// As last admitted.
    nlohmann::json database_, migration_;
    std::vector<std::string> path_;
};

}  // namespace test
