#pragma once

#include <optional>
#include <string>
#include <vector>

namespace version {

/// A lock that a tool takes by writing a row into a table: it outlives whoever took it.
struct ToolLock {
    /// Quoted and with its schema.
    std::string table;
    /// As the tool recorded them: who took it, and when by the tool's own clock. Empty where it records no such thing.
    std::string holder, since;
    /// Where the tool gives it a lease: it is free after this, whatever became of the holder.
    std::string until;

    bool operator==(const ToolLock&) const = default;
};

/// What a database's history table said at one moment.
struct Reading {
    /// The history table exists. A database that no tool has touched is not an error: nothing is reached in it.
    bool initialised = false;
    /// Where the database is: of Alembic the heads, of Django the newest of each app, of a tool that keeps a row for
    /// each migration the newest. Empty when everything was taken back.
    std::vector<std::string> versions;
    /// The tool itself says that a migration ended half-way (never set for tools that keep no such mark).
    bool dirty = false;
    /// What the tool recorded about it, one line.
    std::string dirty_detail;
    /// The version of that migration (of several, the first), as the tool's commands take it; empty when it has none.
    std::string half_done;
    /// The tool's own lock was taken when this was read.
    std::optional<ToolLock> lock;
    /// Of the versions that the reader was asked about: those that the table proves.
    std::vector<std::string> reached;
    /// The lists were cut to fit the place they were written to: what they do not show is undecided, not absent.
    bool truncated = false;
    /// Of the versions that the reader was asked about: those that are not in a table that has a row for each.
    std::vector<std::string> absent;

    bool operator==(const Reading&) const = default;
};

}  // namespace version
