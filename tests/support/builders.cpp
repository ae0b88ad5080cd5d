#include "support/builders.hpp"

namespace support {
namespace {

using Json = nlohmann::json;

Json Ours(const std::string& kind, const std::string& name) {
    return {{"apiVersion", "tidegate.io/v1alpha1"}, {"kind", kind}, {"metadata", {{"name", name}}}};
}

}  // namespace

DatabaseBuilder::DatabaseBuilder(const std::string& name) : object_(Ours("Database", name)) {
    object_["spec"]["history"]["tool"] = "Alembic";
    Secret(name + "-db");
}

DatabaseBuilder& DatabaseBuilder::Secret(const std::string& secret) {
    object_["spec"]["connection"]["secretRef"]["name"] = secret;
    return *this;
}

DatabaseBuilder& DatabaseBuilder::Keys(const Json& keys) {
    object_["spec"]["connection"]["keys"] = keys;
    return *this;
}

MigrationBuilder::MigrationBuilder(const std::string& name) : object_(Ours("Migration", name)) {
    Database(name).Image("orders:1").Command({"migrate"});
}

MigrationBuilder& MigrationBuilder::Database(const std::string& database) {
    object_["spec"]["databaseRef"]["name"] = database;
    return *this;
}

MigrationBuilder& MigrationBuilder::Version(const std::string& version) {
    return Spec("version", version);
}

MigrationBuilder& MigrationBuilder::Image(const std::string& image) {
    return Spec("image", image);
}

MigrationBuilder& MigrationBuilder::Command(const std::vector<std::string>& command) {
    return Spec("command", command);
}

MigrationBuilder& MigrationBuilder::Spec(const std::string& field, const Json& value) {
    object_["spec"][field] = value;
    return *this;
}

DeploymentBuilder::DeploymentBuilder(const std::string& name) {
    object_ = {{"apiVersion", "apps/v1"},
               {"kind", "Deployment"},
               {"metadata", {{"name", name}}},
               {"spec",
                {{"replicas", 2},
                 {"selector", {{"matchLabels", {{"app", name}}}}},
                 {"template",
                  {{"metadata", {{"labels", {{"app", name}}}}},
                   {"spec", {{"containers", {{{"name", "app"}, {"image", "app:1"}}}}}}}}}}};
}

DeploymentBuilder& DeploymentBuilder::Requires(const std::string& requirements) {
    object_["spec"]["template"]["metadata"]["annotations"]["tidegate.io/requires"] = requirements;
    return *this;
}

DeploymentBuilder& DeploymentBuilder::Image(const std::string& image) {
    object_["spec"]["template"]["spec"]["containers"][0]["image"] = image;
    return *this;
}

DeploymentBuilder& DeploymentBuilder::Revision(int revision) {
    object_["spec"]["template"]["spec"]["containers"][0]["env"] = {
        {{"name", "REVISION"}, {"value", std::to_string(revision)}}};
    return *this;
}

DeploymentBuilder& DeploymentBuilder::Replicas(int replicas) {
    object_["spec"]["replicas"] = replicas;
    return *this;
}

DeploymentBuilder& DeploymentBuilder::Annotation(const std::string& name, const std::string& value) {
    object_["metadata"]["annotations"][name] = value;
    return *this;
}

JobBuilder::JobBuilder(const std::string& name) {
    object_ = {{"apiVersion", "batch/v1"},
               {"kind", "Job"},
               {"metadata", {{"name", name}}},
               {"spec",
                {{"template",
                  {{"spec", {{"restartPolicy", "Never"}, {"containers", {{{"name", "app"}, {"image", "app:1"}}}}}}}}}}};
}

JobBuilder& JobBuilder::Requires(const std::string& requirements) {
    object_["spec"]["template"]["metadata"]["annotations"]["tidegate.io/requires"] = requirements;
    return *this;
}

JobBuilder& JobBuilder::Image(const std::string& image) {
    object_["spec"]["template"]["spec"]["containers"][0]["image"] = image;
    return *this;
}

JobBuilder& JobBuilder::Suspend(bool suspend) {
    object_["spec"]["suspend"] = suspend;
    return *this;
}

JobBuilder& JobBuilder::Annotation(const std::string& name, const std::string& value) {
    object_["metadata"]["annotations"][name] = value;
    return *this;
}

CronJobBuilder::CronJobBuilder(const std::string& name) {
    object_ = {{"apiVersion", "batch/v1"},
               {"kind", "CronJob"},
               {"metadata", {{"name", name}}},
               {"spec", {{"schedule", "0 0 1 1 *"}, {"jobTemplate", {{"spec", JobBuilder("any").Build()["spec"]}}}}}};
}

CronJobBuilder& CronJobBuilder::Requires(const std::string& requirements) {
    auto& template_ = object_["spec"]["jobTemplate"]["spec"]["template"];
    template_["metadata"]["annotations"]["tidegate.io/requires"] = requirements;
    return *this;
}

CronJobBuilder& CronJobBuilder::Release(const std::string& requirements) {
    object_["spec"]["jobTemplate"]["metadata"]["annotations"]["tidegate.io/release"] = requirements;
    return *this;
}

CronJobBuilder& CronJobBuilder::Image(const std::string& image) {
    object_["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["image"] = image;
    return *this;
}

CronJobBuilder& CronJobBuilder::Spec(const std::string& field, const Json& value) {
    object_["spec"][field] = value;
    return *this;
}

Json LedgerOf(const std::vector<std::string>& satisfied) {
    Json ledger = Ours("Ledger", "tidegate");
    ledger["satisfied"] = satisfied;
    return ledger;
}

}  // namespace support
