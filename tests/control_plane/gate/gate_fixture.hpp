#pragma once

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/builders.hpp"
#include "support/eventually.hpp"
#include "support/kubectl.hpp"
#include "support/namespace.hpp"
#include "support/node.hpp"

/// The product's own policies, as the chart renders them, on a real API server with the real Deployment and ReplicaSet
/// controllers. What is asked is what a user sees.
namespace gate {

/// What State() says of a Deployment; anything else it says in words of its own.
inline constexpr char kUntouched[] = "untouched";
inline constexpr char kHeld[] = "held";
/// Held while the rollout before was half done.
inline constexpr char kHeldMidRollout[] = "held mid rollout";
inline constexpr char kOpen[] = "open";
inline constexpr char kPausedByItsUser[] = "paused by its user";

class GateFixture : public testing::Test {
protected:
    std::string State(const std::string& deployment) const;
    /// kubectl apply, and the state afterwards.
    std::string Apply(const support::DeploymentBuilder& deployment) const;
    /// Writes the Ledger, and returns when the policies see it.
    void Satisfy(const std::vector<std::string>& requirements);
    /// Deletes the Ledger, and returns when the policies miss it.
    void RemoveLedger();
    /// Plays the node until the rollout is through; false with kubectl's words when it is not.
    testing::AssertionResult RollsOut(const std::string& deployment, int replicas = 2) const;

    /// The API server runs policies in an order of its own, another one after each change of any policy. Each round
    /// changes one, and sees by what it does that the change, and with it a new order, is in effect; `round` is called
    /// with a mark of its own.
    void InSeveralOrdersOfPolicies(const std::function<void(const std::string& mark)>& round);

    support::Namespace namespace_;
    support::Kubectl kubectl_{namespace_.Name()};
    support::Node node_{kubectl_};

private:
    bool Opens(const std::string& requirement) const;

    int ledgers_ = 0;
};

}  // namespace gate
