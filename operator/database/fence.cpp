#include "database/fence.hpp"

#include <charconv>
#include <chrono>

namespace database {
namespace {

/// "MIGR" in ASCII, and 1 for schema migrations. A constant: anything taken from a cluster would give two clusters two
/// keys.
const Parameters kKey{std::to_string(0x4D494752), "1"};

constexpr const char* kTryLock = "SELECT pg_catalog.pg_try_advisory_lock($1::pg_catalog.int4, $2::pg_catalog.int4)";
constexpr const char* kUnlock = "SELECT pg_catalog.pg_advisory_unlock($1::pg_catalog.int4, $2::pg_catalog.int4)";

/// Who holds the fence (objsubid 2: a key of two integers), then who else wears a tag of a run.
constexpr const char* kInTheWay = R"(
SELECT l.pid, a.application_name, pg_catalog.floor(EXTRACT(EPOCH FROM a.backend_start))::pg_catalog.int8, true,
  pg_catalog.host(a.client_addr)
FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $1::pg_catalog.oid AND l.objid = $2::pg_catalog.oid AND l.objsubid = 2
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
  AND l.pid <> pg_catalog.pg_backend_pid()
UNION ALL
(SELECT pid, application_name, pg_catalog.floor(EXTRACT(EPOCH FROM backend_start))::pg_catalog.int8, false,
  pg_catalog.host(client_addr)
FROM pg_catalog.pg_stat_activity
WHERE datname = pg_catalog.current_database() AND application_name LIKE 'tidegate/%'
  AND pid <> pg_catalog.pg_backend_pid()
LIMIT 1))";

/// stats_reset moves when the server recovers from the crash of one of its processes: that ends all sessions, and frees
/// all locks, without a new start time.
constexpr const char* kSurroundings = R"(
SELECT pg_catalog.floor(EXTRACT(EPOCH FROM pg_catalog.clock_timestamp() - GREATEST(pg_catalog.pg_postmaster_start_time(),
         (SELECT stats_reset FROM pg_catalog.pg_stat_bgwriter))))::pg_catalog.int8,
       EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database()
               AND usename = current_user AND pid <> pg_catalog.pg_backend_pid()
               AND application_name NOT LIKE 'tidegate%'))";

std::optional<long> Number(const std::optional<std::string>& text) {
    long value = 0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc{})
        return std::nullopt;
    return value;
}

Fence::Holder HolderFrom(const Row& row) {
    Fence::Holder holder{.pid = static_cast<int>(Number(row.at(0)).value_or(0)),
                         .application_name = row.at(1).value_or(""),
                         .has_lock = row.at(3) == "t",
                         .client = row.at(4).value_or("")};
    if (const auto since = Number(row.at(2))) holder.since = core::Time{std::chrono::seconds{*since}};
    return holder;
}

}  // namespace

Fence::Fence(std::string tag, FenceRule::Role role, bool driver_carries_tag, FenceTiming timing)
    : tag_{std::move(tag)}, rule_{role, driver_carries_tag, timing} {}

FenceSighting Fence::Look(Connection& connection) {
    FenceSighting sighting;
    in_the_way_.reset();
    for (const Row& row : connection.Query(kInTheWay, kKey)) {
        const bool holds = row.at(3) == "t";
        (holds ? sighting.held : sighting.tagged) = true;
        if (!in_the_way_ || holds) in_the_way_ = HolderFrom(row);
    }
    const Row row = connection.Query(kSurroundings).at(0);
    sighting.server_age = std::chrono::seconds{Number(row.at(0)).value_or(0)};
    sighting.same_role = row.at(1) == "t";
    return sighting;
}

bool Fence::Poll(Connection& connection) {
    if (held_) return true;
    if (rule_.Observe(Look(connection), std::chrono::steady_clock::now()) == FenceRule::Move::Wait) return false;
    if (connection.Query(kTryLock, kKey).at(0).at(0) != "t") {
        rule_.Lost();
        return false;
    }
    // An incumbent may have come back between the look and the lock: its tag is there before it asks for the lock.
    if (rule_.Observe(Look(connection), std::chrono::steady_clock::now()) == FenceRule::Move::Wait) {
        connection.Query(kUnlock, kKey);
        return false;
    }
    connection.Rename(tag_);
    held_ = true;
    in_the_way_.reset();
    return true;
}

void Fence::Release(Connection& connection) {
    if (!held_) return;
    connection.Query(kUnlock, kKey);
    held_ = false;
}

void Fence::Disconnected(FenceRule::Role role) {
    held_ = false;
    rule_.Blind(role);
}

}  // namespace database
