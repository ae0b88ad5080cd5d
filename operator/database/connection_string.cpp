#include "database/connection_string.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string_view>

#include <libpq-fe.h>

#include "database/db_error.hpp"

namespace database {
namespace {

using Keywords = std::map<std::string, std::string>;

[[noreturn]] void Refuse(const std::string& what) {
    throw DbError{DbErrorKind::BadConfiguration, what};
}

void WipeAndFree(PQconninfoOption* options) {
    for (PQconninfoOption* option = options; option->keyword; ++option) {
        if (option->val) ::explicit_bzero(option->val, std::string_view{option->val}.size());
    }
    PQconninfoFree(options);
}

/// "postgresql+psycopg2://" as libpq knows it.
void DropDriver(std::string& uri) {
    const auto colon = uri.find("://");
    const auto plus = uri.find('+');
    if (colon != std::string::npos && plus < colon) uri.erase(plus, colon - plus);
}

/// Only what comes before the first "/" can be user and password, and they end at the only "@".
bool LooksMisread(std::string_view uri) {
    const std::string_view rest = uri.substr(uri.find("://") + 3);
    const auto at = rest.find('@');
    return at != std::string_view::npos && (at > rest.find('/') || at != rest.rfind('@'));
}

bool IsPort(std::string_view port) {
    return port.find_first_not_of("0123456789,") == std::string_view::npos;
}

Keywords ParseUri(const Secret& secret) {
    std::string uri = secret.Reveal();
    DropDriver(uri);
    const bool is_postgres = uri.starts_with("postgres://") || uri.starts_with("postgresql://");
    const bool misread = is_postgres && LooksMisread(uri);
    std::unique_ptr<PQconninfoOption, decltype(&WipeAndFree)> options{
        is_postgres && !misread ? PQconninfoParse(uri.c_str(), nullptr) : nullptr, &WipeAndFree};
    Wipe(uri);
    if (!is_postgres) {
        Refuse(
            "the connection URI does not begin with postgres:// or postgresql://; name the Secret's key that holds "
            "such a "
            "URI in spec.connection.keys.uri of the Database");
    }
    if (misread) {
        Refuse(
            "the connection URI has an \"@\" or \"/\" inside its user or password; percent-encode it (\"@\" is %40, "
            "\"/\" is "
            "%2F) in the Secret, or give the Secret's keys of the parts in spec.connection.keys of the Database");
    }
    if (!options) {
        Refuse(
            "the connection URI cannot be read (a character that must be percent-encoded, or a parameter that libpq "
            "does "
            "not know); correct it in the Secret");
    }
    Keywords keywords;
    for (const PQconninfoOption* option = options.get(); option->keyword; ++option) {
        if (option->val) keywords[option->keyword] = option->val;
    }
    return keywords;
}

Keywords FromParts(const Credentials& credentials) {
    if (credentials.host.empty()) {
        Refuse(
            "neither a connection URI nor a host is set; the Secret must hold the keys that spec.connection.keys of "
            "the "
            "Database names");
    }
    Keywords keywords;
    const auto set = [&](const char* keyword, const std::string& value) {
        if (!value.empty()) keywords[keyword] = value;
    };
    set("host", credentials.host);
    set("port", credentials.port);
    set("dbname", credentials.database_name);
    set("user", credentials.user);
    set("password", credentials.password.Reveal());
    return keywords;
}

/// The weakest first.
constexpr std::array<std::string_view, 6> kSslModes{"disable", "allow",     "prefer",
                                                    "require", "verify-ca", "verify-full"};

/// One that libpq does not know, and refuses itself, counts as the strongest.
auto Strength(std::string_view ssl_mode) {
    return std::find(kSslModes.begin(), kSslModes.end(), ssl_mode) - kSslModes.begin();
}

void ApplyTls(const Credentials& credentials, Keywords& keywords) {
    if (!credentials.ssl_root_certificate.empty()) keywords["sslrootcert"] = credentials.ssl_root_certificate;
    if (credentials.ssl_mode.empty()) return;
    std::string& ssl_mode = keywords["sslmode"];
    if (ssl_mode.empty()) ssl_mode = credentials.ssl_mode;
    if (Strength(ssl_mode) >= Strength(credentials.ssl_mode)) return;
    Refuse(
        "the connection URI says sslmode=" + ssl_mode + ", which is less than the " + credentials.ssl_mode +
        " of spec.connection.tls.mode of the Database, and would count for the migration; take sslmode out of the URI "
        "in the Secret, or correct one of the two");
}

std::string Quoted(std::string_view value) {
    std::string quoted = "'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + "'";
}

}  // namespace

ConnectionString MakeConnectionString(const Credentials& credentials, const Keywords& settings) {
    Keywords keywords = credentials.uri.IsEmpty() ? FromParts(credentials) : ParseUri(credentials.uri);
    if (!IsPort(keywords["port"])) {
        Refuse(
            "the port is no number; correct it in the Secret (in a URI: a \":\" inside the password must be written "
            "%3A)");
    }
    ApplyTls(credentials, keywords);
    for (const auto& [keyword, value] : settings)
        keywords[keyword] = value;

    ConnectionString string;
    string.target = "\"" + keywords["dbname"] + "\" at " + keywords["host"] +
                    (keywords["port"].empty() ? "" : ":" + keywords["port"]) + " as \"" + keywords["user"] + "\"";
    std::string text;
    for (auto& [keyword, value] : keywords) {
        if (value.empty()) continue;
        std::string quoted = Quoted(value);
        // Grown step by step a string leaves copies of the password behind, hence the room for all of it beforehand.
        std::string longer;
        longer.reserve(text.size() + keyword.size() + quoted.size() + 2);
        longer.append(text).append(keyword).append("=").append(quoted).append(" ");
        Wipe(text);
        Wipe(quoted);
        text = std::move(longer);
    }
    string.text = Secret{std::move(text)};
    string.password = Secret{keywords["password"]};
    Wipe(keywords["password"]);
    return string;
}

}  // namespace database
