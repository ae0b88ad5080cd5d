#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "api/migration.hpp"

namespace explorer {

/// What the adversary may do. Each deed is paid from the scenario's purse.
enum class Deed : std::uint32_t {
    Crash = 1U << 0U,            ///< the operator ends anywhere; all its memory is lost
    LoseReply = 1U << 1U,        ///< of a write that was committed, or was not
    EditSpec = 1U << 2U,         ///< another spec of the list, also back
    Retry = 1U << 3U,            ///< a new value of tidegate.io/retry
    Suspend = 1U << 4U,          ///< set, and removed again
    DeleteMigration = 1U << 5U,  ///< and create it again by the same name
    DeleteJob = 1U << 6U,        ///< background, foreground or orphan
    DeletePod = 1U << 7U,        ///< also an ended one: its evidence
    EvictPod = 1U << 8U,
    PlantJob = 1U << 9U,         ///< a foreign Job with the name that ours will have
    SwitchDatabase = 1U << 10U,  ///< the Database's spec leads to another real database
    DeleteDatabase = 1U << 11U,  ///< and create it again by the same name
    LoseRecord = 1U << 12U,      ///< the Database's status is emptied (a restored backup)
    LoseReport = 1U << 13U,      ///< an agent leaves no report
    RefuseJobs = 1U << 14U,      ///< a quota refuses new Jobs, until it does not
    Leave = 1U << 15U,           ///< exit 0 without having migrated; a dirty end
    Stall = 1U << 16U,           ///< time passes while the operator has work to do
    CopyProbe = 1U << 17U,       ///< somebody copies a Job with its labels under another name
    StaleList = 1U << 18U,       ///< with Crash: a store's first list comes from a server that lags behind
    RollOut = 1U << 19U,         ///< the Deployment is applied with another requirement; the request may take a minute
};

constexpr std::uint32_t operator|(Deed a, Deed b) {
    return static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b);
}
constexpr std::uint32_t operator|(std::uint32_t a, Deed b) {
    return a | static_cast<std::uint32_t>(b);
}

/// How much the adversary and chance may do on one path.
struct Purse {
    /// Deeds.
    int faults = 1;
    /// Deliveries to a store that are held back.
    int delays = 1;
    /// Ends of a migration other than success, and launches that never start.
    int failures = 1;
    /// Leaps of the clock to the moment at which the operator wants to look again.
    int leaps = 2;
    /// Single seconds. Times have no fractions: without one, all of a path may have one time stamp.
    int ticks = 1;

    bool operator==(const Purse&) const = default;
};

/// A spec that a Migration may have.
struct Choice {
    std::string image;
    int level = 2;
    std::string run;
    api::Phase phase = api::Phase::Expand;
    /// Of a Contract.
    int minimum_level = 0;
    /// Of the whole spec, by the product's own function.
    std::string key;
};

struct Scenario {
    std::string name;
    std::string ns = "shop";
    /// Of all names of objects: replayed paths share a namespace.
    std::string suffix{};
    std::vector<Choice> choices{};
    /// The choice of each Migration at the start.
    std::vector<int> migrations = {0};
    api::Attempts attempts{};
    int start_level = 1;
    /// A held Deployment requires this level; 0: there is none.
    int gated_level = 0;
    /// What Deed::RollOut makes of it.
    std::vector<int> rollout_levels{};
    std::uint32_t deeds = 0;
    Purse purse;
    /// The world may change between two steps of one pass; else only between passes.
    bool is_interleaved = false;
    /// No store sees anything by itself; else only what the purse pays for is late.
    bool delivers_nothing = false;
    /// The search ends when so many distinct states are known.
    std::size_t most_states = 200'000;
    /// Each state whose fingerprint is divisible by this is followed to its fixed point.
    std::size_t sample = 50;

    std::string DatabaseName() const { return "orders" + suffix; }
    std::string MigrationName(std::size_t slot) const { return (slot == 0 ? "orders" : "orders-b") + suffix; }
    bool May(Deed deed) const { return (deeds & static_cast<std::uint32_t>(deed)) != 0; }
};

/// With the run key filled in.
Choice MakeChoice(std::string image, int level, std::string run = {});
/// As a Contract, or a Down.
Choice MakeContract(std::string image, int level, int minimum_level);
Choice MakeDown(std::string image, int level);
/// What needs this level is in the way of the choice.
bool IsInTheWay(const Choice& choice, int level);

/// The spec of a choice as a user writes it.
std::string SpecText(const Choice& choice, const std::string& database, const api::Attempts& attempts);

/// All that a run explores, in order. `scale` multiplies the number of states.
std::vector<Scenario> AllScenarios(double scale = 1);

}  // namespace explorer
