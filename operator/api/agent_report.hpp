#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"
#include "version/reading.hpp"

namespace api {

/// Why the agent ended without doing what it was started for. A closed list: each is API for conditions and documents.
namespace agent_error {
/// No connection: refused, no route, unknown host, timed out, or the server is starting or shutting down.
inline constexpr std::string_view kUnreachable = "Unreachable";
/// Wrong password or role, or pg_hba.conf does not let it in.
inline constexpr std::string_view kAuthenticationFailed = "AuthenticationFailed";
inline constexpr std::string_view kDatabaseDoesNotExist = "DatabaseDoesNotExist";
inline constexpr std::string_view kTlsFailed = "TlsFailed";
/// A pooler is between: advisory locks would not be ours.
inline constexpr std::string_view kPoolerRefused = "PoolerRefused";
/// A read-only standby: it can be behind.
inline constexpr std::string_view kStandbyRefused = "StandbyRefused";
inline constexpr std::string_view kInsufficientPrivilege = "InsufficientPrivilege";
/// Somebody holds a lock on the history table; try again later.
inline constexpr std::string_view kBusy = "Busy";
/// The agent's environment is incomplete or wrong: a missing variable, an unknown tool, a URI that libpq cannot read.
inline constexpr std::string_view kBadConfiguration = "BadConfiguration";
/// Any other answer of the server.
inline constexpr std::string_view kQueryFailed = "QueryFailed";
}  // namespace agent_error

enum class AgentPhase {
    /// Not (yet) holding the fence: `waiting_for` says who does, or nothing could be asked yet.
    Waiting,
    /// Holds the fence; the migration container may run. Seen as the last word only of an agent that was killed.
    Holding,
    /// Ended in order: `after` is what the database said when the migration container had ended (probe: the reading).
    Done,
    /// Ended with `error`. `before` may still be there.
    Refused,
};

std::string_view Name(AgentPhase phase);

/// What `tidegate-agent` says to the operator: one JSON line, the termination message of its container.
///
/// Written by the agent, which alone sees the database; read from the pod's status by the operator. Holds no part of a
/// credential. Reports of newer agents stay readable: fields that are not known here are ignored.
struct AgentReport {
    struct Holder {
        /// Of the server process that holds the fence or wears a tag of ours; 0 when there is none any more and only
        /// the quiet time is waited for.
        int pid = 0;
        /// "tidegate/<uid of the Job>" when it is one of ours.
        std::string application_name;
        /// When that session began; nullopt when the role may not see it.
        std::optional<core::Time> since;

        bool operator==(const Holder&) const = default;
    };
    struct Error {
        /// One of agent_error.
        std::string reason;
        /// One line for people: what happened and what to do.
        std::string message;

        bool operator==(const Error&) const = default;
    };

    /// A session that the migration waited for.
    struct Blocker {
        /// 0: a prepared transaction, which no process has.
        int pid = 0;
        std::string application_name;
        /// As in pg_stat_activity; empty when the role may not see it.
        std::string state;
        /// How long its transaction has been open; nullopt when the role may not see it, or when it has none.
        std::optional<std::chrono::seconds> age;

        bool operator==(const Blocker&) const = default;
    };
    /// What was seen of lock waits while the migration ran. Looked at each second: a wait that lies between two looks
    /// is not in it. Of sessions that carry the run's tag; of others nobody can know.
    struct Locks {
        /// The longest that the migration waited for others, and others for it; rounded up.
        std::chrono::seconds longest_wait{0}, longest_blocking{0};
        /// How often the agent cancelled a statement of the migration that waited with others waiting behind it.
        int cancels = 0;
        /// Whom the migration waited for when it was last seen to wait: at most kMostBlockers.
        std::vector<Blocker> blockers;

        bool operator==(const Locks&) const = default;
    };

    AgentPhase phase = AgentPhase::Waiting;
    /// As in TIDEGATE_TOOL; empty when it could not be understood.
    std::string tool;
    /// "<system identifier>/<oid of the database>"; "-" for a system identifier that the role may not read. Tells one
    /// database from a copy of it. Empty when never connected.
    std::string identity;
    /// The server takes client_connection_check_interval from a session, tried by the agent as the role that it has.
    bool connection_check = false;
    std::optional<version::Reading> before;
    std::optional<version::Reading> after;
    std::optional<Holder> waiting_for;
    std::optional<Error> error;
    /// nullopt: nobody has looked.
    std::optional<Locks> locks;
    /// How often the connection that held the fence was lost and the fence taken again.
    int fence_lost = 0;
    std::optional<core::Time> start_time;
    /// The fence was taken.
    std::optional<core::Time> fence_time;
    std::optional<core::Time> end_time;

    bool operator==(const AgentReport&) const = default;
};

/// A pod's termination messages share 12 KiB, so that 2 KiB are never cut with up to six containers; one message may
/// have 4 KiB at most.
inline constexpr std::size_t kReportLimit = 2048;
inline constexpr std::size_t kTerminationMessageLimit = 4096;
/// Of Locks::blockers: a reader acts on the first, and the report is small.
inline constexpr std::size_t kMostBlockers = 3;

/// One line of JSON without a newline, at most `limit` bytes (no less than 1024): first texts are shortened, then lists
/// cut (Reading::truncated says so). What is not UTF-8 becomes U+FFFD.
std::string Print(const AgentReport& report, std::size_t limit = kReportLimit);

/// `server process 4711 ("billing", idle in transaction, its transaction open for 3h)`; names are cut.
std::string Describe(const AgentReport::Blocker& blocker);

/// `server process 4711 ("billing")`, with what else is known of it in the brackets; the name is cut.
std::string DescribeServerProcess(int pid, const std::string& application_name, const std::string& details = {});

/// nullopt for anything that is not such a report: no JSON, another schema version, a wrong type, more than 4 KiB.
/// Never throws. White space around it (a newline at the end) is fine.
std::optional<AgentReport> ParseAgentReport(std::string_view text);

}  // namespace api
