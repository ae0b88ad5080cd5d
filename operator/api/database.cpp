#include "api/database.hpp"

#include <initializer_list>

#include <nlohmann/json.hpp>

#include "api/object_meta.hpp"
#include "api/requirement.hpp"
#include "core/json_access.hpp"

namespace api {
namespace {

using core::NumberAt;
using core::TextAt;
using nlohmann::json;

/// As the CRD writes it; the other value is the default.
constexpr std::string_view kOtherEngine = "Other";

std::optional<std::chrono::seconds> SecondsAt(const json& object, std::initializer_list<std::string_view> path) {
    const auto number = NumberAt(object, path);
    return number ? std::optional(std::chrono::seconds{*number}) : std::nullopt;
}

ConnectionKeys ParseKeys(const json& object) {
    ConnectionKeys keys;
    const auto read = [&object](const char* name) { return TextAt(object, {"spec", "connection", "keys", name}); };
    keys.host = read("host");
    const auto uri = read("uri");
    // The default is there for who names nothing; beside parts it would be a key that the Secret may not have.
    if (!uri.empty() || keys.UsesParts()) keys.uri = uri;
    keys.jdbc_uri = read("jdbcUri");
    keys.passfile = read("passfile");
    keys.port = read("port");
    keys.dbname = read("dbname");
    keys.user = read("user");
    keys.password = read("password");
    return keys;
}

Tls ParseTls(const json& object) {
    Tls tls;
    tls.mode = ParseTlsMode(TextAt(object, {"spec", "connection", "tls", "mode"}));
    tls.ca_secret = TextAt(object, {"spec", "connection", "tls", "caSecretRef", "name"});
    const auto key = TextAt(object, {"spec", "connection", "tls", "caSecretRef", "key"});
    if (!key.empty()) tls.ca_key = key;
    return tls;
}

}  // namespace

Database ParseDatabase(const json& object) {
    Database database;
    ParseObjectMeta(object, database);
    database.spec.secret_name = TextAt(object, {"spec", "connection", "secretRef", "name"});
    database.spec.keys = ParseKeys(object);
    database.spec.tls = ParseTls(object);
    auto& history = database.spec.history;
    // Without a table to believe, versions are compared as far as their own names tell.
    if (TextAt(object, {"spec", "engine"}) == kOtherEngine) database.spec.engine = Engine::Other;
    const auto usual = database.IsReadable() ? version::Tool::Alembic : version::Tool::Custom;
    history.tool = version::ParseTool(TextAt(object, {"spec", "history", "tool"})).value_or(usual);
    history.table = TextAt(object, {"spec", "history", "table"});
    history.query = TextAt(object, {"spec", "history", "query"});
    database.spec.version_order =
        version::ParseOrder(TextAt(object, {"spec", "versionOrder"})).value_or(version::Order::ByTool);
    database.spec.limits = {.lock_timeout = SecondsAt(object, {"spec", "limits", "lockTimeoutSeconds"}),
                            .statement_timeout = SecondsAt(object, {"spec", "limits", "statementTimeoutSeconds"})};
    auto& lock_watch = database.spec.lock_watch;
    lock_watch.after = SecondsAt(object, {"spec", "lockWatch", "afterSeconds"}).value_or(lock_watch.after);
    lock_watch.action =
        ParseLockWatchAction(TextAt(object, {"spec", "lockWatch", "action"})).value_or(lock_watch.action);
    for (const auto& version : core::ArrayAt(object, {"spec", "baseline"})) {
        if (version.is_string()) database.spec.baseline.push_back(DecodeVersion(version.get<std::string>()));
    }

    database.spec.recheck = SecondsAt(object, {"spec", "recheckSeconds"});

    database.status = ParseDatabaseStatus(core::FindAt(object, {"status"}));
    return database;
}

}  // namespace api
