#pragma once

#include <string>

#include "control_plane/gate/gate_fixture.hpp"

namespace gate {

/// What JobState() says of a Job that its user suspended.
inline constexpr char kSuspendedByItsUser[] = "suspended by its user";

/// The same for Jobs, with the real Job and CronJob controllers.
class JobFixture : public GateFixture {
protected:
    std::string JobState(const std::string& job) const;
    static std::string JobStateOf(const nlohmann::json& job);
    /// kubectl apply, and the state afterwards.
    std::string Apply(const support::JobBuilder& job) const;
    /// kubectl patch, and the state afterwards.
    std::string Patch(const std::string& job, const nlohmann::json& patch) const;
    bool HasPods(const std::string& job) const;
    /// The Job controller has seen that the Job is suspended.
    testing::AssertionResult IsSeenSuspended(const std::string& job) const;
    testing::AssertionResult MakesAPod(const std::string& job) const;
};

}  // namespace gate
