#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/database.hpp"
#include "api/requirement.hpp"
#include "core/time.hpp"
#include "version/reading.hpp"

namespace engine {

enum class Verdict { Holds, NotReached, Dirty, NotRead, VersionUnknown, UnknownDatabase };

/// Whether a requirement holds: a range test on what was read from the database, never equality. Used for the Ledger,
/// the release, `waiting-for` and the command line. `database` nullptr: there is none of that name. `images` are those
/// of the workload's template (form DATABASE@image).
Verdict Judge(const api::Requirement& requirement, const api::Database* database,
              const std::vector<std::string>& images = {});

/// The reading in the Database's status belongs to its present spec.
bool IsVerified(const api::Database& database);

/// A reading's versions as statuses show them: joined by commas, cut with "..." where the API server would refuse more.
std::string PrintVersions(const version::Reading& reading);

/// The newest reading as the status keeps it.
version::Reading KeptReading(const api::DatabaseStatus& status);

/// Whether `version` is reached according to the newest reading, or was proven before and is not disproven by it.
Verdict JudgeVersion(const api::Database& database, std::string_view version);

/// The status with a new reading: version, dirtiness, identity (another one voids the record), and the proven
/// requirement strings: those that the reading does not disprove, and `named` ones that it proves.
struct NewReading {
    version::Reading reading;
    std::string identity;
    bool connection_check = false;
    std::string job;
    core::Time job_created;
    std::int64_t generation = 0;
};
void ApplyReading(const api::Database& database, const NewReading& reading, const std::vector<std::string>& named,
                  core::Time now, api::DatabaseStatus& status);

}  // namespace engine
