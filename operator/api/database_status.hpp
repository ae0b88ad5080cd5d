#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "api/conditions.hpp"
#include "api/phase.hpp"
#include "core/time.hpp"
#include "core/uid.hpp"
#include "version/reading.hpp"

/// What the operator knows of a database: the newest reading of its version table, the record of all runs, and the
/// range of versions that workloads may need. Written by the database controller alone.
namespace api {

/// How a run stands in the record.
enum class RunOutcome {
    Active,        ///< intent written; its Job exists or is about to be created
    Succeeded,     ///< proven in the database (or exit 0 and clean where no version is asked for)
    Failed,        ///< its migration container ran and the version was not proven
    NeverStarted,  ///< its migration container provably never ran
};

/// One run key in the record. It survives a re-created Migration, so that coming back to a key runs nothing.
struct RunRecord {
    std::string key;
    std::string migration;
    core::Uid migration_uid;
    std::string image;
    std::string version;
    RunOutcome outcome = RunOutcome::Active;
    std::string reason;
    std::string message;
    /// Launches whose migration container started.
    int attempts = 0;
    /// The number of the newest launch; monotonic, part of the Job's name.
    int launches = 0;
    std::string job_name;
    std::optional<core::Time> start_time, completion_time;
    /// Values of tidegate.io/retry that launches have used up, the newest first: they grant nothing more, whichever
    /// Migration with this key carries them, also one that is created anew.
    std::vector<std::string> retry_tokens;
    /// Failed, and attempted again by itself at this time.
    std::optional<core::Time> retry_time;
    /// The Migration's requester when the newest launch was intended; empty: unknown.
    std::string requested_by;
    /// Of the spec that it runs: what a Down proves is another thing than what brings a version.
    Phase phase = Phase::Expand;

    bool operator==(const RunRecord&) const = default;
};

/// An end of the range of versions that requirements may name: the floor that a Contract raises, the ceiling that a
/// Down lowers.
struct Bound {
    std::string version;
    /// Who set it, and the run key that it was set for; the key is empty once it went back to what it was before.
    std::string migration;
    std::string key;
    /// When it was set. With the version it tells one bound from the next.
    core::Time time;
    /// A quorum read showed the Ledger without what lies outside. nullopt: not yet.
    std::optional<core::Time> wait_start;
    /// The migration container of that run never started: until it does, the bound goes back if the run is given up.
    bool provisional = false;
    /// What it goes back to; empty: to none.
    std::string previous_version, previous_migration;

    bool operator==(const Bound&) const = default;
};

/// A requirement string that was proven, and when.
struct ReachedRequirement {
    std::string requirement;
    core::Time time;

    bool operator==(const ReachedRequirement&) const = default;
};

/// The newest probe. Its number is part of its Job's name, so it is written before the Job is created.
struct ProbeRecord {
    int launch = 0;
    std::int64_t observed_generation = 0;
    std::string job_name;
    /// completion_time: its result, a reading or a reason, is recorded.
    std::optional<core::Time> start_time, completion_time;
    /// Why the newest probe gave no reading, and what to do; empty when it did or still runs without trouble.
    std::string reason;
    std::string message;

    bool operator==(const ProbeRecord&) const = default;
};

struct DatabaseStatus {
    std::int64_t observed_generation = -1;
    std::vector<Condition> conditions;
    /// The history table's current version, several heads joined by a comma; empty before the first migration.
    std::string version;
    bool dirty = false;
    /// Of that reading, as in version::Reading: what mending the database takes.
    std::string dirty_detail, half_done;
    std::optional<version::ToolLock> tool_lock;
    /// When the reading in `version` and `dirty` was recorded; nullopt: never read.
    std::optional<core::Time> verified_time;
    /// The generation of the spec that the reading was taken with. A reading of another generation proves nothing.
    std::int64_t verified_generation = 0;
    /// The Job that took the reading. Readings are ordered by the creation of their Jobs.
    std::string verified_by;
    std::optional<core::Time> verified_by_created;
    /// "<system identifier>/<database oid>": another identity is another database and voids what was proven.
    std::string identity;
    /// When another database was found in its place although the spec had not changed: runs of before say nothing of
    /// it.
    std::optional<core::Time> identity_since;
    /// The server lets sessions ask it to end them when their client is gone (AgentReport::connection_check).
    bool connection_check = false;
    /// A run is active: the keep-running policy refuses a DELETE.
    bool active = false;
    /// nullopt: no version is too old, or too new.
    std::optional<Bound> floor, ceiling;
    std::vector<ReachedRequirement> reached;
    ProbeRecord probe;
    std::vector<RunRecord> runs;

    bool operator==(const DatabaseStatus&) const = default;
};

/// Newest runs kept, besides every key that a Migration still names: keeps an object near 10 kB.
inline constexpr std::size_t kKeptRuns = 50;
/// Newest proven requirement strings kept per Database.
inline constexpr std::size_t kKeptReached = 200;

/// `status` of a Database object; null: there is none yet.
DatabaseStatus ParseDatabaseStatus(const nlohmann::json* status);
nlohmann::json PrintDatabaseStatus(const DatabaseStatus& status);

const RunRecord* FindRun(const DatabaseStatus& status, std::string_view key);

}  // namespace api
