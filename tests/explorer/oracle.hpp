#pragma once

#include <string>

#include "explorer/scenario.hpp"
#include "explorer/state.hpp"
#include "explorer/transition.hpp"

/// What must hold at each write of the operator and at each event of the world, judged by the truth alone. The numbers
/// are those of the invariants: I1 one Job per launch, I2 one migration container per database, I3 no Job beside an
/// earlier run, I4 Ready only when proven, I5 gates open only when proven, I6 no run that nobody allowed, I9 nobody
/// else's objects, I10 nothing that needs less than a Contract leaves, or more than a Down leaves, is open from the
/// intent of its launch on, however late a request that was judged before comes. I7 (a fixed point, the right one) is
/// in settle.hpp.
namespace explorer {

class Oracle final {
public:
    Oracle(const Scenario& scenario, State& state, Violations& broken)
        : scenario_(scenario), state_(state), broken_(broken) {}

    // Before the write is made.
    void JobIsCreated(const Job& job);
    void DatabaseIsWritten(const Database& before, const api::DatabaseStatus& after);
    void MigrationIsWritten(const Migration& before, const api::MigrationStatus& after);
    void JobIsSuspended(const Job& job);
    void JobIsDeleted(const Job& job);
    void PodIsDeleted(const Pod& pod);
    void LedgerIsWritten(const std::vector<std::string>& satisfied);
    void WorkloadIsReleased(const Deployment& deployment);
    /// By a request that the policies let through.
    void WorkloadOpens(const Deployment& deployment);

    // After the world moved.
    void ContainerBegan(const Pod& pod);
    /// `exit_code` as the kubelet saw it.
    void ContainerEnded(const Pod& pod, int exit_code);
    /// Its launch ended before the container began.
    void LaunchWasEnded(const Pod& pod);
    void RecordIsLost();
    void DatabaseIsSwitched();
    void JobIsGone(const Job& job);

    void Break(std::string invariant, std::string words) {
        broken_.push_back({std::move(invariant), std::move(words)});
    }

private:
    KeyFacts* FactsOf(int choice) { return choice < 0 ? nullptr : &state_.keys[static_cast<std::size_t>(choice)]; }
    /// nullptr for a pod that does not count: it is in a database to which the Database does not lead any more, or its
    /// Job and the record of its run are both gone.
    KeyFacts* FactsOf(const Pod& pod);
    int ChoiceOf(std::string_view key) const;
    /// Of the real database that the operator believes to speak of.
    const Instance& SeenInstance() const;
    bool IsProven(std::string_view version) const;
    /// The choice of a run that was intended, or has begun, and to which what the text requires is in the way.
    const Choice* FindThatIsInTheWayOf(const std::string& requires_text, const api::DatabaseStatus& status) const;

    const Scenario& scenario_;
    State& state_;
    Violations& broken_;
};

}  // namespace explorer
