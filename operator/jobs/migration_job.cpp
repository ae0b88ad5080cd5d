#include "jobs/migration_job.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "api/names.hpp"
#include "api/requirement.hpp"
#include "core/json_access.hpp"
#include "jobs/connection_env.hpp"
#include "jobs/job_parts.hpp"
#include "jobs/passfile.hpp"

namespace jobs {
namespace {

using core::FindAt;
using core::TextAt;
using nlohmann::json;

/// No agent is ready before the fence was seen free for so long (database/fence_rule.hpp), and each question is a
/// process that the node has to start: what waits on a busy node must not keep it busy.
constexpr int kFirstQuestionSeconds = 5;
constexpr int kQuestionsApartSeconds = 2;
/// Unlimited: a probe that restarts the agent would erase what it saw of the fence. int32's largest value.
constexpr int kNoThreshold = 2147483647;

void Copy(const json& from, const char* field, json& to) {
    if (const auto* value = FindAt(from, {field})) to[field] = *value;
}

/// What the user asks for, and beside it what Pod Security "restricted" wants: a capability that is added does not take
/// away that all others are dropped.
json SecurityContext(const json& asking) {
    auto security = RestrictedContainer();
    if (const auto* asked = FindAt(asking, {"securityContext"})) security.merge_patch(*asked);
    return security;
}

/// Of what a Down may take away, the report says whether it is still there: a table that has a row for each migration
/// may still name what is not its newest.
constexpr std::size_t kMostWanted = 20;

std::vector<std::string> WantedVersions(const json& spec, const api::Database& database) {
    std::vector<std::string> wanted;
    if (const auto version = TextAt(spec, {"version"}); !version.empty()) wanted.push_back(version);
    if (api::ParsePhase(TextAt(spec, {"phase"})) != api::Phase::Down) return wanted;
    const auto add = [&](const std::string& version) {
        const bool is_new = std::find(wanted.begin(), wanted.end(), version) == wanted.end();
        if (is_new && !version.empty() && wanted.size() < kMostWanted) wanted.push_back(version);
    };
    for (const auto& reached : database.status.reached) {
        for (const auto& requirement : api::ParseRequirements(reached.requirement).requirements)
            add(requirement.version);
    }
    for (const auto& run : database.status.runs)
        add(run.version);
    return wanted;
}

json AgentSidecar(const json& spec, const api::Database& database, const JobSettings& settings) {
    auto agent = AgentContainer(database, "run", WantedVersions(spec, database), settings);
    const auto& watch = database.spec.lock_watch;
    agent["env"].push_back({{"name", api::kAgentLockWatchAfter}, {"value", std::to_string(watch.after.count())}});
    agent["env"].push_back({{"name", api::kAgentLockWatchAction}, {"value", api::Name(watch.action)}});
    agent["restartPolicy"] = "Always";
    agent["startupProbe"] = {{"exec", {{"command", {"/tidegate-agent", "ready"}}}},
                             {"initialDelaySeconds", kFirstQuestionSeconds},
                             {"periodSeconds", kQuestionsApartSeconds},
                             {"timeoutSeconds", 5},
                             {"failureThreshold", kNoThreshold}};
    return agent;
}

/// The log's end becomes the container's termination message, which everybody who may read pods can read.
const char* TerminationMessagePolicy(const json& spec) {
    return TextAt(spec, {"logTail"}) == "None" ? "File" : "FallbackToLogsOnError";
}

/// The container is offered the Database's connection.
bool Inherits(const json& spec) {
    return TextAt(spec, {"credentials"}) != "None";
}

json MigrationContainer(const json& spec, const api::Database& database) {
    json container = {{"name", api::kMigrationContainer}, {"terminationMessagePolicy", TerminationMessagePolicy(spec)}};
    for (const char* field : {"image", "command", "args", "envFrom", "resources", "volumeMounts", "imagePullPolicy"}) {
        Copy(spec, field, container);
    }
    json env = database.IsReadable() ? SessionEnv(database) : json::array({JobUidEnv()});
    if (Inherits(spec) && !database.IsReadable()) {
        const auto offered = OtherEngineEnv(database);
        env.insert(env.end(), offered.begin(), offered.end());
    } else if (Inherits(spec)) {
        for (const auto& offered : {InheritedEnv(database, SessionOptions(database)), TlsEnv(database)})
            env.insert(env.end(), offered.begin(), offered.end());
        for (auto& mounts : {CaMounts(database), PassfileMounts(database)}) {
            for (const auto& mount : mounts)
                container["volumeMounts"].push_back(mount);
        }
    }
    // The user's come last: of two variables with one name Kubernetes takes the last.
    for (const auto& variable : core::ArrayAt(spec, {"env"}))
        env.push_back(variable);
    container["env"] = std::move(env);
    container["securityContext"] = SecurityContext(spec);
    return container;
}

json Sidecars(const json& spec) {
    auto sidecars = json::array();
    for (json sidecar : core::ArrayAt(spec, {"sidecars"})) {
        sidecar["restartPolicy"] = "Always";
        sidecar["securityContext"] = SecurityContext(sidecar);
        sidecars.push_back(std::move(sidecar));
    }
    return sidecars;
}

}  // namespace

json BuildMigrationJob(const json& migration, const api::Database& database, const api::RunId& run,
                       const JobSettings& settings) {
    const auto& spec = migration.at("spec");
    json pod = {{"automountServiceAccountToken", core::BoolAt(spec, {"automountServiceAccountToken"})},
                {"securityContext", RestrictedPod()}};
    for (const char* field :
         {"serviceAccountName", "imagePullSecrets", "nodeSelector", "tolerations", "affinity", "priorityClassName"}) {
        Copy(spec, field, pod);
    }
    // The user's sidecars come first: the agent may need them (a proxy to the database) to connect.
    pod["initContainers"] = Sidecars(spec);
    pod["containers"] = json::array({MigrationContainer(spec, database)});
    pod["volumes"] = core::ArrayAt(spec, {"volumes"});
    if (database.IsReadable()) {
        pod["initContainers"].push_back(AgentSidecar(spec, database, settings));
        for (auto& volume : AgentVolumes(database))
            pod["volumes"].push_back(std::move(volume));
        if (Inherits(spec)) {
            for (auto& volume : PassfileVolumes(database, pod["containers"][0]["securityContext"]))
                pod["volumes"].push_back(std::move(volume));
        }
    }

    json pod_metadata = json::object();
    if (const auto* labels = FindAt(spec, {"podLabels"})) pod_metadata["labels"] = *labels;
    if (const auto* annotations = FindAt(spec, {"podAnnotations"})) pod_metadata["annotations"] = *annotations;
    const auto metadata = JobMetadata({.name = api::JobName(run),
                                       .role = api::kRoleMigrate,
                                       .run_key = run.key,
                                       .migration = run.migration,
                                       .launch = run.launch,
                                       .owner = {"Migration", run.migration, run.migration_uid.value}},
                                      database, settings);
    return JobAround(metadata, std::move(pod_metadata), std::move(pod));
}

}  // namespace jobs
