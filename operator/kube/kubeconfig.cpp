#include "kube/kubeconfig.hpp"

#include <fstream>
#include <iterator>
#include <vector>

#include <openssl/evp.h>
#include <yaml-cpp/yaml.h>

#include "kube/errors.hpp"

namespace kube {
namespace {

/// Says where in which file the trouble is.
struct Origin {
    std::string file;
    std::filesystem::path directory;

    [[noreturn]] void Fail(const std::string& what) const { throw Error("kubeconfig " + file + ": " + what); }
};

std::string Text(const YAML::Node& map, const char* key) {
    if (!map.IsMap()) return {};
    const auto node = map[key];
    return node && node.IsScalar() ? node.Scalar() : std::string();
}

bool Has(const YAML::Node& map, const char* key) {
    if (!map.IsMap()) return false;
    const auto node = map[key];
    return node && !node.IsNull();
}

std::string DecodeBase64(std::string text, const Origin& origin, const std::string& field) {
    std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
    std::vector<unsigned char> decoded(text.size() / 4 * 3 + 3);
    const int size = EVP_DecodeBlock(decoded.data(), reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
    if (size < 0 || text.empty()) origin.Fail(field + " is not base64");
    // EVP_DecodeBlock counts the padding as zero bytes.
    const auto padding = static_cast<std::size_t>(text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0);
    return {decoded.begin(), decoded.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(size) - padding)};
}

/// `<field>-data` (base64) wins over `<field>` (a path), as in kubectl.
TextSource DataOrFile(const YAML::Node& map, const std::string& field, const Origin& origin) {
    const auto data = field + "-data";
    if (const auto text = Text(map, data.c_str()); !text.empty()) return FixedText(DecodeBase64(text, origin, data));
    if (const auto path = Text(map, field.c_str()); !path.empty()) {
        try {
            return FileText(origin.directory / path);
        } catch (const Error& error) {
            origin.Fail(field + ": " + error.what());
        }
    }
    return nullptr;
}

/// The entry called `name` of a list of {name, <kind>: {...}}.
YAML::Node Named(const YAML::Node& root, const char* list, const char* kind, const std::string& name,
                 const Origin& origin) {
    if (name.empty()) origin.Fail("no " + std::string(kind) + " is named by the context");
    const auto entries = root[list];
    if (entries && entries.IsSequence()) {
        for (const auto& entry : entries) {
            if (Text(entry, "name") != name) continue;
            const auto body = entry[kind];
            if (body && body.IsMap()) return body;
            origin.Fail(std::string(kind) + " \"" + name + "\" is empty");
        }
    }
    origin.Fail("there is no " + std::string(kind) + " \"" + name + "\" in " + list);
}

bool IsLoopback(std::string_view server) {
    const auto host = server.substr(std::string_view("http://").size());
    return host.starts_with("127.") || host.starts_with("localhost:") || host == "localhost" ||
           host.starts_with("localhost/");
}

void ReadCluster(const YAML::Node& cluster, const Origin& origin, Connection& connection) {
    connection.server = Text(cluster, "server");
    while (connection.server.ends_with('/'))
        connection.server.pop_back();
    if (connection.server.empty()) origin.Fail("the cluster names no server");
    if (Text(cluster, "insecure-skip-tls-verify") == "true") {
        origin.Fail(
            "insecure-skip-tls-verify is not supported: give certificate-authority or certificate-authority-data");
    }
    if (!Text(cluster, "proxy-url").empty()) origin.Fail("proxy-url is not supported");
    const bool is_plain = connection.server.starts_with("http://");
    if (is_plain && !IsLoopback(connection.server)) {
        origin.Fail("server " + connection.server +
                    " is plain http, which would send credentials in the clear: use https");
    }
    if (!is_plain && !connection.server.starts_with("https://")) {
        origin.Fail("server \"" + connection.server + "\" does not begin with https://");
    }
    if (connection.server.starts_with("https://[")) {
        origin.Fail("server " + connection.server +
                    " is an IPv6 address, which the HTTP library cannot use: give a host name");
    }
    connection.tls_server_name = Text(cluster, "tls-server-name");
    connection.certificate_authority = DataOrFile(cluster, "certificate-authority", origin);
    if (!is_plain && !connection.certificate_authority) {
        origin.Fail(
            "no certificate-authority or certificate-authority-data: Tidegate trusts the cluster's authority only");
    }
}

void ReadUser(const YAML::Node& user, const Origin& origin, Connection& connection) {
    for (const char* const plugin : {"exec", "auth-provider"}) {
        if (Has(user, plugin)) {
            origin.Fail(std::string("the user authenticates by ") + plugin +
                        ", which is not supported: use a token or a client certificate (for example of a service "
                        "account: kubectl create token)");
        }
    }
    if (Has(user, "username")) origin.Fail("username/password is not supported: use a token or a client certificate");
    connection.client_certificate = DataOrFile(user, "client-certificate", origin);
    connection.client_key = DataOrFile(user, "client-key", origin);
    if (static_cast<bool>(connection.client_certificate) != static_cast<bool>(connection.client_key)) {
        origin.Fail("client-certificate and client-key belong together, but one is missing");
    }
    if (const auto token = Text(user, "token"); !token.empty()) connection.token = FixedText(token);
    // As in client-go: the file wins, because it can be renewed.
    if (const auto path = Text(user, "tokenFile"); !path.empty()) connection.token = FileText(origin.directory / path);
}

}  // namespace

Connection ParseKubeconfig(std::string_view text, const std::filesystem::path& directory, std::string_view origin_name,
                           std::string_view context_name) {
    const Origin origin{std::string(origin_name), directory};
    YAML::Node root;
    try {
        root = YAML::Load(std::string(text));
    } catch (const YAML::Exception& error) {
        origin.Fail(std::string("not YAML: ") + error.what());
    }
    if (!root.IsMap()) origin.Fail("not a kubeconfig: the document is no map");
    try {
        const auto name = context_name.empty() ? Text(root, "current-context") : std::string(context_name);
        if (name.empty()) origin.Fail("no current-context: name one with --context");
        const auto context = Named(root, "contexts", "context", name, origin);
        Connection connection;
        ReadCluster(Named(root, "clusters", "cluster", Text(context, "cluster"), origin), origin, connection);
        ReadUser(Named(root, "users", "user", Text(context, "user"), origin), origin, connection);
        if (const auto ns = Text(context, "namespace"); !ns.empty()) connection.ns = ns;
        return connection;
    } catch (const YAML::Exception& error) {
        origin.Fail(error.what());
    }
}

Connection LoadKubeconfig(const std::filesystem::path& path, std::string_view context) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw Error("cannot read kubeconfig " + path.string() + ": check that it exists and may be read");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    return ParseKubeconfig(text, std::filesystem::absolute(path).parent_path(), path.string(), context);
}

}  // namespace kube
