#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "api/database.hpp"
#include "jobs/job_settings.hpp"

/// Parts that migration and probe Jobs share.
namespace jobs {

/// Name and owner of what a Job is made for.
struct Owner {
    std::string_view kind;
    std::string name;
    std::string uid;
};

struct JobIdentity {
    std::string name;
    std::string_view role;
    /// Label tidegate.io/run: present while the keep-running policy shall look after it.
    std::string run_key;
    std::string migration;
    int launch = 0;
    Owner owner;
};

/// metadata of the Job; `Metadata(...)["labels"]` and annotations go onto the pod template too.
nlohmann::json JobMetadata(const JobIdentity& identity, const api::Database& database, const JobSettings& settings);

/// The Job around a pod spec: one pod, never a second, no TTL, no deadline of Kubernetes' own.
nlohmann::json JobAround(const nlohmann::json& metadata, nlohmann::json pod_metadata, nlohmann::json pod_spec);

/// The agent's container: command, environment by secretKeyRef, state directory, report path, resources.
nlohmann::json AgentContainer(const api::Database& database, std::string_view command,
                              const std::vector<std::string>& wanted, const JobSettings& settings);

/// The options that every session of a migration begins with: the Database's limits, and what ends the session of a pod
/// that is gone where the server is known to offer that (a server that does not know an option refuses the connection).
/// Empty when there is nothing to ask for.
std::string SessionOptions(const api::Database& database);

/// What every session of the migration container begins with, no credential: PGAPPNAME, the tag that makes it known to
/// the fence and the lock watch, and PGOPTIONS, the SessionOptions. pgjdbc reads neither: jobs/connection_env.hpp.
nlohmann::json SessionEnv(const api::Database& database);

/// {"name": ..., "valueFrom": {"fieldRef": UID of the Job}}: what the fence tag is made of.
nlohmann::json JobUidEnv();

/// allowPrivilegeEscalation false, all capabilities dropped: Pod Security "restricted" wants it on every container.
nlohmann::json RestrictedContainer();
nlohmann::json RestrictedPod();

/// The emptyDir of the agent, and the CA's certificate where the Database names one.
nlohmann::json AgentVolumes(const api::Database& database);

/// How a container sees the CA's certificate; empty where the Database names none.
nlohmann::json CaMounts(const api::Database& database);

}  // namespace jobs
