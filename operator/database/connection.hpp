#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "database/connection_string.hpp"
#include "database/db_error.hpp"

namespace database {

/// NULL is nullopt.
using Row = std::vector<std::optional<std::string>>;
using Rows = std::vector<Row>;
using Parameters = std::vector<std::string>;

/// Where statements go. Everything but connection.cpp knows only this, not libpqxx.
class Session {
public:
    virtual ~Session() = default;
    /// `sql` may use $1, $2, … of `parameters`. Throws DbError.
    virtual Rows Query(const std::string& sql, const Parameters& parameters) = 0;
    Rows Query(const std::string& sql) { return Query(sql, {}); }
};

/// One direct connection to a primary PostgreSQL server.
///
/// Guarantees: it is never silently replaced by another connection (session locks would be lost unseen): once broken,
/// every use throws DbError{Unreachable}. A pooler between us and the server is refused, for it would hand our lock to
/// others; so is a standby. The server drops it (and its locks) within half a minute when this side's node vanishes.
///
/// Not guaranteed: that a pooler which passes the true process ids on and gives each client its own server is seen;
/// such a one does no harm.
///
/// Not thread-safe; blocks for at most the timeouts below per call as long as the network answers.
class Connection final : public Session {
public:
    /// Connecting to one address. Two would be libpq's least.
    static constexpr std::chrono::seconds kConnectTimeout{5};

    /// Throws DbError of any kind but Busy.
    Connection(const Credentials& credentials, const std::string& application_name);
    ~Connection() override;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    using Session::Query;
    /// Outside of a transaction.
    Rows Query(const std::string& sql, const Parameters& parameters) override;

    /// `body` sees one snapshot, cannot write, waits at most 1 s for a lock and 5 s for an answer. Nothing of it stays:
    /// no open transaction for CREATE INDEX CONCURRENTLY to wait for.
    void ReadOnly(const std::function<void(Session&)>& body);

    /// What the server shows as this session's name.
    void Rename(const std::string& application_name);

    /// To wait on: it becomes readable when the server has closed the connection.
    int Socket() const;

    /// Without any secret, for messages: `"orders" at db:5432 as "orders"`.
    const std::string& Target() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace database
