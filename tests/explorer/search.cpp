#include "explorer/search.hpp"

#include <algorithm>
#include <stdexcept>

#include "explorer/describe.hpp"
#include "explorer/model.hpp"
#include "explorer/settle.hpp"

namespace explorer {
namespace {

/// Picks the successor that an action leads to.
class Follower final : public Sink {
public:
    explicit Follower(const Action& action) : action_(action) {}

    void Take(const Action& action, State&& next, const std::string& text, const Violations&) override {
        if (!(action == action_) || state) return;
        state = std::move(next);
        said = text;
    }
    bool WantsText() const override { return true; }

    std::optional<State> state;
    std::string said;

private:
    Action action_;
};

}  // namespace

/// Enters what follows from one state.
class Search::Successors final : public Sink {
public:
    Successors(Search& search, std::vector<std::pair<Id, State>>& next) : search_(search), next_(next) {}

    void From(Id parent) { parent_ = parent; }

    void Take(const Action& action, State&& state, const std::string&, const Violations& violations) override {
        ++search_.result_.transitions;
        for (const auto& violation : violations)
            search_.Found(violation, parent_, action, false);
        // Beyond a broken promise nothing is to be learned.
        if (!violations.empty()) return;
        const auto id = search_.Enter(state, parent_, action);
        if (!id) return;
        if (*id % search_.scenario_.sample == 0) {
            ++search_.result_.settled;
            for (const auto& violation : Settle(search_.scenario_, state, {}).broken)
                search_.Found(violation, parent_, action, true);
        }
        next_.emplace_back(*id, std::move(state));
    }

private:
    Search& search_;
    std::vector<std::pair<Id, State>>& next_;
    Id parent_ = 0;
};

std::optional<Search::Id> Search::Enter(const State& state, Id parent, const Action& action) {
    const auto id = static_cast<Id>(nodes_.size());
    if (!known_.emplace(FingerprintOf(state), id).second) return std::nullopt;
    nodes_.push_back({parent, action});
    return id;
}

void Search::Found(const Violation& violation, Id parent, const Action& action, bool is_of_continuation) {
    const bool is_known = std::any_of(result_.findings.begin(), result_.findings.end(), [&](const auto& finding) {
        return finding.violation.invariant == violation.invariant;
    });
    if (!is_known) result_.findings.push_back(Explain(violation, parent, action, is_of_continuation));
}

Finding Search::Explain(const Violation& violation, Id parent, const Action& action, bool is_of_continuation) const {
    std::vector<Action> actions{action};
    for (Id id = parent; id != 0; id = nodes_[id].parent)
        actions.push_back(nodes_[id].action);
    std::reverse(actions.begin(), actions.end());

    State state = InitialState(scenario_);
    Finding finding{.violation = violation, .start = Describe(state), .path = {}, .continuation = {}, .end = {}};
    for (const auto& step : actions) {
        Follower follower(step);
        Expand(scenario_, state, follower);
        if (!follower.state)
            throw std::logic_error("a path of scenario " + scenario_.name + " cannot be followed again");
        finding.path.push_back(follower.said);
        state = std::move(*follower.state);
    }
    if (is_of_continuation) {
        auto settled = Settle(scenario_, state, {.wants_path = true});
        finding.continuation = std::move(settled.path);
        state = std::move(settled.state);
    }
    finding.end = Describe(state);
    return finding;
}

SearchResult Search::Run() {
    std::vector<std::pair<Id, State>> level, next;
    State first = InitialState(scenario_);
    known_.reserve(scenario_.most_states);
    nodes_.reserve(scenario_.most_states);
    Enter(first, 0, {});
    level.emplace_back(0, std::move(first));
    Successors successors(*this, next);
    bool is_full = false;
    while (!level.empty() && !is_full) {
        for (auto& [id, state] : level) {
            successors.From(id);
            Expand(scenario_, state, successors);
            state = State{};
            is_full = nodes_.size() >= scenario_.most_states;
            if (is_full) break;
        }
        level = std::exchange(next, {});
        if (!level.empty()) ++result_.depth;
    }
    result_.is_complete = !is_full;
    result_.states = nodes_.size();
    return std::move(result_);
}

}  // namespace explorer
