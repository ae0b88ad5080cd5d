#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace database {

/// Everything that can go wrong with a database, as one closed list. Not in it, because they are values: an absent
/// history table, a fence that somebody else holds.
enum class DbErrorKind {
    /// No connection, or the one there was broke.
    Unreachable,
    AuthenticationFailed,
    DatabaseDoesNotExist,
    TlsFailed,
    PoolerRefused,
    StandbyRefused,
    InsufficientPrivilege,
    /// A lock was not free within its timeout.
    Busy,
    /// The credentials cannot be used as they are written.
    BadConfiguration,
    QueryFailed,
};

/// The only exception that leaves this room. what() is one line for people: what happened and what to do. It never
/// holds a part of a password or a connection URI.
class DbError : public std::runtime_error {
public:
    DbError(DbErrorKind kind, const std::string& message) : std::runtime_error{message}, kind_{kind} {}

    DbErrorKind Kind() const { return kind_; }

private:
    DbErrorKind kind_;
};

/// A QueryFailed: the statement names a table that is not there.
class NoSuchTable : public DbError {
public:
    explicit NoSuchTable(const std::string& message) : DbError{DbErrorKind::QueryFailed, message} {}
};

/// What an SQLSTATE of a refused connection or a failed statement means to us.
DbErrorKind KindOfSqlState(std::string_view sqlstate);

/// Several lines become one, without "ERROR:" and without the echo of the statement; cut at 300 bytes.
std::string OneLine(std::string_view text);

}  // namespace database
