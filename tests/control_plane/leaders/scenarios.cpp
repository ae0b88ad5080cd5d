#include "control_plane/leaders/scenarios.hpp"

namespace test {

const std::vector<Scenario>& Scenarios() {
    static const std::vector<Scenario> scenarios = [] {
        auto all = ScenariosOfTheLease();
        for (auto* const more : {ScenariosOfSleep, ScenariosOfEnds}) {
            for (const auto& scenario : more())
                all.push_back(scenario);
        }
        return all;
    }();
    return scenarios;
}

}  // namespace test
