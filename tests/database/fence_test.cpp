#include <algorithm>
#include <csignal>

#include <gmock/gmock.h>

#include "support/database_test.hpp"

namespace testing_support {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

class Fence : public DatabaseTest {
protected:
    /// An agent that holds the fence.
    std::unique_ptr<AgentPod> Holding(const std::string& job_uid) {
        auto pod = Pod(job_uid);
        pod->Run();
        EXPECT_TRUE(pod->BecomesReady()) << pod->Output();
        return pod;
    }

    int FencePid() const {
        return std::stoi(Value(
            "SELECT coalesce(max(pid), 0) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND "
            "database = (SELECT oid FROM pg_database WHERE datname = current_database())"));
    }
};

TEST_F(Fence, IsHeldByOneAndTheSecondSaysForWhomItWaits) {
    const auto first = Holding("first");
    const auto second = Pod("second");
    second->Run();
    ASSERT_TRUE(second->Shows("tidegate/first")) << second->Output();
    EXPECT_THAT(second->Ready().line,
                HasSubstr("advisory lock (1296648018, 1) is held by server process " + std::to_string(FencePid()) +
                          " (\"tidegate/first\", client 127.0.0.1), connected since 20"));
    EXPECT_EQ(second->Ready().line, second->Ready().line) << "no running time: it is quoted in a condition";
    EXPECT_EQ(second->Ready().exit_code, 1);

    const auto report = second->Report();
    EXPECT_EQ(report.phase, api::AgentPhase::Waiting);
    ASSERT_TRUE(report.waiting_for);
    EXPECT_EQ(report.waiting_for->pid, FencePid());
    EXPECT_EQ(report.waiting_for->application_name, "tidegate/first");
    // Another role's session, so when it began is hidden only from roles that differ.
    EXPECT_TRUE(report.waiting_for->since);

    EXPECT_EQ(first->Terminate(), 0);
    EXPECT_TRUE(second->BecomesReady()) << second->Output();
    EXPECT_EQ(second->Report().waiting_for, std::nullopt);
    EXPECT_EQ(second->Terminate(), 0);
    EXPECT_EQ(second->Report().fence_lost, 0);
}

TEST_F(Fence, IsPerDatabaseAndLeavesTheKeysOfToolsAlone) {
    const auto session = Connect("some tool");
    pqxx::nontransaction{*session}.exec("SELECT pg_advisory_lock((1296648018::int8 << 32) + 1)");
    const auto first = Holding("first");
    EXPECT_EQ(first->Terminate(), 0);
}

TEST_F(Fence, OfAKilledAgentGoesToTheNextAfterAQuietTime) {
    const auto first = Holding("first");
    const auto second = Pod("second");
    second->options[0] = "--unsafe-test-quiet-milliseconds=2000";
    second->Run();
    ASSERT_TRUE(second->Shows("tidegate/first"));
    first->Agent().Signal(SIGKILL);
    ASSERT_EQ(first->Agent().Wait(), -SIGKILL);
    const auto killed = steady_clock::now();
    EXPECT_TRUE(second->Shows("must stay free"));
    ASSERT_TRUE(second->BecomesReady());
    EXPECT_GE(steady_clock::now() - killed, milliseconds{1400});
    // What a killed agent leaves behind is the report as it stood.
    EXPECT_EQ(first->Report().phase, api::AgentPhase::Holding);
    EXPECT_TRUE(first->Report().before);
}

TEST_F(Fence, IsTakenAtOnceWhenItWasNeverSeenHeldOnAnOldServer) {
    const auto pod = Pod("job");
    // The quiet time keeps its real length; only this server's youth is forgiven.
    pod->options = {"--unsafe-test-young-server-seconds=0"};
    const auto start = steady_clock::now();
    pod->Run();
    ASSERT_TRUE(pod->BecomesReady()) << pod->Output();
    EXPECT_LT(steady_clock::now() - start, seconds{10});
}

TEST_F(Fence, OnAYoungServerNeedsItsQuietTime) {
    const auto pod = Pod("job");
    pod->options = {"--unsafe-test-young-server-seconds=1000000", "--unsafe-test-quiet-milliseconds=1500"};
    const auto start = steady_clock::now();
    pod->Run();
    EXPECT_TRUE(pod->Shows("must stay free")) << pod->Output();
    ASSERT_TRUE(pod->BecomesReady());
    EXPECT_GE(steady_clock::now() - start, milliseconds{1400});
}

TEST_F(Fence, WaitsForAMigrationWhoseAgentIsGone) {
    // The pod's agent died, its migration still works: no lock, but a session with the tag.
    const auto orphan = Connect("tidegate/orphan");
    const auto pod = Pod("job");
    pod->options = {"--unsafe-test-young-server-seconds=0", "--unsafe-test-quiet-milliseconds=200"};
    pod->Run();
    ASSERT_TRUE(pod->Shows("tidegate/orphan")) << pod->Output();
    EXPECT_THAT(pod->Ready().line, HasSubstr("it is free, but a session of another run is there"));
    EXPECT_EQ(FenceHolders(), "0");
    EXPECT_EQ(pod->Ready().exit_code, 1);
    orphan->disconnect();
    EXPECT_TRUE(pod->BecomesReady());
}

TEST_F(Fence, WaitingAgentsDoNotTakeEachOtherForMigrations) {
    const auto orphan = Connect("tidegate/orphan");
    const auto first = Pod("first");
    const auto second = Pod("second");
    first->Run();
    second->Run();
    ASSERT_TRUE(first->Shows("tidegate/orphan"));
    ASSERT_TRUE(second->Shows("tidegate/orphan"));
    orphan->disconnect();
    ASSERT_TRUE(Eventually([&] { return first->Ready().exit_code == 0 || second->Ready().exit_code == 0; }));
    EXPECT_EQ(FenceHolders(), "1");
    AgentPod& winner = first->Ready().exit_code == 0 ? *first : *second;
    AgentPod& other = &winner == first.get() ? *second : *first;
    EXPECT_EQ(other.Ready().exit_code, 1);
    EXPECT_EQ(winner.Terminate(), 0);
    EXPECT_TRUE(other.BecomesReady());
}

TEST_F(Fence, IsRefusedToADuplicatePodOfTheSameJob) {
    const auto first = Holding("job");
    const auto duplicate = Pod("duplicate", "job");
    duplicate->Run();
    ASSERT_TRUE(duplicate->Shows("tidegate/job")) << duplicate->Output();
    // The first loses its lock for a moment; its migration's session still says that the run goes on.
    const auto migration = Connect("tidegate/job");
    first->Agent().Signal(SIGKILL);
    first->Agent().Wait();
    ASSERT_TRUE(Eventually([&] { return FenceHolders() == "0"; }));
    ASSERT_TRUE(duplicate->Shows(std::to_string(migration->backendpid())));
    first->Run();
    ASSERT_TRUE(first->BecomesReady());
    EXPECT_EQ(duplicate->Ready().exit_code, 1);
    EXPECT_EQ(first->Terminate(), 0);
    EXPECT_EQ(duplicate->Terminate(), 3);
}

TEST_F(Fence, IsHeldByOneAtATimeHoweverManyWantIt) {
    std::vector<std::unique_ptr<AgentPod>> pods;
    for (const char* uid : {"a", "b", "c", "d"}) {
        pods.push_back(Pod(uid));
        pods.back()->options = {"--unsafe-test-young-server-seconds=0", "--unsafe-test-quiet-milliseconds=200"};
    }
    for (const auto& pod : pods)
        pod->Run();
    while (!pods.empty()) {
        const auto is_ready = [](const auto& pod) { return pod->Ready().exit_code == 0; };
        ASSERT_TRUE(Eventually([&] { return std::any_of(pods.begin(), pods.end(), is_ready); }));
        ASSERT_EQ(std::count_if(pods.begin(), pods.end(), is_ready), 1);
        EXPECT_EQ(FenceHolders(), "1");
        const auto holder = std::find_if(pods.begin(), pods.end(), is_ready);
        EXPECT_EQ((*holder)->Terminate(), 0);
        EXPECT_EQ((*holder)->Report().fence_lost, 0);
        pods.erase(holder);
    }
}

TEST_F(Fence, IsTakenAgainAtOnceByTheAgentThatIsStartedAgainInItsPod) {
    ASSERT_EQ(Alembic("0001_initial"), 0);
    const auto pod = Holding("job");
    ASSERT_EQ(Alembic("0002_email"), 0);
    // The migration goes on while the agent is killed.
    const auto migration = Connect("tidegate/job");
    pod->Agent().Signal(SIGKILL);
    pod->Agent().Wait();
    // A real quiet time and a young server: an incumbent minds neither, nor its own migration's session.
    pod->options = {"--unsafe-test-young-server-seconds=1000000"};
    const auto start = steady_clock::now();
    pod->Run();
    ASSERT_TRUE(Eventually([&] { return FenceHolders() == "1" && pod->Ready().exit_code == 0; })) << pod->Output();
    EXPECT_LT(steady_clock::now() - start, seconds{10});
    EXPECT_EQ(pod->Terminate(), 0);
    const auto report = pod->Report();
    // "Before" is what it was before the migration, not what the second process found.
    EXPECT_THAT(report.before->versions, testing::ElementsAre("0001_initial"));
    EXPECT_THAT(report.after->versions, testing::ElementsAre("0002_email"));
    EXPECT_EQ(report.fence_lost, 1);
}

TEST_F(Fence, OfAKilledServerProcessIsTakenAgain) {
    const auto pod = Holding("job");
    const int pid = FencePid();
    Execute("SELECT pg_terminate_backend(" + std::to_string(pid) + ")");
    ASSERT_TRUE(Eventually([&] { return FencePid() != 0 && FencePid() != pid; })) << pod->Output();
    ASSERT_TRUE(pod->BecomesReady());
    EXPECT_EQ(pod->Terminate(), 0);
    EXPECT_EQ(pod->Report().fence_lost, 1);
    EXPECT_EQ(pod->Report().phase, api::AgentPhase::Done);
}

TEST_F(Fence, IsTakenAgainByTheIncumbentAfterAServerRestartNotByWhoWaited) {
    const auto incumbent = Holding("incumbent");
    const auto newcomer = Pod("newcomer");
    newcomer->options = {"--unsafe-test-quiet-milliseconds=15000"};
    newcomer->Run();
    ASSERT_TRUE(newcomer->Shows("tidegate/incumbent"));

    SharedServer().Restart();
    ASSERT_TRUE(Eventually([&] { return FenceHolders() == "1"; })) << incumbent->Output();
    EXPECT_EQ(newcomer->Ready().exit_code, 1);
    ASSERT_TRUE(newcomer->Shows("tidegate/incumbent")) << newcomer->Output();
    EXPECT_EQ(newcomer->Report().phase, api::AgentPhase::Waiting);
    EXPECT_EQ(incumbent->Terminate(), 0);
    EXPECT_EQ(incumbent->Report().fence_lost, 1);
    EXPECT_EQ(newcomer->Terminate(), 3);
}

TEST_F(Fence, ACrashOfOneServerProcessMakesTheServerYoungAgain) {
    const auto age = [&] {
        return std::stoi(
            Value("SELECT floor(extract(epoch FROM clock_timestamp() - (SELECT stats_reset FROM "
                  "pg_stat_bgwriter)))"));
    };
    ASSERT_TRUE(Eventually([&] { return age() >= 1; }));
    const auto victim = Connect();
    ::kill(victim->backendpid(), SIGKILL);
    // All sessions end, all locks are gone; the start time of the server does not move, this does.
    ASSERT_TRUE(Eventually([&] {
        try {
            return age() == 0;
        } catch (const pqxx::failure&) {
            return false;
        }
    }));
}

TEST_F(Fence, IsNotAskedForInsideATransaction) {
    const auto pod = Holding("job");
    // For a millisecond of each second it looks at the locks.
    EXPECT_TRUE(Eventually([&] {
        return Value(
                   "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'tidegate%' AND (state <> "
                   "'idle' OR xact_start IS NOT NULL OR backend_xmin IS NOT NULL) AND datname = current_database()") ==
               "0";
    }));
    // CREATE INDEX CONCURRENTLY waits for every open transaction.
    Execute("CREATE TABLE t (a int)");
    Execute("CREATE INDEX CONCURRENTLY ON t (a)");
}

TEST_F(Fence, OutlivesTheServersIdleTimeout) {
    Execute("ALTER ROLE " + database_.user + " SET idle_session_timeout = '300ms'");
    const auto pod = Holding("job");
    const int pid = FencePid();
    const auto start = steady_clock::now();
    ASSERT_TRUE(Eventually([&] { return steady_clock::now() - start > milliseconds{900}; }));
    EXPECT_EQ(FencePid(), pid);
    EXPECT_EQ(pod->Terminate(), 0);
    EXPECT_EQ(pod->Report().fence_lost, 0);
}

}  // namespace
}  // namespace testing_support
