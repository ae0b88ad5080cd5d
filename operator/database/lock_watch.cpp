#include "database/lock_watch.hpp"

#include <charconv>

namespace database {
namespace {

/// One row for each pair of a session that waits and one that it waits for. Roles without pg_read_all_stats see pid,
/// name and locks of other roles' sessions; the rest of them is NULL.
///
/// Candidates are found by the locks alone: a session can only wait for the migration over a lock that the migration
/// has or wants. to_jsonb: waitstart is a column of PostgreSQL 14.
constexpr const char* kLook = R"(
WITH held AS MATERIALIZED (
  SELECT l.*, coalesce(a.application_name = $1, false) AND a.pid <> pg_catalog.pg_backend_pid() AS own
  FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
  WHERE a.datname = pg_catalog.current_database()),
waiting AS MATERIALIZED (
  SELECT w.pid, w.own, (pg_catalog.to_jsonb(w) ->> 'waitstart')::pg_catalog.timestamptz AS since
  FROM held w
  WHERE NOT w.granted AND (w.own OR EXISTS (
    SELECT FROM held o WHERE o.own
      AND (o.locktype, o.database, o.relation, o.page, o.tuple, o.virtualxid, o.transactionid, o.classid, o.objid, o.objsubid)
        IS NOT DISTINCT FROM
          (w.locktype, w.database, w.relation, w.page, w.tuple, w.virtualxid, w.transactionid, w.classid, w.objid, w.objsubid)))
  ORDER BY w.own DESC, since
  LIMIT 100),
pairs AS MATERIALIZED (
  SELECT DISTINCT w.own, w.since, w.pid, b.pid AS blocker
  FROM waiting w CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) b(pid))
SELECT p.own, pg_catalog.floor(EXTRACT(EPOCH FROM pg_catalog.clock_timestamp() - p.since) * 1000)::pg_catalog.int8,
  p.pid, a.application_name, a.state,
  pg_catalog.floor(EXTRACT(EPOCH FROM pg_catalog.clock_timestamp() - a.xact_start))::pg_catalog.int8,
  a.backend_start::pg_catalog.text,
  p.blocker, b.application_name, b.state,
  pg_catalog.floor(EXTRACT(EPOCH FROM pg_catalog.clock_timestamp() - b.xact_start))::pg_catalog.int8,
  b.backend_start::pg_catalog.text
FROM pairs p JOIN pg_catalog.pg_stat_activity a ON a.pid = p.pid
  LEFT JOIN pg_catalog.pg_stat_activity b ON b.pid = p.blocker
WHERE p.own OR (b.application_name = $1 AND b.pid <> pg_catalog.pg_backend_pid())
ORDER BY p.own DESC, p.since, p.pid, b.xact_start)";

/// The conditions are what makes it the same session in the same trouble: between look and cancel it may have got its
/// lock, ended, or left its pid to somebody else.
constexpr const char* kCancel = R"(
WITH own AS MATERIALIZED (
  SELECT pid FROM pg_catalog.pg_stat_activity
  WHERE pid = $1::pg_catalog.int4 AND application_name = $2 AND backend_start::pg_catalog.text = $3
    AND pid <> pg_catalog.pg_backend_pid()
    AND EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid = $1::pg_catalog.int4 AND NOT l.granted))
SELECT pg_catalog.pg_cancel_backend(pid) FROM own)";

std::optional<long> Number(const std::optional<std::string>& text) {
    long value = 0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc{})
        return std::nullopt;
    return value;
}

LockSession SessionFrom(const Row& row, std::size_t first) {
    LockSession session{.pid = static_cast<int>(Number(row.at(first)).value_or(0)),
                        .application_name = row.at(first + 1).value_or(""),
                        .state = row.at(first + 2).value_or(""),
                        .age = std::nullopt,
                        .started = row.at(first + 4).value_or("")};
    if (const auto age = Number(row.at(first + 3))) session.age = std::chrono::seconds{*age};
    return session;
}

}  // namespace

LockWatch::LockWatch(std::string tag) : tag_{std::move(tag)} {}

LockLook LockWatch::Look(Session& session) const {
    constexpr std::size_t kWaiting = 2;
    constexpr std::size_t kBlocker = 7;
    LockLook look;
    for (const Row& row : session.Query(kLook, {tag_})) {
        auto& waits = row.at(0) == "t" ? look.own : look.others;
        LockSession waiting = SessionFrom(row, kWaiting);
        if (waits.empty() || waits.back().session.pid != waiting.pid) {
            LockWait& wait = waits.emplace_back();
            if (const auto waited = Number(row.at(1))) wait.waited = std::chrono::milliseconds{*waited};
            wait.session = std::move(waiting);
        }
        waits.back().blockers.push_back(SessionFrom(row, kBlocker));
    }
    return look;
}

bool LockWatch::Cancel(Session& session, const LockSession& own) const {
    if (own.started.empty()) return false;
    const Rows rows = session.Query(kCancel, {std::to_string(own.pid), tag_, own.started});
    return !rows.empty() && rows.front().at(0) == "t";
}

}  // namespace database
