#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "api/database.hpp"

/// How the database's connection stands in the environment of containers: keys of the Secret by secretKeyRef, never a
/// value. Lists of environment variables of a container, in an order that the kubelet's `$(NAME)` expansion needs.
namespace jobs {

/// Where the CA's certificate is mounted.
inline constexpr const char* kCaVolume = "tidegate-ca";
inline constexpr const char* kCaDirectory = "/run/tidegate-ca";
inline constexpr const char* kCaFileName = "ca.crt";
inline constexpr const char* kCaFile = "/run/tidegate-ca/ca.crt";

/// PGSSLMODE and PGSSLROOTCERT, which libpq and most drivers read, as the Database has it; else empty.
nlohmann::json TlsEnv(const api::Database& database);

/// What the agent connects with: the parts where they are named, else the URI. One of them, so that it is never in
/// doubt which database was proven.
nlohmann::json AgentConnectionEnv(const api::Database& database);

/// The connection in every shape that the Secret's keys allow, for migration tools: DATABASE_URL; PG*; and for pgjdbc
/// JDBC_DATABASE_URL, _USERNAME and _PASSWORD. Where the Secret holds no JDBC URL, the kubelet makes one of the parts,
/// without user and password, with the run's tag, `session_options` and TLS, which pgjdbc takes from nowhere else.
/// Where the Secret has a passfile, PGPASSFILE stands in for the password of the parts.
///
/// Comes after the variables of SessionEnv, to which it refers. Not guaranteed: that a host or a database's name with
/// characters that a URL gives a meaning to survives in a JDBC URL that was made of parts.
nlohmann::json InheritedEnv(const api::Database& database, const std::string& session_options);

/// The same for engine Other, of which nothing is known but what the keys are called: DATABASE_URL, or DATABASE_HOST,
/// _PORT, _NAME, _USER and _PASSWORD. Empty where the Database names no Secret.
nlohmann::json OtherEngineEnv(const api::Database& database);

}  // namespace jobs
