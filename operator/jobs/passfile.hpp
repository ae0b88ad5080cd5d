#pragma once

#include <nlohmann/json_fwd.hpp>

#include "api/database.hpp"

/// The Secret's passfile (keys.passfile), a line of HOST:PORT:DATABASE:USER:PASSWORD, as a file of the migration's
/// container: the password is then in no environment there.
///
/// Kubernetes gives a Secret's file to root, and to a user who is not root only by letting everybody in the pod read
/// it. libpq ignores a passfile that its group or the world may read; drivers that do not look at the mode (pgx,
/// pgjdbc) take it as it is. See operator/agent/CREDENTIALS.md.
namespace jobs {

/// PGPASSFILE names it.
inline constexpr const char* kPassfile = "/run/tidegate-passfile/pgpass";

/// The volume with this one key of the Secret; empty where the Database names none. Readable by its owner alone where
/// the container's `security_context` says that it runs as root.
nlohmann::json PassfileVolumes(const api::Database& database, const nlohmann::json& security_context);

nlohmann::json PassfileMounts(const api::Database& database);

}  // namespace jobs
