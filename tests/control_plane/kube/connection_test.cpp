#include "kube/connection.hpp"

#include "control_plane/kube/cluster_fixture.hpp"
#include "kube/client.hpp"
#include "support/kubectl.hpp"

namespace test {
namespace {

/// What a user reads when the API server cannot be used.
std::string FailureOf(const kube::Connection& connection) {
    try {
        ConnectTo(connection).requests.Get(kube::kNamespaces, {"", "default"});
        return "no failure";
    } catch (const kube::TransportError& error) {
        return error.what();
    }
}

/// Another cluster's authority: self-signed, made for this test, good until 2126.
constexpr char kForeignAuthority[] = R"(-----BEGIN CERTIFICATE-----
MIIBizCCATGgAwIBAgIUFfJ7ZPaLTW3QYQEMAiaglwKsxz4wCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPYW5vdGhlciBjbHVzdGVyMCAXDTI2MTEyMjIwMjcwOFoYDzIx
MjYxMDI5MjAyNzA4WjAaMRgwFgYDVQQDDA9hbm90aGVyIGNsdXN0ZXIwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAAQrPhopAO3X7Wm3yWTMFd0AjgCL2Ob6FdLhn/kH
+0kv+6823GIerh8oOlZHxszfWfgq5WCuz2dKsl/izneLkpVfo1MwUTAdBgNVHQ4E
FgQUseUhQCIyQWbA3xJhJZbXwBfx+acwHwYDVR0jBBgwFoAUseUhQCIyQWbA3xJh
JZbXwBfx+acwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiAZagyE
h5Hq9pXsvQI5ON/C8/QFU9ryiG23PhnhKwgXIAIhAIZ9AgM1zB/gFM2dpVERansJ
NTEyVu/LbPzNyE1lJco/
-----END CERTIFICATE-----
)";

class Connection : public ClusterFixture {};

TEST_F(Connection, ToAPortWhereNobodyListensSaysWhatToCheck) {
    connection_.server = "https://127.0.0.1:1";
    const auto text = FailureOf(connection_);
    EXPECT_NE(text.find("cannot connect to the API server at 127.0.0.1:1"), std::string::npos) << text;
    EXPECT_NE(text.find("check that it runs"), std::string::npos) << text;
}

TEST_F(Connection, ToANameThatDoesNotExistSaysSo) {
    connection_.server = "https://no-such-host.invalid:6443";
    const auto text = FailureOf(connection_);
    EXPECT_NE(text.find("cannot resolve the API server's name no-such-host.invalid:6443"), std::string::npos) << text;
}

TEST_F(Connection, RefusesAServerOfAnotherAuthority) {
    connection_.certificate_authority = kube::FixedText(kForeignAuthority);
    const auto text = FailureOf(connection_);
    EXPECT_NE(text.find("must be signed by the cluster's authority"), std::string::npos) << text;
    EXPECT_NE(text.find("certificate-authority"), std::string::npos) << text;
}

TEST_F(Connection, RefusesACertificateForAnotherName) {
    connection_.tls_server_name = "elsewhere.example.com";
    const auto text = FailureOf(connection_);
    EXPECT_NE(text.find("valid for \"elsewhere.example.com\""), std::string::npos) << text;
}

TEST_F(Connection, VerifiesTheNameItIsTold) {
    connection_.tls_server_name = "kubernetes.default.svc";
    EXPECT_TRUE(ConnectTo(connection_).requests.Get(kube::kNamespaces, {"", "default"}));
}

TEST_F(Connection, SaysAtOnceThatAnAuthorityIsNoCertificate) {
    connection_.certificate_authority = kube::FixedText("not a certificate");
    EXPECT_THROW(ConnectTo(connection_), kube::Error);
}

TEST_F(Connection, AuthenticatesByToken) {
    std::string token;
    ASSERT_TRUE(Eventually(
        [&] {
            return !(token = support::Kubectl(namespace_).Must({"create", "token", "default"})).empty();
        },
        "the namespace's service account is there"));
    while (token.ends_with('\n'))
        token.pop_back();
    connection_.client_certificate = nullptr;
    connection_.client_key = nullptr;
    connection_.token = kube::FixedText(token);
    const auto clients = ConnectTo(connection_);
    // Known, but without rights: both a read (unexpected) and a write (to be shown to the user) say who may not do
    // what.
    try {
        clients.requests.Get(kConfigMaps, Key("one"));
        FAIL() << "expected ApiError";
    } catch (const kube::ApiError& error) {
        EXPECT_EQ(error.Code(), 403);
        EXPECT_NE(error.Message().find("system:serviceaccount:" + namespace_ + ":default"), std::string::npos);
    }
    const auto written = clients.requests.Create(kConfigMaps, ConfigMap("one"));
    EXPECT_EQ(written.outcome, kube::Outcome::kRefused);
    EXPECT_EQ(written.reason, "Forbidden");
}

TEST_F(Connection, AWrongTokenIsAnApiErrorNotAMissingObject) {
    connection_.client_certificate = nullptr;
    connection_.client_key = nullptr;
    connection_.token = kube::FixedText("not-a-token");
    try {
        ConnectTo(connection_).requests.Get(kube::kNamespaces, {"", "default"});
        FAIL() << "expected ApiError";
    } catch (const kube::ApiError& error) {
        EXPECT_EQ(error.Code(), 401);
    }
}

TEST_F(Connection, AStoppedCallerGetsStopped) {
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(Client().Get(kube::kNamespaces, {"", "default"}, stop.get_token()), kube::Stopped);
}

}  // namespace
}  // namespace test
