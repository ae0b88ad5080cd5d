#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "explorer/scenario.hpp"
#include "explorer/state.hpp"

namespace explorer {

/// What happened, in a form that a path can be made of: applied to the same state it gives the same state.
struct Action {
    enum class What : std::uint8_t {
        None,
        // The operator.
        DatabasePass,
        LedgerPass,
        WorkloadPass,
        // The API server's watches.
        DeliverNext,
        DeliverAll,
        // Kubernetes' controllers and nodes.
        MakePod,
        CountPod,
        FinishJob,
        SuspendJob,
        CollectJob,
        CollectPod,
        RemoveJob,
        PodStep,
        PodEnd,
        // The clock.
        Leap,
        Tick,
        // The adversary.
        Stall,
        Crash,
        EditSpec,
        Retry,
        Suspend,
        DeleteMigration,
        CreateMigration,
        DeleteJob,
        DeletePod,
        EvictPod,
        PlantJob,
        CopyProbe,
        SwitchDatabase,
        DeleteDatabase,
        CreateDatabase,
        LoseRecord,
        RefuseJobs,
        RollOut,
        Land,
    };

    What what = What::None;
    std::uint8_t which = 0;
    std::uint8_t how = 0;
    /// 0, or 1 + the kind whose delivery is held back.
    std::uint8_t held = 0;

    bool operator==(const Action&) const = default;
};

/// A broken promise.
struct Violation {
    /// "I3"
    std::string invariant;
    std::string words;
};
using Violations = std::vector<Violation>;

/// Takes the states that follow from one state.
class Sink {
public:
    virtual ~Sink() = default;
    virtual void Take(const Action& action, State&& next, const std::string& text, const Violations& violations) = 0;
    /// Whether `text` is read: making it costs more than the step.
    virtual bool WantsText() const { return false; }
};

/// Hands the successors of one state to a sink, each in the variants in which a delivery is held back.
class Emitter final {
public:
    Emitter(const Scenario& scenario, const State& from, Sink& sink) : scenario_(scenario), from_(from), sink_(sink) {}

    const Scenario& TheScenario() const { return scenario_; }
    const State& From() const { return from_; }
    /// What the step now being made breaks; emptied by Emit.
    Violations& Broken() { return broken_; }

    template <class Text>
    void Emit(Action action, State next, const Text& text) {
        Finish(action, std::move(next), sink_.WantsText() ? std::string(text()) : std::string());
    }

private:
    void Finish(Action action, State next, std::string text);

    const Scenario& scenario_;
    const State& from_;
    Sink& sink_;
    Violations broken_;
};

}  // namespace explorer
