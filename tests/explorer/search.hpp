#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "explorer/scenario.hpp"
#include "explorer/state.hpp"
#include "explorer/transition.hpp"

namespace explorer {

/// A violation and the shortest way to it.
struct Finding {
    Violation violation;
    /// Where the path begins.
    std::string start;
    std::vector<std::string> path;
    /// Of the fault-free continuation, for I7.
    std::vector<std::string> continuation;
    std::string end;
};

struct SearchResult {
    std::size_t states = 0;
    std::size_t transitions = 0;
    std::size_t settled = 0;
    std::size_t depth = 0;
    /// Every state that can be reached within the purse was seen.
    bool is_complete = false;
    /// One per invariant: the first, which is a shortest one.
    std::vector<Finding> findings;
};

/// Breadth-first, so the first path to a violation is a shortest one. Remembers a fingerprint, the parent and the
/// action of each state; whole states only of the two newest levels. Deterministic.
class Search final {
public:
    explicit Search(const Scenario& scenario) : scenario_(scenario) {}

    SearchResult Run();

private:
    using Id = std::uint32_t;
    struct Node {
        Id parent = 0;
        Action action;
    };
    struct Hash {
        std::size_t operator()(const Fingerprint& fingerprint) const { return fingerprint.low; }
    };
    class Successors;

    /// nullopt: known already.
    std::optional<Id> Enter(const State& state, Id parent, const Action& action);
    void Found(const Violation& violation, Id parent, const Action& action, bool is_of_continuation);
    /// The states along the way are made again from the first one.
    Finding Explain(const Violation& violation, Id parent, const Action& action, bool is_of_continuation) const;

    const Scenario& scenario_;
    std::unordered_map<Fingerprint, Id, Hash> known_;
    std::vector<Node> nodes_;
    SearchResult result_;
};

}  // namespace explorer
