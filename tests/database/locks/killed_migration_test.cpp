#include <csignal>

#include <gmock/gmock.h>

#include "locks/lock_scene.hpp"
#include "support/session_options.hpp"

namespace testing_support {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

/// A migration whose process is killed in the middle of a statement.
class KilledMigration : public LockScene {
protected:
    /// A client of libpq in a statement of ten minutes, which writes nothing meanwhile.
    std::unique_ptr<Process> MigrationUnderWay(const std::string& session_options) {
        auto migration = std::make_unique<Process>(
            Process::Settings{.command = {PostgresBinaries() / "psql", "--no-psqlrc", "--command",
                                          "BEGIN; ALTER TABLE orders ADD COLUMN email text; SELECT pg_sleep(600)"},
                              .environment = {{"PGHOST", "127.0.0.1"},
                                              {"PGPORT", std::to_string(database_.port)},
                                              {"PGDATABASE", database_.name},
                                              {"PGUSER", database_.user},
                                              {"PGPASSWORD", database_.password},
                                              {"PGAPPNAME", "tidegate/killed"},
                                              {"PGOPTIONS", session_options}},
                              .output = folder_.Path() / "migration.log"});
        EXPECT_TRUE(Eventually([&] { return Sleeps(); })) << migration->Output();
        return migration;
    }
    bool Sleeps() const {
        return Value(
                   "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tidegate/killed' AND "
                   "wait_event = 'PgSleep'") == "1";
    }
    std::unique_ptr<AgentPod> Newcomer() const {
        auto pod = Pod("next");
        pod->options = {"--unsafe-test-young-server-seconds=0", "--unsafe-test-quiet-milliseconds=200"};
        pod->Run();
        return pod;
    }
};

TEST_F(KilledMigration, DoesNotGoOnInTheServer) {
    const auto probe = Pod("probe");
    ASSERT_EQ(probe->Probe().Wait(), 0) << probe->Output();
    api::Database database;
    database.status.connection_check = probe->Report().connection_check;
    if (!database.status.connection_check) GTEST_SKIP() << "PostgreSQL before 14";
    const auto migration = MigrationUnderWay(SessionOptionsOf(database));
    migration->Signal(SIGKILL);
    ASSERT_EQ(migration->Wait(), -SIGKILL);
    // The interval is 5 s.
    EXPECT_TRUE(Eventually([&] { return !Sleeps(); }, seconds{10}));
    EXPECT_EQ(Value("SELECT count(*) FROM information_schema.columns WHERE column_name = 'email'"), "0");
    const auto next = Newcomer();
    EXPECT_TRUE(next->BecomesReady()) << next->Output();
}

TEST_F(KilledMigration, IsWaitedForByTheNextRunWhereTheServerDoesNotEndIt) {
    const auto migration = MigrationUnderWay("");
    migration->Signal(SIGKILL);
    ASSERT_EQ(migration->Wait(), -SIGKILL);
    const auto next = Newcomer();
    ASSERT_TRUE(next->Shows("tidegate/killed")) << next->Output();
    EXPECT_TRUE(Sleeps()) << "or this case shows nothing";
    EXPECT_EQ(next->Ready().exit_code, 1);
    Execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tidegate/killed'");
    EXPECT_TRUE(next->BecomesReady()) << next->Output();
}

TEST_F(KilledMigration, TheAgentFindsOutWhetherTheServerEndsSessionsWithTheirClient) {
    const bool offers_it = std::stoi(Value("SHOW server_version_num")) >= 140000;
    const auto probe = Pod("probe");
    ASSERT_EQ(probe->Probe().Wait(), 0) << probe->Output();
    EXPECT_EQ(probe->Report().connection_check, offers_it);
    const auto pod = Watching("Report", 5);
    EXPECT_EQ(pod->Report().connection_check, offers_it);
}

TEST_F(KilledMigration, AnOptionThatAServerDoesNotKnowWouldLockTheMigrationOut) {
    // As PostgreSQL 13 answers to client_connection_check_interval (seen with 13.23): the reason to ask first.
    const auto output = folder_.Path() / "psql.log";
    EXPECT_NE(RunToEnd({.command = {PostgresBinaries() / "psql", "--no-psqlrc", "--command", "SELECT 1"},
                        .environment = {{"PGHOST", "127.0.0.1"},
                                        {"PGPORT", std::to_string(database_.port)},
                                        {"PGDATABASE", database_.name},
                                        {"PGUSER", database_.user},
                                        {"PGPASSWORD", database_.password},
                                        {"PGOPTIONS", "-c no_such_check_interval=5s"}},
                        .output = output}),
              0);
    EXPECT_THAT(ReadFile(output), HasSubstr("unrecognized configuration parameter"));
}

}  // namespace
}  // namespace testing_support
