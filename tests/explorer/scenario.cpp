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

std::string SpecText(const Choice& choice, const std::string& database, const api::Attempts& attempts) {
    auto spec = SpecOf(choice, database);
    spec["attempts"] = {{"max", attempts.max}, {"retryExitCodes", attempts.retry_exit_codes}};
    return spec.dump();
}

std::vector<Scenario> AllScenarios(double scale) {
    std::vector<Scenario> all;
    const auto add = [&](Scenario scenario, std::size_t thousands) {
        scenario.most_states = static_cast<std::size_t>(static_cast<double>(thousands) * 1000 * scale);
        all.push_back(std::move(scenario));
    };
    const Choice second = MakeChoice("orders:2", 2);
    const Choice third = MakeChoice("orders:3", 3);
    const Choice again = MakeChoice("orders:2", 2, "again");

    add({.name = "one migration, every store late",
         .choices = {second},
         .gated_level = 2,
         .deeds = Deed::Crash | Deed::LoseReply,
         .purse = {.faults = 1, .delays = kUnbounded, .failures = 1, .leaps = 1, .ticks = 0},
         .is_interleaved = true},
        150);
    add({.name = "crashes and stale lists",
         .choices = {second},
         .gated_level = 2,
         .deeds = Deed::Crash | Deed::LoseReply | Deed::StaleList,
         .purse = {.faults = 2, .delays = 1, .failures = 1, .leaps = 2, .ticks = 1}},
        150);
    add({.name = "two migrations of one database",
         .choices = {second, third},
         .migrations = {0, 1},
         .gated_level = 3,
         .deeds = Deed::Crash | Deed::LoseReply | Deed::DeletePod | Deed::DeleteMigration,
         .purse = {.faults = 1, .delays = 1, .failures = 1, .leaps = 2, .ticks = 0}},
        150);
    add({.name = "three attempts",
         .choices = {second},
         .attempts = ThreeAttempts(),
         .deeds = Deed::Crash | Deed::Retry | Deed::LoseReport | Deed::EvictPod | Deed::LoseReply,
         .purse = {.faults = 2, .delays = 0, .failures = 3, .leaps = 4, .ticks = 0}},
        150);
    add({.name = "deleted and created anew",
         .choices = {second},
         .attempts = ThreeAttempts(),
         .deeds = Deed::DeleteMigration | Deed::Retry | Deed::Crash,
         .purse = {.faults = 2, .delays = 2, .failures = 2, .leaps = 2, .ticks = 1}},
        150);
    add({.name = "spec changed there and back",
         .choices = {second, third, again},
         .deeds = Deed::EditSpec | Deed::Crash | Deed::Retry | Deed::Suspend,
         .purse = {.faults = 3, .delays = 1, .failures = 1, .leaps = 1, .ticks = 0}},
        150);
    add({.name = "evidence lost",
         .choices = {second},
         .attempts = ThreeAttempts(),
         .gated_level = 2,
         .deeds = Deed::DeletePod | Deed::DeleteJob | Deed::LoseReport | Deed::EvictPod | Deed::Crash,
         .purse = {.faults = 2, .delays = 1, .failures = 1, .leaps = 3, .ticks = 1}},
        150);
    add({.name = "the Database changed, lost, created anew",
         .choices = {second},
         .gated_level = 2,
         .deeds = Deed::SwitchDatabase | Deed::DeleteDatabase | Deed::LoseRecord | Deed::DeleteJob | Deed::Crash,
         .purse = {.faults = 2, .delays = 1, .failures = 1, .leaps = 2, .ticks = 1}},
        150);
    add({.name = "foreign objects, refusals, wrong ends",
         .choices = {second},
         .deeds = Deed::PlantJob | Deed::RefuseJobs | Deed::Leave | Deed::CopyProbe | Deed::Retry | Deed::Stall,
         .purse = {.faults = 2, .delays = 1, .failures = 1, .leaps = 3, .ticks = 0}},
        150);
    return all;
}

}  // namespace explorer
