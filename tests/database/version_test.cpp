#include <cctype>

#include <gmock/gmock.h>

#include "support/database_test.hpp"

namespace testing_support {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// What a run does around a migration by the real Alembic.
class VersionBeforeAndAfter : public DatabaseTest {};

TEST_F(VersionBeforeAndAfter, OfTheFirstMigration) {
    const auto pod = Pod("job");
    pod->Run();
    EXPECT_EQ(pod->Ready().exit_code, 1);
    ASSERT_TRUE(pod->BecomesReady()) << pod->Output();
    EXPECT_EQ(pod->Report().phase, api::AgentPhase::Holding);
    EXPECT_EQ(FenceHolders(), "1");

    ASSERT_EQ(Alembic("0001_initial"), 0);
    EXPECT_EQ(pod->Terminate(), 0) << pod->Output();

    const auto report = pod->Report();
    EXPECT_EQ(report.phase, api::AgentPhase::Done);
    EXPECT_EQ(report.tool, "Alembic");
    EXPECT_EQ(report.error, std::nullopt);
    EXPECT_EQ(report.fence_lost, 0);
    ASSERT_TRUE(report.before && report.after);
    EXPECT_FALSE(report.before->initialised);
    EXPECT_THAT(report.before->versions, IsEmpty());
    EXPECT_TRUE(report.after->initialised);
    EXPECT_THAT(report.after->versions, ElementsAre("0001_initial"));
    EXPECT_THAT(report.after->reached, ElementsAre("0001"));
    EXPECT_TRUE(report.start_time && report.fence_time && report.end_time);
    EXPECT_EQ(FenceHolders(), "0");
}

TEST_F(VersionBeforeAndAfter, WhenThereIsNothingToDo) {
    ASSERT_EQ(Alembic("0002_email"), 0);
    const auto pod = Pod("job");
    pod->Run();
    ASSERT_TRUE(pod->BecomesReady()) << pod->Output();
    ASSERT_EQ(Alembic("0002_email"), 0);
    EXPECT_EQ(pod->Terminate(), 0);
    const auto report = pod->Report();
    EXPECT_EQ(report.before, report.after);
    EXPECT_THAT(report.after->versions, ElementsAre("0002_email"));
    EXPECT_THAT(report.after->reached, ElementsAre("0001", "0002"));
}

TEST_F(VersionBeforeAndAfter, OfAMigrationThatFails) {
    ASSERT_EQ(Alembic("0001_initial"), 0);
    const auto pod = Pod("job");
    pod->Run();
    ASSERT_TRUE(pod->BecomesReady()) << pod->Output();
    EXPECT_NE(Alembic("0003_broken"), 0);
    EXPECT_EQ(pod->Terminate(), 0);
    const auto report = pod->Report();
    EXPECT_THAT(report.before->versions, ElementsAre("0001_initial"));
    // Each migration is a transaction of its own: the one before the broken one stays.
    EXPECT_THAT(report.after->versions, ElementsAre("0002_email"));
    EXPECT_THAT(report.after->reached, ElementsAre("0001", "0002"));
    EXPECT_FALSE(report.after->dirty);
}

TEST_F(VersionBeforeAndAfter, WithSeveralHeads) {
    ASSERT_EQ(Alembic("0002_email"), 0);
    Execute("INSERT INTO alembic_version VALUES ('ae1027a6acf0')");
    const auto pod = Pod("job");
    pod->environment["TIDEGATE_WANTED"] = "0001,0002_email,ae1027a6acf0,1975ea83b712";
    ASSERT_EQ(pod->Probe().Wait(), 0) << pod->Output();
    EXPECT_THAT(pod->Report().after->versions, ElementsAre("0002_email", "ae1027a6acf0"));
    EXPECT_THAT(pod->Report().after->reached, ElementsAre("0002_email", "ae1027a6acf0"));
}

class Probe : public DatabaseTest {};

TEST_F(Probe, ReadsAnAdoptedDatabaseWithoutTheFence) {
    ASSERT_EQ(Alembic("0002_email"), 0);
    const auto holder = Pod("holder");
    holder->Run();
    ASSERT_TRUE(holder->BecomesReady()) << holder->Output();

    const auto probe = Pod("probe");
    ASSERT_EQ(probe->Probe().Wait(), 0) << probe->Output();
    const auto report = probe->Report();
    EXPECT_EQ(report.phase, api::AgentPhase::Done);
    EXPECT_EQ(report.before, std::nullopt);
    EXPECT_THAT(report.after->versions, ElementsAre("0002_email"));
    EXPECT_THAT(report.after->reached, ElementsAre("0001", "0002"));
    EXPECT_EQ(report.identity, Value("SELECT (SELECT system_identifier FROM pg_control_system()) || '/' || oid FROM "
                                     "pg_database WHERE datname = current_database()"));
}

TEST_F(Probe, SaysThatNoToolHasEverRun) {
    const auto probe = Pod("probe");
    ASSERT_EQ(probe->Probe().Wait(), 0);
    EXPECT_FALSE(probe->Report().after->initialised);
}

TEST_F(Probe, FindsTheTableAlongTheSearchPathOfTheRole) {
    Execute(
        "CREATE SCHEMA \"odd \"\"schema\"; CREATE TABLE \"odd \"\"schema\".alembic_version (version_num varchar(32));"
        "INSERT INTO \"odd \"\"schema\".alembic_version VALUES ('0007_x');"
        "GRANT USAGE ON SCHEMA \"odd \"\"schema\" TO PUBLIC; GRANT SELECT ON \"odd \"\"schema\".alembic_version TO "
        "PUBLIC;"
        "ALTER ROLE " +
        database_.user + " SET search_path = \"odd \"\"schema\", public");
    const auto probe = Pod("probe");
    ASSERT_EQ(probe->Probe().Wait(), 0) << probe->Output();
    EXPECT_THAT(probe->Report().after->versions, ElementsAre("0007_x"));
}

TEST_F(Probe, SaysSoWhenTheSystemIdentifierMayNotBeRead) {
    Execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
    const auto probe = Pod("probe");
    ASSERT_EQ(probe->Probe().Wait(), 0) << probe->Output();
    EXPECT_THAT(probe->Report().identity, testing::StartsWith("-/"));
}

TEST_F(Probe, ConnectsByUriToo) {
    const auto probe = Pod("probe");
    std::string encoded;
    for (const unsigned char c : database_.password) {
        char hex[4];
        std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned>(c));
        encoded += std::isalnum(c) != 0 ? std::string(1, static_cast<char>(c)) : hex;
    }
    for (const char* name :
         {"TIDEGATE_HOST", "TIDEGATE_PORT", "TIDEGATE_DBNAME", "TIDEGATE_USER", "TIDEGATE_PASSWORD"}) {
        probe->environment.erase(name);
    }
    probe->environment["TIDEGATE_URI"] = "postgresql+psycopg2://" + database_.user + ":" + encoded +
                                         "@127.0.0.1:" + std::to_string(database_.port) + "/" + database_.name +
                                         "?sslmode=disable";
    ASSERT_EQ(probe->Probe().Wait(), 0) << probe->Output();
    EXPECT_EQ(probe->Report().phase, api::AgentPhase::Done);
}

TEST_F(Probe, NeedsNoRightToWrite) {
    Execute("ALTER ROLE " + database_.user + " SET default_transaction_read_only = on");
    const auto probe = Pod("probe");
    EXPECT_EQ(probe->Probe().Wait(), 0) << probe->Output();
}

}  // namespace
}  // namespace testing_support
