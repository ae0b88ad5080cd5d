#include <fstream>

#include <gmock/gmock.h>

#include "one_runner/tcp_proxy.hpp"
#include "support/database_test.hpp"

namespace testing_support {
namespace {

using one_runner::TcpProxy;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

/// A real streaming standby of a server.
class Replica {
public:
    explicit Replica(const PostgresServer& primary)
        : folder_{files_.MakeFolder("replica")}, data_{folder_ / "data"}, port_{FreePort()} {
        const auto output = files_.Path() / "pg_basebackup.log";
        const int code = RunToEnd({.command = {PostgresBinaries() / "pg_basebackup", "--pgdata", data_, "--host",
                                               "127.0.0.1", "--port", std::to_string(primary.Port()), "--username",
                                               "admin", "--write-recovery-conf", "--checkpoint", "fast", "--no-sync"},
                                   .environment = {{"PGPASSWORD", kPassword}},
                                   .output = output,
                                   .unprivileged = true});
        if (code != 0) throw std::runtime_error{"pg_basebackup: " + ReadFile(output)};
        process_ = std::make_unique<Process>(Process::Settings{
            .command = {PostgresBinaries() / "postgres", "-D", data_, "-k", folder_, "-p", std::to_string(port_), "-c",
                        "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "shared_buffers=16MB"},
            .environment = {},
            .output = files_.Path() / "replica.log",
            .unprivileged = true,
            .signal_on_our_death = SIGINT,
        });
    }
    ~Replica() {
        process_->Signal(SIGINT);
        process_->Wait();
    }

    int Port() const { return port_; }
    /// What a query gives; empty while nobody answers.
    std::string Value(const std::string& sql) const {
        try {
            pqxx::connection connection{"host=127.0.0.1 user=admin dbname=postgres port=" + std::to_string(port_) +
                                        " password='" + Escaped() + "'"};
            return pqxx::nontransaction{connection}.exec1(sql)[0].c_str();
        } catch (const pqxx::failure&) {
            return {};
        }
    }
    bool Streams() const {
        return Eventually([&] { return Value("SELECT max(status) FROM pg_stat_wal_receiver") == "streaming"; });
    }
    void Promote() const { ASSERT_EQ(Value("SELECT pg_promote()"), "t"); }

private:
    static std::string Escaped() {
        std::string text;
        for (const char c : std::string{kPassword}) {
            if (c == '\'' || c == '\\') text += '\\';
            text += c;
        }
        return text;
    }

    TemporaryFolder files_;
    std::filesystem::path folder_, data_;
    int port_;
    std::unique_ptr<Process> process_;
};

/// Servers that change their part, and networks that cut, between an agent's looks.
class Failover : public DatabaseTest {
protected:
    std::unique_ptr<AgentPod> PodAt(int port, const std::string& job_uid) const {
        auto pod = Pod(job_uid);
        pod->environment["TIDEGATE_PORT"] = std::to_string(port);
        return pod;
    }
};

TEST_F(Failover, ARealStandbyIsRefusedUntilItIsPromoted) {
    const Replica replica{SharedServer()};
    ASSERT_TRUE(replica.Streams());
    const auto pod = PodAt(replica.Port(), "job");
    pod->Run();
    EXPECT_EQ(pod->Agent().Wait(), 15) << pod->Output();
    EXPECT_EQ(pod->Report().error->reason, api::agent_error::kStandbyRefused);
    EXPECT_THAT(pod->Report().error->message, HasSubstr("put the address of the primary into the Secret"));
    EXPECT_FALSE(pod->Report().before) << "a reading of a standby may be old";

    replica.Promote();
    pod->Run();
    EXPECT_TRUE(pod->BecomesReady()) << pod->Output();
    EXPECT_EQ(pod->Terminate(), 0);
}

TEST_F(Failover, AnIncumbentDoesNotHoldTheFenceOfAStandbyAndTakesItWhenThatOneIsPromoted) {
    auto primary = std::make_unique<PostgresServer>();
    const Replica replica{*primary};
    ASSERT_TRUE(replica.Streams());
    TcpProxy address{primary->Port()};
    database_ = {address.Port(), "postgres", "admin", kPassword};
    const auto incumbent = Pod("incumbent");
    incumbent->Run();
    ASSERT_TRUE(incumbent->BecomesReady()) << incumbent->Output();

    primary.reset();
    address.LeadTo(replica.Port());
    ASSERT_TRUE(Eventually([&] { return incumbent->Output().find("is a standby") != std::string::npos; }))
        << incumbent->Output();
    EXPECT_EQ(incumbent->Ready().exit_code, 1);
    EXPECT_EQ(replica.Value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "0");
    const auto newcomer = Pod("newcomer");
    newcomer->Run();
    EXPECT_EQ(newcomer->Agent().Wait(), 15) << newcomer->Output();
    EXPECT_TRUE(incumbent->Agent().IsRunning()) << "its migration may be running";

    replica.Promote();
    EXPECT_TRUE(incumbent->BecomesReady()) << incumbent->Output();
    newcomer->Run();
    EXPECT_TRUE(newcomer->Shows("tidegate/incumbent")) << newcomer->Output();
    EXPECT_EQ(incumbent->Terminate(), 0);
    EXPECT_EQ(incumbent->Report().fence_lost, 1);
    EXPECT_EQ(newcomer->Terminate(), 3);
}

TEST_F(Failover, APrimaryThatComesBackAsAStandbyIsNoPlaceForTheFence) {
    PostgresServer server;
    const auto signal = server.Folder() / "postgres/data/standby.signal";
    database_ = {server.Port(), "postgres", "admin", kPassword};
    const auto pod = Pod("job");
    pod->Run();
    ASSERT_TRUE(pod->BecomesReady()) << pod->Output();

    server.Stop();
    std::ofstream{signal};
    server.Start();
    ASSERT_TRUE(Eventually([&] { return pod->Output().find("is a standby") != std::string::npos; })) << pod->Output();
    EXPECT_EQ(pod->Ready().exit_code, 1);

    server.Stop();
    std::filesystem::remove(signal);
    server.Start();
    EXPECT_TRUE(pod->BecomesReady()) << pod->Output();
    EXPECT_EQ(pod->Terminate(), 0);
    EXPECT_EQ(pod->Report().fence_lost, 1) << "once lost, and never held between";
}

TEST_F(Failover, ANetworkThatCutsIdleConnectionsDoesNotCostTheFence) {
    // Real ones cut after minutes; the agent has something to say each second.
    constexpr milliseconds kLimit{4000};
    TcpProxy network{SharedServer().Port(), kLimit};
    const auto pod = PodAt(network.Port(), "job");
    pod->Run();
    ASSERT_TRUE(pod->BecomesReady()) << pod->Output();
    const std::string holder =
        "SELECT max(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND database = (SELECT oid FROM "
        "pg_database WHERE datname = current_database())";
    const auto before = Value(holder);
    pqxx::connection idle{"host=127.0.0.1 user=" + database_.user + " dbname=" + database_.name +
                          " application_name=idle port=" + std::to_string(network.Port()) +
                          " password='c4nary \\'\"\\\\ @:/?#%41&=+;$`~<>{}[]|^!*()-_.,\xC3\xBC'"};
    const auto start = steady_clock::now();
    ASSERT_TRUE(Eventually([&] { return steady_clock::now() - start > 2 * kLimit; }));
    EXPECT_EQ(Value("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'idle'"), "0")
        << "or this network cuts nothing";
    EXPECT_EQ(Value(holder), before);
    EXPECT_EQ(pod->Terminate(), 0);
    EXPECT_EQ(pod->Report().fence_lost, 0);
}

TEST_F(Failover, AWaitingNewcomerSurvivesCutsAndStillKnowsThatItSawTheFenceHeld) {
    TcpProxy network{SharedServer().Port()};
    const auto holder = Pod("holder");
    holder->Run();
    ASSERT_TRUE(holder->BecomesReady()) << holder->Output();
    const auto newcomer = PodAt(network.Port(), "newcomer");
    newcomer->options = {"--unsafe-test-young-server-seconds=0", "--unsafe-test-quiet-milliseconds=3000"};
    newcomer->Run();
    ASSERT_TRUE(newcomer->Shows("tidegate/holder")) << newcomer->Output();
    network.Set(TcpProxy::Mode::Resets);
    ASSERT_TRUE(newcomer->Shows("to database")) << newcomer->Output();
    holder->Agent().Signal(SIGKILL);
    holder->Agent().Wait();
    const auto freed = steady_clock::now();
    network.Set(TcpProxy::Mode::Passes);
    ASSERT_TRUE(newcomer->BecomesReady()) << newcomer->Output();
    EXPECT_GE(steady_clock::now() - freed, milliseconds{2400}) << "the holder may have been on its way back";
    EXPECT_EQ(newcomer->Terminate(), 0);
}

}  // namespace
}  // namespace testing_support
