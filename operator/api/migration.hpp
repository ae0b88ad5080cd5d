#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "api/conditions.hpp"
#include "api/phase.hpp"
#include "core/object_key.hpp"
#include "core/revision.hpp"
#include "core/time.hpp"
#include "core/uid.hpp"

namespace api {

/// How often, and when, a failed run is attempted again.
struct Attempts {
    int max = 1;
    std::chrono::seconds backoff{10};
    std::chrono::seconds max_backoff{360};
    std::vector<int> retry_exit_codes;

    bool operator==(const Attempts&) const = default;
};

/// What decisions read of Migration.spec. env, volumes and the like are not here: they would fill the stores, and the
/// Migration is read live when its Job is built. `run_key` stands for them.
struct MigrationSpec {
    std::string database;
    /// Decoded: a comma, which the spec writes as %2C, is a comma here.
    std::string version;
    /// Older versions that this one contains, decoded.
    std::vector<std::string> includes;
    std::string image;
    Phase phase = Phase::Expand;
    /// Of a Contract: what everybody who uses the schema has to need at least; decoded.
    std::string minimum_version;
    /// A free token: a new value runs again, also what the database has already.
    std::string run;
    bool suspend = false;
    bool log_tail = true;
    std::chrono::seconds start_deadline{600};
    std::chrono::seconds active_deadline{3600};
    std::size_t history_limit = 10;
    Attempts attempts;

    bool operator==(const MigrationSpec&) const = default;
};

/// The run that Migration.status shows.
struct RunStatus {
    std::string key;
    int launch = 0;
    int attempt = 0;
    std::string job_name;
    bool active = false;
    std::string image;
    std::string version;
    std::optional<core::Time> start_time;
    std::vector<std::string> waiting_for;

    bool operator==(const RunStatus&) const = default;
};

/// One ended launch, newest first in status.history.
struct HistoryEntry {
    std::string key;
    int launch = 0;
    int attempt = 0;
    std::string job_name;
    std::string image;
    std::string image_id;
    std::optional<std::string> version_before, version_after;
    std::optional<core::Time> start_time, completion_time;
    std::optional<int> exit_code;
    std::optional<int> signal;
    /// The longest that the migration waited for a lock of others, and others for one of the migration; nullopt: nobody
    /// has looked.
    std::optional<std::chrono::seconds> longest_lock_wait, longest_blocking;
    std::string reason;
    std::string message;
    std::string log_tail;
    /// Who had asked for it when it was begun; empty: unknown.
    std::string requested_by;

    bool operator==(const HistoryEntry&) const = default;
};

struct MigrationStatus {
    std::int64_t observed_generation = -1;
    std::vector<Condition> conditions;
    std::optional<RunStatus> run;
    /// Of the history only what decisions read: how long it is and which launch its newest entry records.
    std::size_t history_size = 0;
    std::string newest_key;
    int newest_launch = 0;
    /// Positions of the entries that hold a log tail.
    std::vector<std::size_t> log_tails;

    bool operator==(const MigrationStatus&) const = default;
};

struct Migration {
    core::ObjectKey key;
    core::Uid uid;
    core::Revision revision;
    std::int64_t generation = 0;
    bool deleting = false;
    core::Time created;
    std::string run_key;
    /// Value of the annotation tidegate.io/retry.
    std::string retry_token;
    /// Value of the annotation tidegate.io/requested-by.
    std::string requested_by;
    MigrationSpec spec;
    MigrationStatus status;

    bool operator==(const Migration&) const = default;
};

/// Longest name of a user that is kept, bytes: as long as a name in Kubernetes. Identity providers set no limit.
inline constexpr std::size_t kLongestRequester = 253;
/// Longest log tail kept in a history entry, bytes (DESIGN section 4).
inline constexpr std::size_t kLongestLogTail = 1024;
/// Newest failures whose tail is kept: keeps an object near 10 kB.
inline constexpr std::size_t kKeptLogTails = 3;

Migration ParseMigration(const nlohmann::json& object);
nlohmann::json PrintRunStatus(const RunStatus& run);
nlohmann::json PrintHistoryEntry(const HistoryEntry& entry);

}  // namespace api
