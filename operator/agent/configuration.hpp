#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "api/locking.hpp"
#include "database/connection_string.hpp"
#include "database/history/history.hpp"

namespace agent {

/// What the agent is told by its environment (the names are in api/names.hpp).
struct Configuration {
    database::Credentials credentials;
    database::history::Source history;
    std::vector<std::string> wanted;
    std::string job_uid;
    api::LockWatch lock_watch;
};

/// std::getenv, or a map in tests; nullptr: not set.
using Environment = std::function<const char*(const char* name)>;

/// Of an agent in a pod of ours. Throws database::DbError{BadConfiguration} naming the variable and where its value
/// comes from, never the value.
Configuration ReadConfiguration(const Environment& environment);

/// Of an agent in somebody else's pod (`wait`), which has no Job: tool and connection alone. Throws as
/// ReadConfiguration.
Configuration ReadDatabaseConfiguration(const Environment& environment);

/// Where the report goes; Kubernetes' own default when the variable is not set.
std::filesystem::path ReportPath(const Environment& environment);

/// Throws database::DbError{BadConfiguration} when it is not set.
std::filesystem::path StateDirectoryPath(const Environment& environment);

}  // namespace agent
