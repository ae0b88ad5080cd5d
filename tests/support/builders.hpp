#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace support {

/// Objects as users write them, with the least that makes them valid; `Object()` is there for whatever else a case
/// needs.

class DatabaseBuilder final {
public:
    explicit DatabaseBuilder(const std::string& name);
    /// Default "<name>-db", key "uri".
    DatabaseBuilder& Secret(const std::string& secret);
    /// {"host": "host", ...}: names of keys.
    DatabaseBuilder& Keys(const nlohmann::json& keys);
    nlohmann::json& Object() { return object_; }
    nlohmann::json Build() const { return object_; }

private:
    nlohmann::json object_;
};

class MigrationBuilder final {
public:
    /// Of the Database of the same name, image "orders:1", command ["migrate"].
    explicit MigrationBuilder(const std::string& name);
    MigrationBuilder& Database(const std::string& database);
    MigrationBuilder& Version(const std::string& version);
    MigrationBuilder& Image(const std::string& image);
    MigrationBuilder& Command(const std::vector<std::string>& command);
    MigrationBuilder& Spec(const std::string& field, const nlohmann::json& value);
    nlohmann::json& Object() { return object_; }
    nlohmann::json Build() const { return object_; }

private:
    nlohmann::json object_;
};

class DeploymentBuilder final {
public:
    /// Two replicas, image "app:1".
    explicit DeploymentBuilder(const std::string& name);
    /// The annotation tidegate.io/requires of the template.
    DeploymentBuilder& Requires(const std::string& requirements);
    DeploymentBuilder& Image(const std::string& image);
    /// Any change of the template: a rollout.
    DeploymentBuilder& Revision(int revision);
    DeploymentBuilder& Replicas(int replicas);
    /// On the Deployment itself.
    DeploymentBuilder& Annotation(const std::string& name, const std::string& value);
    nlohmann::json& Object() { return object_; }
    nlohmann::json Build() const { return object_; }

private:
    nlohmann::json object_;
};

class JobBuilder final {
public:
    /// One completion, image "app:1".
    explicit JobBuilder(const std::string& name);
    /// The annotation tidegate.io/requires of the template.
    JobBuilder& Requires(const std::string& requirements);
    JobBuilder& Image(const std::string& image);
    /// As its user writes it; by default nothing is written.
    JobBuilder& Suspend(bool suspend);
    /// On the Job itself.
    JobBuilder& Annotation(const std::string& name, const std::string& value);
    nlohmann::json& Object() { return object_; }
    nlohmann::json Build() const { return object_; }

private:
    nlohmann::json object_;
};

class CronJobBuilder final {
public:
    /// Of a Job as JobBuilder makes it, once a year.
    explicit CronJobBuilder(const std::string& name);
    /// The annotation tidegate.io/requires of the pod template of its Jobs.
    CronJobBuilder& Requires(const std::string& requirements);
    /// The annotation tidegate.io/release of its Jobs.
    CronJobBuilder& Release(const std::string& requirements);
    CronJobBuilder& Image(const std::string& image);
    CronJobBuilder& Spec(const std::string& field, const nlohmann::json& value);
    nlohmann::json& Object() { return object_; }
    nlohmann::json Build() const { return object_; }

private:
    nlohmann::json object_;
};

/// The namespace's Ledger.
nlohmann::json LedgerOf(const std::vector<std::string>& satisfied);

}  // namespace support
