#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/database.hpp"
#include "api/migration.hpp"
#include "observed/job_facts.hpp"
#include "observed/pod_facts.hpp"
#include "version/reading.hpp"

namespace engine {

/// Everything known of one ended launch.
struct Evidence {
    const api::RunRecord& run;
    version::Scheme scheme;
    /// The database can be asked: spec.engine is PostgreSQL.
    bool is_readable = true;
    /// nullptr: it is gone.
    const observed::JobFacts* job = nullptr;
    const observed::PodFacts* pod = nullptr;
    /// Somebody's hand or a mistake of a controller made more than one pod.
    bool had_several_pods = false;
    /// The Migration as it is now; nullptr: it is gone.
    const api::Migration* migration = nullptr;
    /// As it was before; never nullptr for a Down, whose proof rests on what is known of the order of versions.
    const api::Database* database = nullptr;
    /// What the database said after the migration container had ended: the agent's word, or a later probe's.
    std::optional<version::Reading> after;
};

struct EndedRun {
    api::RunOutcome outcome = api::RunOutcome::Failed;
    std::string_view reason;
    std::string message;
    /// The migration container began: the launch was an attempt.
    bool attempted = false;
};

/// How a launch ended. The table wins over the exit code: a lost or failed run whose version is reached and clean has
/// succeeded, exit 0 without the version has failed. A Down has succeeded when nothing above its version is reached any
/// more.
/// Where the database cannot be read the exit code decides, and what is lost has failed.
/// nullopt: only the database can tell, and it was not asked yet.
std::optional<EndedRun> Classify(const Evidence& evidence);

/// What a person reads of the end of the migration container: "exit code 3", "killed by signal 9 (out of memory)".
std::string DescribeEnd(const observed::PodFacts& pod);

}  // namespace engine
