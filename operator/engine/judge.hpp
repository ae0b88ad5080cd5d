#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/database.hpp"
#include "api/migration.hpp"
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

/// The database had the version when this run ended and has it no more: it was restored to an older state, or migrated
/// back by hand. False for a run that brought no named version, and while the database is not read.
bool IsLost(const api::Database& database, const api::RunRecord& run);
/// The same for a Migration without a run, whose version was there when it came (AlreadyReached); false when its owner
/// asks for a run (tidegate.io/retry).
bool IsLost(const api::Database& database, const api::Migration& migration);

/// The migrations of the run's image are in the database, as far as it tells: for requirements of the form
/// DATABASE@image.
bool Contains(const api::Database& database, const api::RunRecord& run);

/// What one namespace asks about a database.
struct Named {
    /// As users write them.
    std::vector<std::string> requirements;
    /// A version that a Migration brings, and the older ones that it contains (spec.includes).
    struct Contents {
        std::string version;
        std::vector<std::string> includes;
    };
    std::vector<Contents> contents;
};

/// The status with a new reading: version, dirtiness, identity, and the proven requirement strings: those that the
/// reading does not disprove, `named` ones that it proves, and what the versions that are there include.
///
/// Another identity is another database. Where the spec points there now, its record is void: what runs in it is for
/// the Migrations to say. Under an unchanged spec the database itself was replaced, as by a restore: all that was
/// proven is withdrawn, and the record stays, so that nothing is run again by itself.
struct NewReading {
    version::Reading reading;
    std::string identity;
    bool connection_check = false;
    std::string job;
    core::Time job_created;
    std::int64_t generation = 0;
};
void ApplyReading(const api::Database& database, const NewReading& reading, const Named& named, core::Time now,
                  api::DatabaseStatus& status);

}  // namespace engine
