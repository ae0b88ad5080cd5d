#include "control_plane/fuzz/specs.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace test {
namespace {

using Json = nlohmann::json;
using support::SchemaChange;

struct Example {
    const char* field;
    Json value;
    bool is_refused;
};

/// For each place with CEL rules: values on both sides of each of them.
const std::vector<Example>& Examples() {
    static const std::vector<Example> examples{
        {"/spec/connection/keys", {{"uri", "url"}}, false},
        {"/spec/connection/keys", {{"host", "h"}, {"dbname", "d"}, {"user", "u"}, {"password", "p"}}, false},
        {"/spec/connection/keys",
         {{"uri", "url"},
          {"jdbcUri", "j"},
          {"passfile", "f"},
          {"host", "h"},
          {"dbname", "d"},
          {"user", "u"},
          {"password", "p"}},
         false},
        {"/spec/connection/keys", {{"host", "h"}, {"user", "u"}}, true},
        {"/spec/connection/keys", {{"port", "p"}}, true},
        {"/spec/connection/tls", {{"mode", "Require"}}, false},
        {"/spec/connection/tls", {{"mode", "VerifyFull"}, {"caSecretRef", {{"name", "ca"}}}}, false},
        {"/spec/connection/tls", {{"mode", "VerifyCA"}}, true},
        {"/spec/connection/tls", {{"mode", "Require"}, {"caSecretRef", {{"name", "ca"}}}}, true},
        {"/spec/connection/tls", {{"caSecretRef", {{"name", "ca"}}}}, true},
        {"/spec/history", {{"tool", "Custom"}, {"query", "SELECT version FROM orders_version"}}, false},
        {"/spec/history", {{"tool", "Flyway"}, {"table", "shop.history"}}, false},
        {"/spec/history", {{"tool", "Custom"}}, true},
        {"/spec/history", {{"tool", "Flyway"}, {"query", "SELECT 1"}}, true},
        {"/spec/history", {{"tool", "Custom"}, {"query", "SELECT 1"}, {"table", "history"}}, true},
        {"/spec/history/table", "shop.\"history.of orders\"", false},
        {"/spec/history/table", "a.b.c", true},
        {"/spec/limits", {{"lockTimeoutSeconds", 5}, {"statementTimeoutSeconds", 600}}, false},
        {"/spec/limits", {{"lockTimeoutSeconds", 600}, {"statementTimeoutSeconds", 600}}, true},
        {"/spec/version", "0005", false},
        {"/spec/version", "a%2Cb", false},
        {"/spec/version", "0 1", true},
        {"/spec/version", "a,b", true},
        {"/spec/version", "image", true},
        {"/spec/version", "image=x", true},
        {"/spec/image", "orders:9", false},
        {"/spec/image", "a b", true},
        {"/spec/imageFrom", {{"deployment", {{"name", "orders"}}}}, true},
        {"/spec/image", "a,b", true},
        {"/spec/env/0", {{"name", "A"}, {"value", "$(B)"}}, false},
        {"/spec/env/0", {{"name", "TIDEGATE_URI"}, {"value", "x"}}, true},
        {"/spec/env/0",
         {{"name", "A"}, {"value", "x"}, {"valueFrom", {{"fieldRef", {{"fieldPath", "metadata.name"}}}}}},
         true},
        {"/spec/env/0/valueFrom", {{"fieldRef", {{"fieldPath", "metadata.name"}}}}, false},
        {"/spec/env/0/valueFrom", Json::object(), true},
        {"/spec/env/0/valueFrom",
         {{"fieldRef", {{"fieldPath", "metadata.name"}}}, {"secretKeyRef", {{"name", "s"}, {"key", "k"}}}},
         true},
        {"/spec/envFrom/0", {{"prefix", "A_"}, {"secretRef", {{"name", "s"}, {"optional", true}}}}, false},
        {"/spec/envFrom/0", {{"prefix", "A_"}}, true},
        {"/spec/envFrom/0", {{"secretRef", {{"name", "s"}}}, {"configMapRef", {{"name", "s"}}}}, true},
        {"/spec/envFrom/0", {{"prefix", "TIDEGATE_"}, {"secretRef", {{"name", "s"}}}}, true},
        {"/spec/volumes/0", {{"name", "v"}, {"emptyDir", Json::object()}}, false},
        {"/spec/volumes/0", {{"name", "v"}, {"hostPath", {{"path", "/"}}}}, true},
        {"/spec/volumes/0", {{"name", "tidegate-state"}, {"emptyDir", Json::object()}}, true},
        {"/spec/volumeMounts/0", {{"name", "v"}, {"mountPath", "/v"}}, false},
        {"/spec/volumeMounts/0", {{"name", "tidegate-state"}, {"mountPath", "/v"}}, true},
        {"/spec/podLabels", {{"team", "a"}}, false},
        {"/spec/podLabels", {{"tidegate.io/role", "probe"}}, true},
        {"/spec/podLabels", {{"batch.kubernetes.io/job-name", "x"}}, true},
        {"/spec/podAnnotations", {{"team", "a"}}, false},
        {"/spec/podAnnotations", {{"tidegate.io/launch", "7"}}, true},
        {"/spec/sidecars/0", {{"name", "proxy"}, {"image", "p:1"}}, false},
        {"/spec/sidecars/0", {{"name", "migrate"}, {"image", "p:1"}}, true},
        {"/spec/sidecars/0", {{"name", "tidegate-agent"}, {"image", "p:1"}}, true},
        // What the played command understands.
        {"/spec/command", {"migrate", "fail"}, false},
        {"/spec/command", {"migrate", "again"}, false},
        {"/spec/command", {"nothing"}, false},
        {"/spec/includes", {"0000", "cafe"}, false},
        {"/spec/version", "0001", false},
        {"/spec/version", "0002", false},
        {"/spec/version", "8999", false},
    };
    return examples;
}

Json Object(const char* kind, const std::string& name, Json spec) {
    return {{"apiVersion", "tidegate.io/v1alpha1"},
            {"kind", kind},
            {"metadata", {{"name", name}}},
            {"spec", std::move(spec)}};
}

}  // namespace

FuzzedKind::FuzzedKind(const kube::Resource& resource, const Json& definition)
    : resource_(resource), schema_(definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]) {
    const auto& spec = schema_["properties"]["spec"];
    changes_ = support::ChangesOf(spec, "/spec");
    std::map<std::string, std::pair<bool, bool>> rules;
    for (const auto& rule : support::CelRules(spec, "/spec")) {
        // A rule of the whole ties fields together: its sides are walked from valid specs of both kinds.
        if (rule.field != "/spec") rules[rule.field];
    }
    for (const auto& example : Examples()) {
        const Json::json_pointer field(example.field);
        const auto known =
            std::any_of(changes_.begin(), changes_.end(), [&](const auto& c) { return c.field == field; });
        if (!known) continue;
        changes_.push_back(
            {field, example.is_refused ? "breaks a rule" : "meets the rules", example.value, example.is_refused});
        if (const auto rule = rules.find(example.field); rule != rules.end())
            (example.is_refused ? rule->second.first : rule->second.second) = true;
    }
    for (const auto& [field, sides] : rules) {
        if (!sides.first || !sides.second)
            throw std::runtime_error("the rules at " + field + " of " + std::string(resource.kind) +
                                     " have no examples on both sides: add them");
    }
    std::map<std::string, std::vector<std::size_t>> by_field;
    for (std::size_t i = 0; i < changes_.size(); ++i)
        by_field[changes_[i].Field()].push_back(i);
    for (auto& [field, changes] : by_field)
        by_field_.push_back(std::move(changes));
}

std::size_t FuzzedKind::Fields() const {
    return by_field_.size();
}

const SchemaChange& FuzzedKind::Any(std::mt19937& random) const {
    constexpr unsigned kRarely = 20;
    while (true) {
        const auto& changes = by_field_[random() % by_field_.size()];
        const auto& change = changes_[changes[random() % changes.size()]];
        const bool is_large = change.what == "1 MiB" || change.what == "maximum of items + 1";
        if (is_large && random() % kRarely != 0) continue;
        // What is refused leads nowhere: fewer of those.
        if (!change.is_refused || random() % 2 == 0) return change;
    }
}

Json FirstDatabase(const std::string& name) {
    return Object("Database", name,
                  {{"connection", {{"secretRef", {{"name", name + "-db"}}}}}, {"history", {{"tool", "Alembic"}}}});
}

Json OtherDatabase(const std::string& name) {
    return Object("Database", name, {{"engine", "Other"}, {"baseline", {"0000"}}});
}

Json FirstMigration(const std::string& name) {
    return Object(
        "Migration", name,
        {{"databaseRef", {{"name", name}}}, {"version", "0001"}, {"image", "orders:1"}, {"command", {"migrate"}}});
}

Json FinalDatabase(const std::string& name) {
    return Object("Database", name,
                  {{"connection", {{"secretRef", {{"name", "final"}}}, {"keys", {{"uri", "final"}}}}},
                   {"history", {{"tool", "Alembic"}}}});
}

/// The token makes it run wherever the path has led.
Json FinalMigration(const std::string& name) {
    return Object("Migration", name,
                  {{"databaseRef", {{"name", name}}},
                   {"version", kFinalVersion},
                   {"image", "orders:final"},
                   {"command", {"migrate", "final"}},
                   {"run", "final"}});
}

}  // namespace test
