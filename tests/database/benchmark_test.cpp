#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <unistd.h>

#include "database/connection.hpp"
#include "database/history/history.hpp"
#include "locks/lock_scene.hpp"
#include "support/postgres_server.hpp"

/// Figures, for people: `tests/run benchmark`. Nothing here fails because a machine is slow.
namespace testing_support {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

using Samples = std::vector<microseconds>;

microseconds Took(const std::function<void()>& what) {
    const auto start = Steady::now();
    what();
    return std::chrono::duration_cast<microseconds>(Steady::now() - start);
}

double Milliseconds(microseconds time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

void Print(const std::string& what, Samples samples, const std::string& goal) {
    std::sort(samples.begin(), samples.end());
    const auto at = [&](std::size_t percent) { return samples[(samples.size() - 1) * percent / 100]; };
    std::printf("BENCHMARK %s: p50 %.1f ms, p99 %.1f ms, max %.1f ms of %zu (goal: %s)\n", what.c_str(),
                Milliseconds(at(50)), Milliseconds(at(99)), Milliseconds(samples.back()), samples.size(), goal.c_str());
}

/// A tool's table with 10,000 migrations in it.
struct Table {
    version::Tool tool;
    const char* sql;
    std::string newest;
};

std::vector<Table> Tables() {
    return {{version::Tool::Flyway,
             "CREATE TABLE flyway_schema_history(installed_rank int PRIMARY KEY, version varchar(50), description "
             "varchar(200), type varchar(20), script varchar(1000), checksum int, installed_by varchar(100), "
             "installed_on timestamp, execution_time int, success bool); INSERT INTO flyway_schema_history SELECT i, "
             "i::text, 'a migration', 'SQL', 'V' || i || '__a.sql', i, 'orders', now(), 5, true FROM "
             "generate_series(1, 10000) i",
             "10000"},
            {version::Tool::Liquibase,
             "CREATE TABLE databasechangelog(id varchar(255), author varchar(255), filename varchar(255), dateexecuted "
             "timestamp, orderexecuted int, exectype varchar(10), md5sum varchar(35), description varchar(255), "
             "comments varchar(255), tag varchar(255), liquibase varchar(20), contexts varchar(255), labels "
             "varchar(255), deployment_id varchar(10)); INSERT INTO databasechangelog SELECT 'change-' || i, 'me', "
             "'db/changelog.xml', now(), i, 'EXECUTED' FROM generate_series(1, 10000) i",
             "change-10000"},
            {version::Tool::Rails,
             "CREATE TABLE schema_migrations(version varchar PRIMARY KEY); INSERT INTO schema_migrations SELECT "
             "(20200101000000 + i)::text FROM generate_series(1, 10000) i",
             "20200101010000"},
            {version::Tool::Django,
             "CREATE TABLE django_migrations(id bigserial PRIMARY KEY, app varchar(255), name varchar(255), applied "
             "timestamptz); INSERT INTO django_migrations(app, name, applied) SELECT 'app' || i % 50, lpad(i::text, 5, "
             "'0') || '_a', now() FROM generate_series(1, 10000) i",
             "app0.10000_a"},
            {version::Tool::Prisma,
             "CREATE TABLE _prisma_migrations(id varchar(36) PRIMARY KEY, checksum varchar(64), finished_at "
             "timestamptz, migration_name varchar(255), logs text, rolled_back_at timestamptz, started_at timestamptz, "
             "applied_steps_count int); INSERT INTO _prisma_migrations SELECT i::text, 'x', now(), (20200101000000 + "
             "i)::text || '_a', NULL, NULL, now(), 1 FROM generate_series(1, 10000) i",
             "20200101010000_a"},
            {version::Tool::TypeORM,
             "CREATE TABLE migrations(id serial PRIMARY KEY, timestamp bigint, name varchar); INSERT INTO "
             "migrations(timestamp, name) SELECT 1700000000000 + i, 'A' || (1700000000000 + i) FROM "
             "generate_series(1, 10000) i",
             "A1700000010000"}};
}

class Benchmark : public LockScene {
protected:
    database::Credentials Credentials() const {
        database::Credentials credentials;
        credentials.host = "127.0.0.1";
        credentials.port = std::to_string(database_.port);
        credentials.database_name = database_.name;
        credentials.user = database_.user;
        credentials.password = database::Secret{database_.password};
        return credentials;
    }
    void ExecuteAsOwner(const std::string& sql) const { pqxx::nontransaction{*ConnectAsOwner("test")}.exec(sql); }
};

TEST_F(Benchmark, ReadingTheVersionFromTenThousandRows) {
    database::Connection connection{Credentials(), "test"};
    for (const auto& [tool, sql, newest] : Tables()) {
        ExecuteAsOwner(sql);
        Samples samples;
        version::Reading reading;
        for (int i = 0; i < 200; ++i)
            samples.push_back(Took([&] {
                reading = database::history::Read(connection, {.tool = tool}, {newest, "none"});
            }));
        EXPECT_THAT(reading.reached, testing::ElementsAre(newest));
        Print("read the version, " + std::string(version::Name(tool)) + " with 10,000 rows", samples, "p99 50 ms");
        ExecuteAsOwner("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    }
}

TEST_F(Benchmark, AWholeProbeProcess) {
    ExecuteAsOwner(
        "CREATE TABLE alembic_version(version_num varchar(32)); INSERT INTO alembic_version VALUES ('0002')");
    Samples samples;
    for (int i = 0; i < 30; ++i) {
        const auto pod = Pod("probe-" + std::to_string(i));
        samples.push_back(Took([&] { EXPECT_EQ(pod->Probe().Wait(), 0); }));
    }
    Print("probe from exec to its report", samples, "none");
}

TEST_F(Benchmark, ReadingBehindAnAccessExclusiveLock) {
    ExecuteAsOwner(
        "CREATE TABLE alembic_version(version_num varchar(32)); INSERT INTO alembic_version VALUES ('0002')");
    const auto holder = ConnectAsOwner("ddl");
    pqxx::work transaction{*holder};
    transaction.exec("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE");
    database::Connection connection{Credentials(), "test"};
    Samples samples;
    for (int i = 0; i < 10; ++i) {
        samples.push_back(Took([&] {
            try {
                database::history::Read(connection, {.tool = version::Tool::Alembic}, {});
                ADD_FAILURE() << "it was read through the lock";
            } catch (const database::DbError& e) {
                EXPECT_EQ(e.Kind(), database::DbErrorKind::Busy);
            }
        }));
    }
    Print("read behind ACCESS EXCLUSIVE: busy after", samples, "its lock timeout of 1,000 ms");
}

TEST_F(Benchmark, ReadersBehindAQueuedMigration) {
    for (const int after : {1, 2, 5}) {
        const auto billing = HoldOpen(ConnectAsOwner("billing"));
        const auto pod = Watching("Cancel", after, "pod-" + std::to_string(after));
        const auto migration = WaitingStatement(ConnectAsOwner("tidegate/job"),
                                                "ALTER TABLE orders ADD COLUMN c" + std::to_string(after) + " int");
        Samples samples;
        std::vector<std::unique_ptr<Statement>> readers;
        for (int i = 0; i < 10; ++i)
            readers.push_back(WaitingReader());
        for (const auto& reader : readers)
            samples.push_back(std::chrono::duration_cast<microseconds>(reader->Wait().took));
        migration->Wait();
        pod->Terminate();
        Print("readers behind a queued migration, Cancel after " + std::to_string(after) + " s", samples,
              "max " + std::to_string(after + 1) + ",000 ms");
    }
}

long KiBOf(pid_t pid, const std::string& field) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(field + ":")) return std::atol(line.c_str() + field.size() + 1);
    }
    return 0;
}

/// Processor time so far.
double SecondsOf(pid_t pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(stat, text);
    std::istringstream fields(text.substr(text.rfind(')') + 2));
    std::string field;
    long ticks = 0;
    // utime and stime are fields 14 and 15 (proc(5)); behind the name the third comes first.
    for (int number = 3; number <= 15 && fields >> field; ++number) {
        if (number >= 14) ticks += std::atol(field.c_str());
    }
    return static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

TEST_F(Benchmark, AnAgentOverMinutes) {
    const char* asked = std::getenv("TIDEGATE_BENCHMARK_MINUTES");
    const minutes lasts{asked != nullptr ? std::atoi(asked) : 2};
    const auto pod = Watching("Cancel", 5);
    const auto pid = pod->Agent().Pid();
    const double before = SecondsOf(pid);
    long most = 0, most_anonymous = 0;
    const auto start = Steady::now();
    // A measurement over time, not a wait for something.
    while (Steady::now() - start < lasts) {
        std::this_thread::sleep_for(seconds{1});
        most = std::max(most, KiBOf(pid, "VmRSS"));
        most_anonymous = std::max(most_anonymous, KiBOf(pid, "RssAnon"));
    }
    const double took = std::chrono::duration<double>(Steady::now() - start).count();
    std::printf(
        "BENCHMARK agent that holds the fence and watches locks, %.0f s: RSS %.1f MiB, RssAnon %.1f MiB, %.2f %% of a "
        "core (goal: 14 MiB, 3 MiB, 1 %%)\n",
        took, static_cast<double>(most) / 1024, static_cast<double>(most_anonymous) / 1024,
        (SecondsOf(pid) - before) / took * 100);
}

}  // namespace
}  // namespace testing_support
