#include "explorer/scenario.hpp"

#include <nlohmann/json.hpp>

#include "api/run_id.hpp"
#include "explorer/objects.hpp"

namespace explorer {
namespace {

constexpr int kListedExitCode = 75;
/// Every delivery may be late.
constexpr int kUnbounded = 100;

nlohmann::json SpecOf(const Choice& choice, const std::string& database) {
    nlohmann::json spec{{"databaseRef", {{"name", database}}},
                        {"image", choice.image},
                        {"command", {"migrate"}},
                        {"version", VersionName(choice.level)}};
    if (!choice.run.empty()) spec["run"] = choice.run;
    if (choice.phase != api::Phase::Expand) spec["phase"] = api::Name(choice.phase);
    if (choice.phase == api::Phase::Contract) spec["minimumVersion"] = VersionName(choice.minimum_level);
    return spec;
}

api::Attempts ThreeAttempts() {
    return {.max = 3, .retry_exit_codes = {kListedExitCode}};
}

}  // namespace

Choice MakeChoice(std::string image, int level, std::string run) {
    Choice choice{.image = std::move(image), .level = level, .run = std::move(run), .key = {}};
    choice.key = api::RunKey(SpecOf(choice, "orders"));
    return choice;
}

Choice MakeContract(std::string image, int level, int minimum_level) {
    Choice choice{.image = std::move(image),
                  .level = level,
                  .run = {},
                  .phase = api::Phase::Contract,
                  .minimum_level = minimum_level,
                  .key = {}};
    choice.key = api::RunKey(SpecOf(choice, "orders"));
    return choice;
}

Choice MakeDown(std::string image, int level) {
    Choice choice{.image = std::move(image), .level = level, .run = {}, .phase = api::Phase::Down, .key = {}};
    choice.key = api::RunKey(SpecOf(choice, "orders"));
    return choice;
}

bool IsInTheWay(const Choice& choice, int level) {
    switch (choice.phase) {
        case api::Phase::Contract:
            return level < choice.minimum_level;
        case api::Phase::Down:
            return level > choice.level;
        case api::Phase::Expand:
            break;
    }
    return false;
}

std::string SpecText(const Choice& choice, const std::string& database, const api::Attempts& attempts) {
    auto spec = SpecOf(choice, database);
    spec["attempts"] = {{"max", attempts.max}, {"retryExitCodes", attempts.retry_exit_codes}};
    return spec.dump();
}

std::vector<Scenario> AllScenarios(double scale) {
    std::vector<Scenario> all;
    // Small purses, which a search can empty on every path, before large ones, of which it sees the short paths.
    const auto add = [&](Scenario scenario, const char* how_much, std::size_t thousands, const Purse& purse) {
        scenario.name += std::string(", ") + how_much;
        scenario.purse = purse;
        scenario.most_states = static_cast<std::size_t>(static_cast<double>(thousands) * 1000 * scale);
        all.push_back(std::move(scenario));
    };
    const Choice second = MakeChoice("orders:2", 2);
    const Choice third = MakeChoice("orders:3", 3);
    const Choice again = MakeChoice("orders:2", 2, "again");

    const Scenario single{.name = "one migration",
                          .choices = {second},
                          .gated_level = 2,
                          .deeds = Deed::Crash | Deed::LoseReply,
                          .is_interleaved = true};
    add(single, "one fault", 150, {.faults = 1, .delays = 1, .failures = 1, .leaps = 1, .ticks = 0});
    add(single, "every store late", 150, {.faults = 1, .delays = kUnbounded, .failures = 1, .leaps = 1, .ticks = 0});

    const Scenario stale{.name = "stale lists",
                         .choices = {second},
                         .gated_level = 2,
                         .deeds = Deed::Crash | Deed::LoseReply | Deed::StaleList};
    add(stale, "one crash", 100, {.faults = 1, .delays = 1, .failures = 0, .leaps = 0, .ticks = 0});
    add(stale, "two crashes", 150, {.faults = 2, .delays = 1, .failures = 1, .leaps = 2, .ticks = 1});

    const Scenario two{.name = "two migrations",
                       .choices = {second, third},
                       .migrations = {0, 1},
                       .gated_level = 3,
                       .deeds = Deed::Crash | Deed::LoseReply | Deed::DeletePod | Deed::DeleteMigration};
    add(two, "one fault", 200, {.faults = 1, .delays = 0, .failures = 1, .leaps = 0, .ticks = 0});

    const Scenario attempts{.name = "three attempts",
                            .choices = {second},
                            .attempts = ThreeAttempts(),
                            .deeds = Deed::Crash | Deed::Retry | Deed::LoseReport | Deed::EvictPod | Deed::LoseReply};
    add(attempts, "two faults", 100, {.faults = 2, .delays = 0, .failures = 1, .leaps = 1, .ticks = 0});
    add(attempts, "three failures", 100, {.faults = 1, .delays = 0, .failures = 3, .leaps = 3, .ticks = 1});

    const Scenario anew{.name = "created anew",
                        .choices = {second},
                        .attempts = ThreeAttempts(),
                        .deeds = Deed::DeleteMigration | Deed::Retry | Deed::Crash};
    add(anew, "one fault", 50, {.faults = 1, .delays = 0, .failures = 1, .leaps = 1, .ticks = 0});
    add(anew, "two faults", 150, {.faults = 2, .delays = 1, .failures = 2, .leaps = 2, .ticks = 0});

    const Scenario flip{.name = "spec there and back",
                        .choices = {second, third, again},
                        .deeds = Deed::EditSpec | Deed::Crash | Deed::Retry | Deed::Suspend};
    add(flip, "one fault", 50, {.faults = 1, .delays = 1, .failures = 0, .leaps = 0, .ticks = 0});
    add(flip, "two faults", 150, {.faults = 2, .delays = 0, .failures = 1, .leaps = 0, .ticks = 0});

    const Scenario evidence{
        .name = "evidence lost",
        .choices = {second},
        .attempts = ThreeAttempts(),
        .gated_level = 2,
        .deeds = Deed::DeletePod | Deed::DeleteJob | Deed::LoseReport | Deed::EvictPod | Deed::Crash};
    add(evidence, "one fault", 100, {.faults = 1, .delays = 0, .failures = 1, .leaps = 1, .ticks = 0});
    add(evidence, "two faults", 150, {.faults = 2, .delays = 1, .failures = 1, .leaps = 2, .ticks = 0});

    const Scenario database{
        .name = "the Database",
        .choices = {second},
        .gated_level = 2,
        .deeds = Deed::SwitchDatabase | Deed::DeleteDatabase | Deed::LoseRecord | Deed::DeleteJob | Deed::Crash};
    add(database, "one fault", 170, {.faults = 1, .delays = 1, .failures = 0, .leaps = 0, .ticks = 0});
    add(database, "two faults", 100, {.faults = 2, .delays = 0, .failures = 1, .leaps = 1, .ticks = 0});

    const Scenario foreign{
        .name = "foreign objects",
        .choices = {second},
        .deeds = Deed::PlantJob | Deed::RefuseJobs | Deed::Leave | Deed::CopyProbe | Deed::Retry | Deed::Stall};
    add(foreign, "two faults", 120, {.faults = 2, .delays = 0, .failures = 1, .leaps = 1, .ticks = 0});

    // An app that goes back and forth around the floor while the contract is prepared.
    const Scenario contract{.name = "contract",
                            .choices = {MakeContract("orders:3", 3, 2)},
                            .start_level = 2,
                            .gated_level = 1,
                            .rollout_levels = {1, 2},
                            .deeds = Deed::RollOut | Deed::Crash | Deed::LoseReply | Deed::Suspend};
    add(contract, "one fault", 80, {.faults = 1, .delays = 1, .failures = 1, .leaps = 3, .ticks = 0});
    add(contract, "three faults", 120, {.faults = 3, .delays = 0, .failures = 0, .leaps = 3, .ticks = 0});
    const Scenario down{.name = "down",
                        .choices = {MakeDown("orders:2", 1)},
                        .start_level = 2,
                        .gated_level = 2,
                        .rollout_levels = {1, 2},
                        .deeds = Deed::RollOut | Deed::Crash | Deed::LoseReply};
    add(down, "one fault", 60, {.faults = 1, .delays = 1, .failures = 1, .leaps = 3, .ticks = 0});
    add(down, "three faults", 120, {.faults = 3, .delays = 0, .failures = 0, .leaps = 3, .ticks = 0});
    return all;
}

}  // namespace explorer
