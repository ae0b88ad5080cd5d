#include "control_plane/replay/players.hpp"

#include <nlohmann/json.hpp>

#include "api/names.hpp"
#include "support/builders.hpp"

namespace replay {
namespace {

using Json = nlohmann::json;
using observed::ContainerFacts;

Json ContainerStatus(std::string_view name, const ContainerFacts& container, const std::string& message) {
    Json status{{"name", name},
                {"image", "image"},
                {"imageID", "image@sha256:" + std::string(64, '0')},
                {"ready", container.started},
                {"started", container.started},
                {"restartCount", 0}};
    switch (container.state) {
        case ContainerFacts::State::Running:
            status["state"]["running"]["startedAt"] = core::FormatTime(*container.start_time);
            break;
        case ContainerFacts::State::Terminated: {
            auto& ended = status["state"]["terminated"];
            ended = {{"exitCode", container.exit_code.value_or(0)},
                     {"reason", container.reason},
                     {"startedAt", container.start_time ? core::FormatTime(*container.start_time)
                                                        : std::string("1970-01-01T00:00:00Z")}};
            if (container.end_time) ended["finishedAt"] = core::FormatTime(*container.end_time);
            if (!message.empty()) ended["message"] = message;
            break;
        }
        case ContainerFacts::State::Waiting:
        case ContainerFacts::State::Unknown:
            status["state"]["waiting"]["reason"] = container.reason;
            break;
    }
    return status;
}

}  // namespace

Json PodStatus(const explorer::Pod& pod) {
    const bool is_probe = pod.choice < 0;
    const std::string report = pod.report ? api::Print(*pod.report) : "";
    Json status = Json::object();
    const auto& main = is_probe ? pod.agent : pod.migration;
    if (pod.terminal) {
        status["phase"] = main.exit_code == 0 ? "Succeeded" : "Failed";
    } else {
        status["phase"] = main.state == ContainerFacts::State::Running ? "Running" : "Pending";
    }
    if (pod.agent.state != ContainerFacts::State::Unknown) {
        status[is_probe ? "containerStatuses" : "initContainerStatuses"] =
            Json::array({ContainerStatus(api::kAgentContainer, pod.agent, report)});
    }
    if (!is_probe && pod.migration.state != ContainerFacts::State::Unknown) {
        status["containerStatuses"] = Json::array({ContainerStatus(api::kMigrationContainer, pod.migration, "")});
    }
    auto& conditions = status["conditions"] = Json::array();
    if (pod.initialized_time) {
        conditions.push_back({{"type", "Initialized"},
                              {"status", "True"},
                              {"lastTransitionTime", core::FormatTime(*pod.initialized_time)}});
    }
    if (!pod.disruption.empty()) {
        conditions.push_back({{"type", "DisruptionTarget"}, {"status", "True"}, {"reason", pod.disruption}});
    }
    return status;
}

Json DatabaseObject(const std::string& ns, const explorer::Database& database) {
    auto object = support::DatabaseBuilder(database.key.name).Secret(database.spec.secret_name).Build();
    object["metadata"]["namespace"] = ns;
    object["metadata"]["annotations"][std::string(api::kAbortAnnotation)] = "replay";
    return object;
}

Json MigrationSpec(const explorer::Migration& migration, const explorer::Scenario& scenario) {
    const auto& choice = scenario.choices[static_cast<std::size_t>(migration.choice)];
    auto spec = Json::parse(explorer::SpecText(choice, scenario.DatabaseName(), scenario.attempts));
    spec["suspend"] = migration.spec.suspend;
    return spec;
}

Json MigrationObject(const std::string& ns, const explorer::Migration& migration, const explorer::Scenario& scenario) {
    Json object{{"apiVersion", api::kApiVersion},
                {"kind", "Migration"},
                {"metadata",
                 {{"namespace", ns},
                  {"name", migration.key.name},
                  {"annotations", {{std::string(api::kAbortAnnotation), "replay"}}}}},
                {"spec", MigrationSpec(migration, scenario)}};
    if (!migration.retry_token.empty()) {
        object["metadata"]["annotations"][std::string(api::kRetryAnnotation)] = migration.retry_token;
    }
    return object;
}

Json DeploymentObject(const std::string& ns, const std::string& name, const std::string& requires_text) {
    auto object = support::DeploymentBuilder(name).Requires(requires_text).Replicas(0).Build();
    object["metadata"]["namespace"] = ns;
    return object;
}

Json ForeignJob(const std::string& ns, const std::string& name) {
    const Json container{{"name", "main"}, {"image", "image"}};
    return {{"apiVersion", "batch/v1"},
            {"kind", "Job"},
            {"metadata", {{"namespace", ns}, {"name", name}}},
            {"spec",
             {{"suspend", true},
              {"template", {{"spec", {{"restartPolicy", "Never"}, {"containers", Json::array({container})}}}}}}}};
}

}  // namespace replay
