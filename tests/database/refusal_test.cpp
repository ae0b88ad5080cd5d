#include <csignal>
#include <fstream>

#include <gmock/gmock.h>

#include "support/database_test.hpp"

namespace testing_support {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::Not;

class Refusal : public DatabaseTest {
protected:
    /// Both ways in end with the same reason, the same exit code, and a message that names what to do.
    void ExpectRefused(const std::function<void(AgentPod&)>& change, std::string_view reason, int exit_code,
                       const std::string& advice) {
        static int number = 0;
        const std::unique_ptr<AgentPod> pods[] = {Pod("refused" + std::to_string(++number)),
                                                  Pod("refused" + std::to_string(++number))};
        for (const auto& pod : pods)
            change(*pod);
        pods[0]->Run();
        pods[1]->Probe();
        for (const auto& pod : pods) {
            EXPECT_EQ(pod->Agent().Wait(), exit_code) << pod->Output();
            const auto report = pod->Report();
            EXPECT_EQ(report.phase, api::AgentPhase::Refused);
            ASSERT_TRUE(report.error) << pod->ReportText();
            EXPECT_EQ(report.error->reason, reason);
            EXPECT_THAT(report.error->message, HasSubstr(advice));
            EXPECT_TRUE(report.end_time);
            EXPECT_EQ(pod->Ready().exit_code, 1);
        }
    }
};

TEST_F(Refusal, OfAWrongPassword) {
    ExpectRefused([](AgentPod& pod) { pod.environment["TIDEGATE_PASSWORD"] = std::string{kCanary} + "wrong"; },
                  api::agent_error::kAuthenticationFailed, 11, "correct user and password in the Secret");
}

TEST_F(Refusal, IsUnderstoodInTheServersLanguage) {
    const PostgresServer server{PostgresServer::Kind::German};
    database_ = {server.Port(), "postgres", "admin", kPassword};
    const auto pod = Pod("job");
    pod->environment["TIDEGATE_PASSWORD"] = "wrong";
    ASSERT_EQ(pod->Probe().Wait(), 11) << pod->Output();
    if (pod->Output().find("Passwort") == std::string::npos) GTEST_SKIP() << "no German catalogue of PostgreSQL";
    EXPECT_EQ(pod->Report().error->reason, api::agent_error::kAuthenticationFailed);

    pod->environment["TIDEGATE_PASSWORD"] = kPassword;
    pod->environment["TIDEGATE_DBNAME"] = "nosuch";
    EXPECT_EQ(pod->Probe().Wait(), 12) << pod->Output();
}

TEST_F(Refusal, OfAMissingPassword) {
    ExpectRefused([](AgentPod& pod) { pod.environment.erase("TIDEGATE_PASSWORD"); },
                  api::agent_error::kAuthenticationFailed, 11, "correct user and password in the Secret");
}

TEST_F(Refusal, OfAnUnknownDatabase) {
    ExpectRefused([](AgentPod& pod) { pod.environment["TIDEGATE_DBNAME"] = "nosuch"; },
                  api::agent_error::kDatabaseDoesNotExist, 12, "\"nosuch\"");
}

TEST_F(Refusal, WhenNoServerAnswers) {
    const std::string port = std::to_string(FreePort());
    ExpectRefused([&](AgentPod& pod) { pod.environment["TIDEGATE_PORT"] = port; }, api::agent_error::kUnreachable, 10,
                  "check that the server runs");
}

TEST_F(Refusal, OfAHostThatDoesNotExist) {
    ExpectRefused([](AgentPod& pod) { pod.environment["TIDEGATE_HOST"] = "nosuch.invalid"; },
                  api::agent_error::kUnreachable, 10, "nosuch.invalid");
}

TEST_F(Refusal, WhenTlsIsDemandedAndTheServerHasNone) {
    ExpectRefused(
        [&](AgentPod& pod) {
            pod.environment["TIDEGATE_URI"] =
                "postgres://" + database_.user + "@127.0.0.1:" + std::to_string(database_.port) + "/x?sslmode=require";
        },
        api::agent_error::kTlsFailed, 13, "sslmode");
}

TEST_F(Refusal, WhenTheRoleMayNotConnect) {
    Execute("REVOKE CONNECT ON DATABASE " + database_.name + " FROM PUBLIC; CREATE ROLE " + database_.name +
            "x LOGIN PASSWORD 'c4nary'");
    ExpectRefused(
        [&](AgentPod& pod) {
            pod.environment["TIDEGATE_USER"] = database_.name + "x";
            pod.environment["TIDEGATE_PASSWORD"] = "c4nary";
        },
        api::agent_error::kInsufficientPrivilege, 16, "GRANT CONNECT");
}

TEST_F(Refusal, WhenTheRoleMayNotReadTheHistoryTable) {
    Execute("CREATE TABLE alembic_version (version_num varchar(32))");
    ExpectRefused([](AgentPod&) {}, api::agent_error::kInsufficientPrivilege, 16, "alembic_version");
}

TEST_F(Refusal, OfAHistoryTableOfAnotherShape) {
    Execute("CREATE TABLE alembic_version (something int); GRANT SELECT ON alembic_version TO PUBLIC");
    ExpectRefused([](AgentPod&) {}, api::agent_error::kQueryFailed, 18, "version_num");
}

TEST_F(Refusal, WhenTheHistoryTableStaysLocked) {
    ASSERT_EQ(Alembic("0001_initial"), 0);
    const auto session = Connect();
    pqxx::work lock{*session};
    lock.exec("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE");
    ExpectRefused([](AgentPod&) {}, api::agent_error::kBusy, 17, "lock timeout");
}

TEST_F(Refusal, OfABusyTableEndsWhenTheLockDoes) {
    ASSERT_EQ(Alembic("0001_initial"), 0);
    const auto session = Connect();
    auto lock = std::make_unique<pqxx::work>(*session);
    lock->exec("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE");
    const auto pod = Pod("job");
    pod->options = {"--unsafe-test-quiet-milliseconds=200"};
    pod->Run();
    ASSERT_TRUE(pod->Shows("lock timeout")) << pod->Output();
    lock.reset();
    EXPECT_TRUE(pod->BecomesReady()) << pod->Output();
    EXPECT_EQ(pod->Report().error, std::nullopt);
}

TEST_F(Refusal, OfAnEnvironmentThatIsIncomplete) {
    ExpectRefused([](AgentPod& pod) { pod.environment.erase("TIDEGATE_TOOL"); }, api::agent_error::kBadConfiguration, 2,
                  "Alembic");
    ExpectRefused([](AgentPod& pod) { pod.environment.erase("TIDEGATE_HOST"); }, api::agent_error::kBadConfiguration, 2,
                  "spec.connection.keys");
    ExpectRefused([](AgentPod& pod) { pod.environment["TIDEGATE_URI"] = "postgres://u:c4nary@c4nary@h/d"; },
                  api::agent_error::kBadConfiguration, 2, "%40");
}

TEST_F(Refusal, OfAStandby) {
    const PostgresServer standby{PostgresServer::Kind::Standby};
    database_ = {standby.Port(), "postgres", "admin", kPassword};
    ExpectRefused([](AgentPod&) {}, api::agent_error::kStandbyRefused, 15, "primary");
}

/// A real PgBouncer in front of the case's database.
class Pooler {
public:
    Pooler(const TemporaryFolder& folder, const TestDatabase& database, const std::string& mode) : port_{FreePort()} {
        const auto home = folder.MakeFolder("pgbouncer-" + mode);
        std::ofstream{home / "users.txt"} << "\"" << database.user << "\" \"c4nary\"\n";
        std::ofstream{home / "pgbouncer.ini"} << "[databases]\n* = host=127.0.0.1 port=" << database.port
                                              << "\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=" << port_
                                              << "\nauth_type=plain\nauth_file=" << (home / "users.txt").string()
                                              << "\npool_mode=" << mode
                                              << "\nunix_socket_dir=\nignore_startup_parameters=extra_float_digits\n";
        process_ =
            std::make_unique<Process>(Process::Settings{.command = {"/usr/sbin/pgbouncer", home / "pgbouncer.ini"},
                                                        .environment = {},
                                                        .output = folder.Path() / ("pgbouncer-" + mode + ".log"),
                                                        .unprivileged = true});
    }

    int Port() const { return port_; }
    std::string Output() const { return process_->Output(); }

private:
    int port_;
    std::unique_ptr<Process> process_;
};

TEST_F(Refusal, OfAPoolerInEveryMode) {
    // PgBouncer needs a password that it can send on; the case's own has every character that its files cannot hold.
    Execute("ALTER ROLE " + database_.user + " PASSWORD 'c4nary'");
    database_.password = "c4nary";
    for (const char* mode : {"session", "transaction", "statement"}) {
        const Pooler pooler{folder_, database_, mode};
        ASSERT_TRUE(Eventually([&] { return pooler.Output().find("process up") != std::string::npos; }))
            << pooler.Output();
        const std::string port = std::to_string(pooler.Port());
        ExpectRefused([&](AgentPod& pod) { pod.environment["TIDEGATE_PORT"] = port; }, api::agent_error::kPoolerRefused,
                      14, "the PostgreSQL server itself");
    }
}

/// SIGTERM in every phase ends the agent soon, with a report.
class Termination : public DatabaseTest {};

TEST_F(Termination, WhileItCannotConnect) {
    const auto pod = Pod("job");
    pod->options.clear();
    pod->environment["TIDEGATE_PORT"] = std::to_string(FreePort());
    pod->Run();
    ASSERT_TRUE(pod->Shows("cannot connect"));
    EXPECT_EQ(pod->Terminate(), 3);
    EXPECT_EQ(pod->Report().phase, api::AgentPhase::Waiting);
    EXPECT_EQ(pod->Report().error->reason, api::agent_error::kUnreachable);
}

TEST_F(Termination, WhileItWaitsForTheFence) {
    const auto session = Connect("psql");
    pqxx::nontransaction{*session}.exec("SELECT pg_advisory_lock(1296648018, 1)");
    const auto pod = Pod("job");
    pod->Run();
    ASSERT_TRUE(pod->Shows("psql"));
    EXPECT_EQ(pod->Terminate(), 3);
    const auto report = pod->Report();
    EXPECT_EQ(report.phase, api::AgentPhase::Waiting);
    ASSERT_TRUE(report.waiting_for);
    EXPECT_EQ(report.waiting_for->application_name, "psql");
    EXPECT_TRUE(report.end_time);
}

TEST_F(Termination, WhenTheServerIsGoneAtTheEnd) {
    PostgresServer server;
    database_ = {server.Port(), "postgres", "admin", kPassword};
    const auto pod = Pod("job");
    pod->Run();
    ASSERT_TRUE(pod->BecomesReady()) << pod->Output();
    server.Stop();
    EXPECT_EQ(pod->Terminate(), 10);
    const auto report = pod->Report();
    EXPECT_EQ(report.phase, api::AgentPhase::Refused);
    EXPECT_EQ(report.error->reason, api::agent_error::kUnreachable);
    EXPECT_TRUE(report.before);
    EXPECT_EQ(report.after, std::nullopt);
}

TEST_F(Termination, WhenTheServerComesBackJustAfterTheEnd) {
    PostgresServer server;
    database_ = {server.Port(), "postgres", "admin", kPassword};
    const auto pod = Pod("job");
    pod->options = {"--unsafe-test-quiet-milliseconds=200"};
    pod->Run();
    ASSERT_TRUE(pod->BecomesReady()) << pod->Output();
    server.Stop();
    pod->Agent().Signal(SIGTERM);
    server.Start();
    EXPECT_EQ(pod->Agent().Wait(), 0) << pod->Output();
    EXPECT_EQ(pod->Report().phase, api::AgentPhase::Done);
    EXPECT_TRUE(pod->Report().after);
}

TEST_F(Termination, WhenTheServerAcceptsAndNeverAnswers) {
    const auto pod = Pod("job");
    pod->Run();
    ASSERT_TRUE(pod->BecomesReady()) << pod->Output();
    const int pid =
        std::stoi(Value("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND database = "
                        "(SELECT oid FROM pg_database WHERE datname = current_database())"));
    ::kill(pid, SIGSTOP);
    const auto code = pod->Terminate();
    ::kill(pid, SIGCONT);
    EXPECT_EQ(code, 10);
    EXPECT_EQ(pod->Report().phase, api::AgentPhase::Refused);
    EXPECT_THAT(pod->Report().error->message, HasSubstr("stopped answering"));
    EXPECT_TRUE(pod->Report().before);
}

/// The process itself: what others see of it, what it is made of.
class AgentProcess : public DatabaseTest {};

TEST_F(AgentProcess, ShowsNoPasswordInItsArguments) {
    const auto pod = Pod("job");
    pod->Run();
    ASSERT_TRUE(pod->BecomesReady());
    EXPECT_THAT(ReadFile("/proc/" + std::to_string(pod->Agent().Pid()) + "/cmdline"), Not(HasSubstr(kCanary)));
    EXPECT_EQ(Value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%c4nary%' AND pid <> pg_backend_pid()"),
              "0");
    EXPECT_EQ(pod->Terminate(), 0);
}

TEST_F(AgentProcess, LinksNoClientOfTheApiServer) {
    const auto output = folder_.Path() / "ldd.txt";
    ASSERT_EQ(RunToEnd({.command = {"ldd", TIDEGATE_AGENT}, .environment = {}, .output = output}), 0);
    EXPECT_THAT(ReadFile(output), HasSubstr("libpq"));
    EXPECT_THAT(ReadFile(output), Not(HasSubstr("cpprest")));
}

}  // namespace
}  // namespace testing_support
