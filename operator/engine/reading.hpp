#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/database.hpp"
#include "core/time.hpp"
#include "version/reading.hpp"

/// What was read from a database's version table, and how the Database's status keeps it.
namespace engine {

/// A reading's versions as statuses show them: joined by commas, cut with "..." where the API server would refuse more.
std::string PrintVersions(const version::Reading& reading);

/// The reverse, as far as PrintVersions() kept them.
version::Reading ParseVersions(std::string_view text);

/// The newest reading as the status keeps it.
version::Reading KeptReading(const api::DatabaseStatus& status);

/// "version 0002", or "no version yet".
std::string AtVersion(const api::DatabaseStatus& status);

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
