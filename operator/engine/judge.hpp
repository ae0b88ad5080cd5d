#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/database.hpp"
#include "api/requirement.hpp"

namespace engine {

enum class Verdict {
    Holds,
    NotReached,
    Dirty,
    NotRead,
    /// Nothing tells whether it is reached; or it is, and nothing tells whether it is in the range (range.hpp).
    VersionUnknown,
    UnknownDatabase,
    BelowFloor,
    AboveCeiling,
};

/// Whether a requirement holds: reached, not below the floor, not above the ceiling; a range test on what was read from
/// the database, never equality. Used for the Ledger,
/// the release, `waiting-for` and the command line. `database` nullptr: there is none of that name. `images` are those
/// of the workload's template (form DATABASE@image).
Verdict Judge(const api::Requirement& requirement, const api::Database* database,
              const std::vector<std::string>& images = {});

/// The reading in the Database's status belongs to its present spec.
bool IsVerified(const api::Database& database);

/// Whether `version` is reached according to the newest reading, or was proven before and is not disproven by it.
/// Whether workloads may need it is not asked: floor and ceiling bind them alone.
Verdict JudgeVersion(const api::Database& database, std::string_view version);

/// The migrations of the run's image are in the database, as far as it tells: for requirements of the form
/// DATABASE@image.
bool ProvesImage(const api::Database& database, const api::RunRecord& run);

}  // namespace engine
