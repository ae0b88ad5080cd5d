#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "api/database_status.hpp"
#include "api/locking.hpp"
#include "api/tls.hpp"
#include "core/object_key.hpp"
#include "core/revision.hpp"
#include "core/uid.hpp"
#include "version/tool.hpp"

namespace api {

/// Which keys of the Secret hold the connection: a URI, the parts, or both. Empty: not named.
struct ConnectionKeys {
    std::string uri = "uri";
    std::string host, port, dbname, user, password;
    /// Offered to migrations alone.
    std::string jdbc_uri;
    /// Instead of the password in their environment.
    std::string passfile;

    /// Where both are named, the parts are what the agent connects with.
    bool UsesParts() const { return !host.empty(); }
    bool operator==(const ConnectionKeys&) const = default;
};

/// Whose version table to believe, and where it is.
struct History {
    version::Tool tool = version::Tool::Alembic;
    /// "table" or "schema.table"; empty: where the tool usually has it.
    std::string table;
    /// Of tool Custom.
    std::string query;

    bool operator==(const History&) const = default;
};

/// What is known of the server behind a Database.
enum class Engine {
    PostgreSQL,
    /// Anything else: nothing is asked there, an exit code of 0 is all the proof.
    Other,
};

struct DatabaseSpec {
    Engine engine = Engine::PostgreSQL;
    /// Empty: engine Other, whose migrations bring their own credentials.
    std::string secret_name;
    ConnectionKeys keys;
    Tls tls;
    History history;
    version::Order version_order = version::Order::ByTool;
    Limits limits;
    LockWatch lock_watch;
    /// Versions that its owner declares to be contained, decoded.
    std::vector<std::string> baseline;
    /// How long a reading is believed before the table is read again; nullopt: until something asks.
    std::optional<std::chrono::seconds> recheck;

    version::Scheme Scheme() const { return {history.tool, version_order}; }
    bool operator==(const DatabaseSpec&) const = default;
};

struct Database {
    bool IsReadable() const { return spec.engine == Engine::PostgreSQL; }

    core::ObjectKey key;
    core::Uid uid;
    core::Revision revision;
    std::int64_t generation = 0;
    bool deleting = false;
    DatabaseSpec spec;
    DatabaseStatus status;

    bool operator==(const Database&) const = default;
};

Database ParseDatabase(const nlohmann::json& object);
}  // namespace api
