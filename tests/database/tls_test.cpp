#include <functional>

#include <gmock/gmock.h>

#include "support/database_test.hpp"
#include "support/pod_environment.hpp"
#include "support/tls_server.hpp"

namespace testing_support {
namespace {

using testing::HasSubstr;
using Mode = api::Tls::Mode;

/// The agent with a private CA, of a real server.
class Tls : public DatabaseTest {
protected:
    /// What the kubelet would have mounted.
    std::unique_ptr<AgentPod> PodWith(std::optional<Mode> mode, const std::filesystem::path& ca = {}) {
        static int number = 0;
        api::Database database;
        database.spec.keys = PartKeys();
        database.spec.tls.mode = mode;
        if (!ca.empty()) database.spec.tls.ca_secret = "ca";
        auto pod = Pod("tls" + std::to_string(++number));
        testing_support::Connect(*pod, database, SecretOf(database_));
        if (!ca.empty()) pod->environment.at("PGSSLROOTCERT") = ca;
        return pod;
    }

    void ExpectConnected(AgentPod& pod, const std::string& how) {
        EXPECT_EQ(pod.Probe().Wait(), 0) << pod.Output();
        EXPECT_THAT(pod.Output(), HasSubstr(how));
    }

    /// The migration's agent and the probe's say the same.
    void ExpectRefused(AgentPod& pod, std::string_view reason, const std::string& what, const std::string& advice) {
        for (Process& (AgentPod::*start)() : {&AgentPod::Probe, &AgentPod::Run}) {
            EXPECT_GT((pod.*start)().Wait(), 1) << pod.Output();
            const auto report = pod.Report();
            EXPECT_EQ(report.phase, api::AgentPhase::Refused);
            ASSERT_TRUE(report.error) << pod.ReportText();
            EXPECT_EQ(report.error->reason, reason) << report.error->message;
            EXPECT_THAT(report.error->message, HasSubstr(what));
            EXPECT_THAT(report.error->message, HasSubstr(advice));
        }
    }
};

constexpr std::string_view kTlsFailed = api::agent_error::kTlsFailed;

TEST_F(Tls, WithTheRightCaPassesEveryMode) {
    TlsServer server{folder_};
    database_ = server.Database();
    for (const Mode mode : {Mode::VerifyFull, Mode::VerifyCA}) {
        const auto pod = PodWith(mode, server.Ca());
        pod->environment["TIDEGATE_HOST"] = "localhost";
        ExpectConnected(*pod, "encrypted by TLSv1.");
        pod->Run();
        EXPECT_TRUE(pod->BecomesReady()) << pod->Output();
        EXPECT_EQ(pod->Terminate(), 0) << pod->Output();
    }
    ExpectConnected(*PodWith(Mode::Require), "encrypted by TLSv1.");
    ExpectConnected(*PodWith(Mode::Prefer), "encrypted by TLSv1.");
    ExpectConnected(*PodWith(std::nullopt), "encrypted by TLSv1.");
    ExpectConnected(*PodWith(Mode::Disable), "not encrypted");
}

TEST_F(Tls, OfAnotherCaIsRefused) {
    TlsServer server{folder_};
    database_ = server.Database();
    for (const Mode mode : {Mode::VerifyFull, Mode::VerifyCA}) {
        const auto pod = PodWith(mode, server.OtherCa());
        pod->environment["TIDEGATE_HOST"] = "localhost";
        ExpectRefused(*pod, kTlsFailed, "certificate verify failed", "spec.connection.tls.caSecretRef");
    }
}

TEST_F(Tls, OfAnotherHostNameIsRefusedByVerifyFullAlone) {
    TlsServer server{folder_};
    database_ = server.Database();
    ExpectRefused(*PodWith(Mode::VerifyFull, server.Ca()), kTlsFailed, "does not match host name \"127.0.0.1\"",
                  "VerifyCA");
    ExpectConnected(*PodWith(Mode::VerifyCA, server.Ca()), "encrypted by TLSv1.");
}

TEST_F(Tls, IsNotGivenUpWhereTheServerHasNone) {
    ExpectRefused(*PodWith(Mode::Require), kTlsFailed, "does not support SSL", "set ssl = on at the server");
    ExpectConnected(*PodWith(Mode::Prefer), "not encrypted");
}

TEST_F(Tls, IsAskedForWhereTheServerLetsNobodyInWithoutIt) {
    TlsServer server{folder_, "hostssl all all all scram-sha-256\n"};
    database_ = server.Database();
    ExpectRefused(*PodWith(Mode::Disable), api::agent_error::kAuthenticationFailed, "no encryption",
                  "spec.connection.tls.mode of the Database to Require");
    ExpectConnected(*PodWith(std::nullopt), "encrypted by TLSv1.");
}

TEST_F(Tls, OfAUriMayAskForMoreThanTheDatabaseAndNotForLess) {
    TlsServer server{folder_};
    database_ = server.Database();
    const auto pod_of = [&](const std::string& parameters, Mode mode) {
        auto pod = PodWith(mode, mode == Mode::VerifyFull ? server.Ca() : "");
        const auto uri = SecretOf(database_).at("uri");
        pod->environment.erase("TIDEGATE_HOST");
        pod->environment["TIDEGATE_URI"] = uri + parameters;
        return pod;
    };
    ExpectRefused(*pod_of("?sslmode=prefer", Mode::VerifyFull), api::agent_error::kBadConfiguration,
                  "sslmode=prefer, which is less than the verify-full", "take sslmode out of the URI");
    ExpectConnected(*pod_of("?sslmode=require", Mode::Prefer), "encrypted by TLSv1.");
    ExpectRefused(*pod_of("?sslmode=verify-full", Mode::Require), kTlsFailed, "root certificate file",
                  "caSecretRef with the Secret");
    // The file is one of the migration's image.
    ExpectRefused(*pod_of("?sslmode=verify-full&sslrootcert=/nosuch.crt", Mode::VerifyFull), kTlsFailed,
                  "does not match host name", "VerifyCA");
}

}  // namespace
}  // namespace testing_support
