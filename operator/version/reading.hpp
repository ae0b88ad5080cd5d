#pragma once

#include <string>
#include <vector>

namespace version {

/// What a database's history table said at one moment.
struct Reading {
    /// The history table exists. A database that no tool has touched is not an error: nothing is reached in it.
    bool initialised = false;
    /// Alembic: the heads, in the order of their names; empty after a downgrade to base.
    std::vector<std::string> versions;
    /// The tool itself says that a migration ended half-way (never set for Alembic, which keeps no such mark).
    bool dirty = false;
    /// What the tool recorded about it, one line.
    std::string dirty_detail;
    /// Of the versions that the reader was asked about: those that the table proves.
    std::vector<std::string> reached;
    /// The lists were cut to fit the place they were written to: what they do not show is undecided, not absent.
    bool truncated = false;

    bool operator==(const Reading&) const = default;
};

}  // namespace version
