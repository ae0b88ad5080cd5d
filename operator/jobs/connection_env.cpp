#include "jobs/connection_env.hpp"

#include <cctype>
#include <string_view>

#include <nlohmann/json.hpp>

#include "api/names.hpp"
#include "jobs/passfile.hpp"

namespace jobs {
namespace {

using nlohmann::json;

constexpr std::string_view kHost = "PGHOST";
constexpr std::string_view kPort = "PGPORT";
constexpr std::string_view kDatabaseName = "PGDATABASE";

/// Reads keys of one Secret into variables.
class SecretVariables {
public:
    explicit SecretVariables(const api::Database& database) : secret_(database.spec.secret_name) {}

    /// Nothing where the Database names no key.
    void Add(std::string_view name, const std::string& key) {
        if (key.empty()) return;
        env_.push_back({{"name", name}, {"valueFrom", {{"secretKeyRef", {{"name", secret_}, {"key", key}}}}}});
    }
    void AddText(std::string_view name, const std::string& value) {
        env_.push_back({{"name", name}, {"value", value}});
    }
    json Take() { return std::move(env_); }

private:
    const std::string& secret_;
    json env_ = json::array();
};

/// For a value in a URL's query; pgjdbc would read "+" as a space.
std::string PercentEncoded(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string encoded;
    for (const unsigned char c : text) {
        if (std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_' || c == '~') {
            encoded += static_cast<char>(c);
        } else {
            encoded += {'%', kDigits[c / kDigits.size()], kDigits[c % kDigits.size()]};
        }
    }
    return encoded;
}

std::string Expanded(std::string_view name) {
    return "$(" + std::string(name) + ")";
}

std::string JdbcUrlOfParts(const api::DatabaseSpec& spec, const std::string& session_options) {
    const auto& keys = spec.keys;
    std::string url = "jdbc:postgresql://" + Expanded(kHost);
    if (!keys.port.empty()) url += ":" + Expanded(kPort);
    url += "/" + Expanded(kDatabaseName);
    url += "?ApplicationName=" + PercentEncoded(api::kFenceTagPrefix) + Expanded(api::kAgentJobUid);
    if (!session_options.empty()) url += "&options=" + PercentEncoded(session_options);
    if (spec.tls.mode) url += "&sslmode=" + std::string(api::SslMode(*spec.tls.mode));
    if (!spec.tls.ca_secret.empty()) url += "&sslrootcert=" + std::string(kCaFile);
    return url;
}

}  // namespace

json TlsEnv(const api::Database& database) {
    const auto& tls = database.spec.tls;
    json env = json::array();
    if (tls.mode) env.push_back({{"name", api::kSslMode}, {"value", api::SslMode(*tls.mode)}});
    if (!tls.ca_secret.empty()) env.push_back({{"name", api::kSslRootCertificate}, {"value", kCaFile}});
    return env;
}

json AgentConnectionEnv(const api::Database& database) {
    const auto& keys = database.spec.keys;
    SecretVariables env(database);
    if (!keys.UsesParts()) {
        env.Add(api::kAgentUri, keys.uri);
        return env.Take();
    }
    env.Add(api::kAgentHost, keys.host);
    env.Add(api::kAgentPort, keys.port);
    env.Add(api::kAgentDatabaseName, keys.dbname);
    env.Add(api::kAgentUser, keys.user);
    env.Add(api::kAgentPassword, keys.password);
    return env.Take();
}

json InheritedEnv(const api::Database& database, const std::string& session_options) {
    constexpr std::string_view kJdbcUrl = "JDBC_DATABASE_URL";
    const auto& keys = database.spec.keys;
    SecretVariables env(database);
    env.Add("DATABASE_URL", keys.uri);
    env.Add(kJdbcUrl, keys.jdbc_uri);
    const bool has_passfile = !keys.passfile.empty();
    if (has_passfile) env.AddText("PGPASSFILE", kPassfile);
    if (!keys.UsesParts()) return env.Take();
    env.Add(kHost, keys.host);
    env.Add(kPort, keys.port);
    env.Add(kDatabaseName, keys.dbname);
    env.Add("PGUSER", keys.user);
    if (!has_passfile) env.Add("PGPASSWORD", keys.password);
    if (keys.jdbc_uri.empty()) env.AddText(kJdbcUrl, JdbcUrlOfParts(database.spec, session_options));
    env.Add("JDBC_DATABASE_USERNAME", keys.user);
    if (!has_passfile) env.Add("JDBC_DATABASE_PASSWORD", keys.password);
    return env.Take();
}

json OtherEngineEnv(const api::Database& database) {
    const auto& keys = database.spec.keys;
    SecretVariables env(database);
    if (database.spec.secret_name.empty()) return env.Take();
    env.Add("DATABASE_URL", keys.uri);
    env.Add("DATABASE_HOST", keys.host);
    env.Add("DATABASE_PORT", keys.port);
    env.Add("DATABASE_NAME", keys.dbname);
    env.Add("DATABASE_USER", keys.user);
    env.Add("DATABASE_PASSWORD", keys.password);
    return env.Take();
}

}  // namespace jobs
