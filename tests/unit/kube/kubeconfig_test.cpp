#include "kube/kubeconfig.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/errors.hpp"

namespace kube {
namespace {

using testing::HasSubstr;

/// A kubeconfig with one cluster and one user, whose fields a case sets.
std::string Config(const std::string& cluster, const std::string& user, const std::string& context = "") {
    return "current-context: shop\n"
           "contexts:\n"
           "- {name: shop, context: {cluster: one, user: me" +
           context +
           "}}\n"
           "- {name: other, context: {cluster: missing, user: me}}\n"
           "clusters:\n- {name: one, cluster: {" +
           cluster +
           "}}\n"
           "users:\n- {name: me, user: {" +
           user + "}}\n";
}

constexpr char kCluster[] = "server: 'https://10.0.0.1:6443/', certificate-authority-data: YXV0aG9yaXR5";

Connection Parse(const std::string& text, std::string_view context = {}) {
    return ParseKubeconfig(text, "/nowhere", "test.yaml", context);
}

std::string FailureOf(const std::string& text, std::string_view context = {}) {
    try {
        Parse(text, context);
        return "no failure";
    } catch (const Error& error) {
        return error.what();
    }
}

TEST(Kubeconfig, ReadsServerAuthorityAndToken) {
    const auto connection = Parse(Config(kCluster, "token: secret", ", namespace: web"));
    EXPECT_EQ(connection.server, "https://10.0.0.1:6443");
    EXPECT_EQ(connection.certificate_authority(), "authority");
    EXPECT_EQ(connection.token(), "secret");
    EXPECT_EQ(connection.ns, "web");
    EXPECT_FALSE(connection.client_certificate);
    EXPECT_EQ(connection.tls_server_name, "");
}

TEST(Kubeconfig, ReadsClientCertificateAndServerName) {
    const auto connection = Parse(Config(std::string(kCluster) + ", tls-server-name: api.example.com",
                                         "client-certificate-data: Y2VydA==, client-key-data: a2V5cw=="));
    EXPECT_EQ(connection.client_certificate(), "cert");
    EXPECT_EQ(connection.client_key(), "keys");
    EXPECT_EQ(connection.tls_server_name, "api.example.com");
    EXPECT_EQ(connection.ns, "default");
    EXPECT_FALSE(connection.token);
}

TEST(Kubeconfig, ReadsFilesRelativeToItself) {
    const auto directory = std::filesystem::temp_directory_path() / "tidegate-kubeconfig-test";
    std::filesystem::create_directories(directory);
    std::ofstream(directory / "ca.crt") << "from a file\n";
    std::ofstream(directory / "token") << "token from a file\n";
    const auto text = Config("server: 'https://a:1', certificate-authority: ca.crt", "token: old, tokenFile: token");
    const auto connection = ParseKubeconfig(text, directory, "test.yaml");
    EXPECT_EQ(connection.certificate_authority(), "from a file");
    EXPECT_EQ(connection.token(), "token from a file");
    std::filesystem::remove_all(directory);
}

TEST(Kubeconfig, NamesWhatIsMissing) {
    EXPECT_THAT(FailureOf(Config(kCluster, "token: x"), "nope"), HasSubstr("there is no context \"nope\""));
    EXPECT_THAT(FailureOf(Config(kCluster, "token: x"), "other"), HasSubstr("there is no cluster \"missing\""));
    EXPECT_THAT(FailureOf("contexts: []"), HasSubstr("no current-context: name one with --context"));
    EXPECT_THAT(FailureOf(Config("server: 'https://a:1'", "token: x")), HasSubstr("no certificate-authority"));
    EXPECT_THAT(FailureOf(Config(kCluster, "client-key-data: a2V5")), HasSubstr("belong together"));
    EXPECT_THAT(FailureOf(Config("server: 'https://a:1', certificate-authority: nope.crt", "token: x")),
                HasSubstr("cannot read /nowhere/nope.crt"));
}

TEST(Kubeconfig, RefusesWhatItCannotDoAndSaysWhatToUse) {
    EXPECT_THAT(FailureOf(Config(kCluster, "exec: {command: aws}")),
                AllOf(HasSubstr("authenticates by exec"), HasSubstr("use a token or a client certificate")));
    EXPECT_THAT(FailureOf(Config(kCluster, "auth-provider: {name: gcp}")), HasSubstr("authenticates by auth-provider"));
    EXPECT_THAT(FailureOf(Config(kCluster, "username: x, password: y")), HasSubstr("username/password"));
    EXPECT_THAT(FailureOf(Config(std::string(kCluster) + ", insecure-skip-tls-verify: true", "token: x")),
                HasSubstr("insecure-skip-tls-verify is not supported"));
    EXPECT_THAT(FailureOf(Config("server: 'https://[::1]:6443', certificate-authority-data: YQ==", "token: x")),
                HasSubstr("IPv6 address"));
}

TEST(Kubeconfig, AllowsPlainHttpToThisMachineOnly) {
    EXPECT_EQ(Parse(Config("server: 'http://127.0.0.1:8001'", "token: x")).server, "http://127.0.0.1:8001");
    EXPECT_THAT(FailureOf(Config("server: 'http://10.0.0.1:8001'", "token: x")), HasSubstr("in the clear"));
    EXPECT_THAT(FailureOf(Config("server: 'http://localhost.example.com'", "token: x")), HasSubstr("in the clear"));
}

TEST(Kubeconfig, SurvivesWhatIsNoKubeconfig) {
    EXPECT_THAT(FailureOf("{"), HasSubstr("kubeconfig test.yaml: not YAML"));
    EXPECT_THAT(FailureOf("just text"), HasSubstr("not a kubeconfig"));
    EXPECT_THAT(FailureOf(""), HasSubstr("not a kubeconfig"));
    EXPECT_THAT(FailureOf("current-context: [1]"), HasSubstr("no current-context"));
    EXPECT_THAT(FailureOf("current-context: a\ncontexts: text"), HasSubstr("there is no context \"a\""));
    EXPECT_THAT(FailureOf(Config("server: 'https://a:1', certificate-authority-data: '%%%'", "token: x")),
                HasSubstr("certificate-authority-data is not base64"));
}

}  // namespace
}  // namespace kube
