#pragma once

#include <map>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "control_plane/replay/real_cluster.hpp"
#include "control_plane/replay/real_operator.hpp"
#include "explorer/model.hpp"
#include "explorer/scenario.hpp"
#include "explorer/state.hpp"
#include "explorer/transition.hpp"

namespace replay {

/// Walks one random path of the explorer's model and does the same on the real control plane: the operator's own
/// controllers make its passes, the Job controller and the garbage collector are the real ones, the test is user, node
/// and adversary. After each step the objects of both must agree.
///
/// Identities and times that the API server gives are taken over into the model; they are inputs of the decisions, not
/// what is compared.
class Replayer final {
public:
    struct Result {
        int steps = 0;
        /// Empty: all agreed.
        std::string disagreement;
        explorer::Violations broken;
        std::vector<std::string> path;
    };

    Replayer(explorer::Scenario scenario, std::uint64_t seed);

    Result Walk(int steps);

private:
    using Action = explorer::Action;
    struct Step {
        Action action;
        explorer::State next;
        std::string text;
        explorer::Violations broken;
    };

    std::vector<Step> PossibleSteps() const;
    bool DoRandomStep();
    void FinishPass(explorer::State& state);
    bool WritesAreSeen() const;
    /// The Job controller and the garbage collector act at once.
    void LetControllersAct(explorer::State& state);
    /// Stores that were up to date stay so, but for some.
    void DeliverSome(const explorer::State& before, explorer::State& after);
    /// The same on the API server. May fill identities into `after`.
    void Do(const Action& action, const explorer::State& before, explorer::State& after);
    void DoByUser(const Action& action, const explorer::State& before, explorer::State& after);
    void DoByNode(const explorer::Pod& before, const explorer::State& after);
    bool DeploymentIsSettled();
    bool Agree(const explorer::State& state, std::string& difference) const;
    /// What the API server decided becomes part of the model.
    void TakeOver(explorer::State& state);
    /// The operator's stores show what the model's show.
    void FillStores(const explorer::State& state);
    void CleanUp();

    core::ObjectKey RealPod(const explorer::Pod& pod) const;
    core::Uid RealUid(const core::Uid& uid) const;
    template <class Object, class Facts>
    void Fill(explorer::Kind kind, const explorer::History<Object>& history, runtime::Store<Facts>& store);
    template <class Object, class Facts>
    void Note(explorer::Kind kind, const explorer::History<Object>& history, const runtime::Store<Facts>& store);

    const explorer::Scenario scenario_;
    const std::string ns_;
    RealCluster& cluster_;
    RealOperator operator_;
    std::mt19937_64 random_;
    explorer::State state_;
    Result result_;
    core::Revision settled_deployment_;

    /// The model's UID -> the real one.
    std::map<std::string, std::string> uids_;
    /// Kind, name, revision in the model -> real revision.
    std::map<std::tuple<explorer::Kind, std::string, std::uint64_t>, core::Revision> revisions_;
    /// Kind, revision of a snapshot in the model -> what a real store has seen then.
    std::map<std::pair<explorer::Kind, std::uint64_t>, core::Revision> seen_;
};

}  // namespace replay
