#include "jobs/job_parts.hpp"

#include <chrono>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "api/names.hpp"
#include "jobs/connection_env.hpp"
#include "version/tool.hpp"

namespace jobs {
namespace {

using nlohmann::json;

constexpr const char* kAgentPath = "/tidegate-agent";
constexpr const char* kStateVolume = "tidegate-state";
constexpr const char* kStateDirectory = "/run/tidegate";
/// Kubernetes' default place; written out because the agent is told of it.
constexpr const char* kReportPath = "/dev/termination-log";
/// Of the user in the operator's image; any other non-zero user would do.
constexpr int kAgentUser = 65532;
/// The agent reads the version table after SIGTERM: connect, lock and statement timeouts of 5 s each, and a margin.
/// Migration tools get the same time to end their transaction when their pod is deleted (reference: >= 300 s).
constexpr int kTerminationGraceSeconds = 300;

json FieldEnv(std::string_view name, const std::string& path) {
    return {{"name", name}, {"valueFrom", {{"fieldRef", {{"fieldPath", path}}}}}};
}

/// A statement goes on for at most that long when its client's process is gone, and half a minute when its node is.
/// As for the agent's own connection: 10 s + 3 × 5 s spares a healthy network.
constexpr std::string_view kEndWithTheClient =
    "-c client_connection_check_interval=5s -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 "
    "-c tcp_keepalives_count=3";

/// The kubelet would expand "$(NAME)"; "$$" stands for one "$".
std::string LiteralEnv(const std::string& text) {
    std::string literal;
    for (const char c : text)
        literal += c == '$' ? std::string("$$") : std::string(1, c);
    return literal;
}

std::string JoinWanted(const std::vector<std::string>& wanted) {
    std::string text;
    for (const auto& version : wanted) {
        if (!text.empty()) text += ',';
        for (const char c : version)
            text += c == ',' ? std::string("%2C") : std::string(1, c);
    }
    return text;
}

}  // namespace

std::string SessionOptions(const api::Database& database) {
    std::string options;
    const auto append = [&](std::string_view option) {
        if (!options.empty()) options += ' ';
        options += option;
    };
    const auto append_limit = [&](const char* name, std::optional<std::chrono::seconds> limit) {
        if (limit) append(std::string("-c ") + name + "=" + std::to_string(limit->count()) + "s");
    };
    if (database.status.connection_check) append(kEndWithTheClient);
    append_limit("lock_timeout", database.spec.limits.lock_timeout);
    append_limit("statement_timeout", database.spec.limits.statement_timeout);
    return options;
}

json JobUidEnv() {
    return FieldEnv(api::kAgentJobUid, "metadata.labels['" + std::string(api::kControllerUidLabel) + "']");
}

json JobMetadata(const JobIdentity& identity, const api::Database& database, const JobSettings& settings) {
    json metadata = {{"namespace", database.key.ns},
                     {"name", identity.name},
                     {"labels",
                      {{"app.kubernetes.io/name", "tidegate"},
                       {"app.kubernetes.io/component", identity.role},
                       {"app.kubernetes.io/managed-by", "tidegate"},
                       {"app.kubernetes.io/version", settings.version},
                       {std::string(api::kDatabaseLabel), api::LabelValue(database.key.name)},
                       {std::string(api::kRoleLabel), identity.role}}},
                     {"annotations",
                      {{std::string(api::kDatabaseAnnotation), database.key.name},
                       {std::string(api::kDatabaseGenerationAnnotation), std::to_string(database.generation)},
                       {std::string(api::kLaunchAnnotation), std::to_string(identity.launch)}}},
                     // Not blocking: a foreground delete of the owner shall not wait for a Job under our feet.
                     {"ownerReferences",
                      {{{"apiVersion", api::kApiVersion},
                        {"kind", identity.owner.kind},
                        {"name", identity.owner.name},
                        {"uid", identity.owner.uid},
                        {"controller", true},
                        {"blockOwnerDeletion", false}}}}};
    if (!identity.run_key.empty()) metadata["labels"][std::string(api::kRunLabel)] = identity.run_key;
    if (!identity.migration.empty())
        metadata["annotations"][std::string(api::kMigrationAnnotation)] = identity.migration;
    return metadata;
}

json JobAround(const json& metadata, json pod_metadata, json pod_spec) {
    for (const char* part : {"labels", "annotations"}) {
        // Ours win over what the user asks for: selectors and stores rely on them.
        if (!pod_metadata.contains(part)) pod_metadata[part] = json::object();
        pod_metadata[part].update(metadata.at(part));
    }
    auto& annotations = pod_metadata["annotations"];
    annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"] = "false";
    pod_spec["restartPolicy"] = "Never";
    pod_spec["terminationGracePeriodSeconds"] = kTerminationGraceSeconds;
    pod_spec["enableServiceLinks"] = false;
    return {{"apiVersion", "batch/v1"},
            {"kind", "Job"},
            {"metadata", metadata},
            {"spec",
             {{"parallelism", 1},
              {"completions", 1},
              {"backoffLimit", 0},
              {"podReplacementPolicy", "Failed"},
              // First match wins: whatever ends the pod otherwise than by success fails the Job; never Ignore, which
              // would replace the pod.
              {"podFailurePolicy",
               {{"rules",
                 {{{"action", "FailJob"}, {"onPodConditions", {{{"type", "DisruptionTarget"}, {"status", "True"}}}}},
                  {{"action", "FailJob"}, {"onExitCodes", {{"operator", "NotIn"}, {"values", {0}}}}}}}}},
              {"template", {{"metadata", std::move(pod_metadata)}, {"spec", std::move(pod_spec)}}}}}};
}

json RestrictedContainer() {
    return {{"allowPrivilegeEscalation", false}, {"capabilities", {{"drop", {"ALL"}}}}};
}

json RestrictedPod() {
    return {{"runAsNonRoot", true}, {"seccompProfile", {{"type", "RuntimeDefault"}}}};
}

json AgentVolumes(const api::Database& database) {
    json volumes = json::array({{{"name", kStateVolume}, {"emptyDir", {{"sizeLimit", "1Mi"}}}}});
    const auto& tls = database.spec.tls;
    if (tls.ca_secret.empty()) return volumes;
    // For every user to read: a certificate is no secret. Only this key, for what lies beside it may be one.
    volumes.push_back({{"name", kCaVolume},
                       {"secret",
                        {{"secretName", tls.ca_secret},
                         {"defaultMode", 0444},
                         {"items", {{{"key", tls.ca_key}, {"path", kCaFileName}}}}}}});
    return volumes;
}

json CaMounts(const api::Database& database) {
    if (database.spec.tls.ca_secret.empty()) return json::array();
    return json::array({{{"name", kCaVolume}, {"mountPath", kCaDirectory}, {"readOnly", true}}});
}

json AgentContainer(const api::Database& database, std::string_view command, const std::vector<std::string>& wanted,
                    const JobSettings& settings) {
    json env = AgentConnectionEnv(database);
    for (auto& variable : TlsEnv(database))
        env.push_back(std::move(variable));
    const auto& history = database.spec.history;
    env.push_back({{"name", api::kAgentTool}, {"value", version::Name(history.tool)}});
    if (const auto order = version::Name(database.spec.version_order); !order.empty())
        env.push_back({{"name", api::kAgentVersionOrder}, {"value", order}});
    if (!history.table.empty()) env.push_back({{"name", api::kAgentTable}, {"value", history.table}});
    if (!history.query.empty()) env.push_back({{"name", api::kAgentQuery}, {"value", LiteralEnv(history.query)}});
    env.push_back({{"name", api::kAgentWanted}, {"value", JoinWanted(wanted)}});
    env.push_back({{"name", api::kAgentStateDirectory}, {"value", kStateDirectory}});
    env.push_back({{"name", api::kAgentReportPath}, {"value", kReportPath}});
    env.push_back(JobUidEnv());
    json mounts = json::array({{{"name", kStateVolume}, {"mountPath", kStateDirectory}}});
    for (auto& mount : CaMounts(database))
        mounts.push_back(std::move(mount));
    auto security = RestrictedContainer();
    security["readOnlyRootFilesystem"] = true;
    security["runAsNonRoot"] = true;
    security["runAsUser"] = kAgentUser;
    return {{"name", api::kAgentContainer},
            {"image", settings.agent_image},
            {"imagePullPolicy", settings.agent_pull_policy},
            {"command", {kAgentPath, command}},
            {"env", std::move(env)},
            {"terminationMessagePath", kReportPath},
            {"terminationMessagePolicy", "File"},
            {"resources", {{"requests", {{"cpu", "10m"}, {"memory", "16Mi"}}}, {"limits", {{"memory", "64Mi"}}}}},
            {"volumeMounts", std::move(mounts)},
            {"securityContext", std::move(security)}};
}

json SessionEnv(const api::Database& database) {
    json env =
        json::array({JobUidEnv(),
                     {{"name", "PGAPPNAME"},
                      {"value", std::string(api::kFenceTagPrefix) + "$(" + std::string(api::kAgentJobUid) + ")"}}});
    if (auto options = SessionOptions(database); !options.empty())
        env.push_back({{"name", "PGOPTIONS"}, {"value", std::move(options)}});
    return env;
}

}  // namespace jobs
