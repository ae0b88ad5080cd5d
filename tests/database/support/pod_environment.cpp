#include "support/pod_environment.hpp"

#include <cctype>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "jobs/connection_env.hpp"
#include "jobs/migration_job.hpp"

namespace testing_support {
namespace {

using nlohmann::json;
using Environment = std::map<std::string, std::string>;

std::string PercentEncoded(const std::string& text) {
    std::string encoded;
    for (const unsigned char c : text) {
        char hex[4];
        std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned>(c));
        encoded += std::isalnum(c) != 0 ? std::string(1, static_cast<char>(c)) : hex;
    }
    return encoded;
}

/// As Kubernetes has it: "$$" is a "$", a name that is not known stays as it is, and what was put in is not looked at
/// again.
std::string Expanded(const std::string& text, const Environment& known) {
    std::string expanded;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto end = text.find(')', at);
        if (text.compare(at, 2, "$$") == 0) {
            expanded += text[at++];
        } else if (text.compare(at, 2, "$(") == 0 && end != std::string::npos) {
            const auto found = known.find(text.substr(at + 2, end - at - 2));
            expanded += found != known.end() ? found->second : text.substr(at, end - at + 1);
            at = end;
        } else {
            expanded += text[at];
        }
    }
    return expanded;
}

Environment Resolved(const json& variables, const SecretData& secret) {
    Environment environment;
    for (const auto& variable : variables) {
        auto& value = environment[variable.at("name")];
        if (variable.contains("value"))
            value = Expanded(variable["value"], environment);
        else if (const auto from = variable.at("valueFrom"); from.contains("secretKeyRef"))
            value = secret.at(from["secretKeyRef"].at("key"));
        else
            value = "job";
    }
    return environment;
}

}  // namespace

SecretData SecretOf(const TestDatabase& database) {
    const std::string port = std::to_string(database.port);
    const std::string user = PercentEncoded(database.user), password = PercentEncoded(database.password);
    return {{"host", "127.0.0.1"},
            {"port", port},
            {"dbname", database.name},
            {"user", database.user},
            {"username", database.user},
            {"password", database.password},
            {"uri", "postgresql://" + user + ":" + password + "@127.0.0.1:" + port + "/" + database.name},
            {"jdbc-uri",
             "jdbc:postgresql://127.0.0.1:" + port + "/" + database.name + "?password=" + password + "&user=" + user}};
}

api::ConnectionKeys UriKey() {
    return {};
}

api::ConnectionKeys PartKeys() {
    return {.uri = "", .host = "host", .port = "port", .dbname = "dbname", .user = "user", .password = "password"};
}

Environment AgentEnvironment(const api::Database& database, const SecretData& secret) {
    json variables = jobs::AgentConnectionEnv(database);
    for (auto& variable : jobs::TlsEnv(database))
        variables.push_back(std::move(variable));
    return Resolved(variables, secret);
}

Environment MigrationEnvironment(const api::Database& database, const SecretData& secret) {
    const json migration{{"metadata", {{"name", "orders"}}}, {"spec", {{"image", "i"}, {"command", {"c"}}}}};
    const auto job = jobs::BuildMigrationJob(migration, database, {"orders", {"uid"}, "key", 1}, {});
    return Resolved(job.at("spec").at("template").at("spec").at("containers").at(0).at("env"), secret);
}

void Connect(AgentPod& pod, const api::Database& database, const SecretData& secret) {
    for (const char* name : {"TIDEGATE_URI", "TIDEGATE_HOST", "TIDEGATE_PORT", "TIDEGATE_DBNAME", "TIDEGATE_USER",
                             "TIDEGATE_PASSWORD", "PGSSLMODE", "PGSSLROOTCERT"})
        pod.environment.erase(name);
    pod.environment.merge(AgentEnvironment(database, secret));
}

}  // namespace testing_support
