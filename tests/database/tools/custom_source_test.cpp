#include <gmock/gmock.h>

#include "support/database_test.hpp"

namespace testing_support {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TableName : public DatabaseTest {};

TEST_F(TableName, MayHaveASchemaAndAnyCharacters) {
    Execute(
        "CREATE SCHEMA \"My.Schema\"; CREATE TABLE \"My.Schema\".\"Odd 'Name\" (version bigint, dirty boolean);"
        "INSERT INTO \"My.Schema\".\"Odd 'Name\" VALUES (3, false);"
        "CREATE TABLE schema_migrations (version bigint, dirty boolean); INSERT INTO schema_migrations VALUES (9, "
        "true);"
        "GRANT pg_read_all_data TO " +
        database_.user);
    const auto probe = Pod("probe");
    probe->environment["TIDEGATE_TOOL"] = "GolangMigrate";
    probe->environment["TIDEGATE_HISTORY_TABLE"] = "\"My.Schema\".Odd 'Name";
    ASSERT_EQ(probe->Probe().Wait(), 0) << probe->Output();
    EXPECT_THAT(probe->Report().after->versions, ElementsAre("3"));
    EXPECT_FALSE(probe->Report().after->dirty);
}

TEST_F(TableName, ThatIsNotThereMeansNeverInitialisedAndNotTheUsualTable) {
    Execute("CREATE TABLE schema_migrations (version bigint, dirty boolean); GRANT pg_read_all_data TO " +
            database_.user);
    const auto probe = Pod("probe");
    probe->environment["TIDEGATE_TOOL"] = "GolangMigrate";
    probe->environment["TIDEGATE_HISTORY_TABLE"] = "nowhere.schema_migrations";
    ASSERT_EQ(probe->Probe().Wait(), 0) << probe->Output();
    EXPECT_FALSE(probe->Report().after->initialised);
}

TEST_F(TableName, ThatCannotBeReadIsRefused) {
    const auto probe = Pod("probe");
    probe->environment["TIDEGATE_HISTORY_TABLE"] = "a.b.c";
    EXPECT_EQ(probe->Probe().Wait(), 2);
    EXPECT_THAT(probe->ReportText() + probe->Output(), HasSubstr("spec.history.table"));
}

class CustomQuery : public DatabaseTest {
protected:
    Process& Ask(AgentPod& probe, const std::string& query) {
        Execute("GRANT pg_read_all_data TO " + database_.user);
        probe.environment["TIDEGATE_TOOL"] = "Custom";
        probe.environment["TIDEGATE_HISTORY_QUERY"] = query;
        probe.environment["TIDEGATE_WANTED"] = "1.9,1.11";
        return probe.Probe();
    }
};

TEST_F(CustomQuery, GivesVersionAndDirtiness) {
    Execute("CREATE TABLE settings (k text, v text); INSERT INTO settings VALUES ('version', '1.10')");
    const auto probe = Pod("probe");
    ASSERT_EQ(Ask(*probe, "SELECT v, false FROM settings WHERE k = 'version' -- the one").Wait(), 0) << probe->Output();
    EXPECT_THAT(probe->Report().after->versions, ElementsAre("1.10"));
    EXPECT_THAT(probe->Report().after->reached, ElementsAre("1.9"));
    EXPECT_FALSE(probe->Report().after->dirty);
    ASSERT_EQ(Ask(*probe, "SELECT v, true FROM settings;\n").Wait(), 0) << probe->Output();
    EXPECT_TRUE(probe->Report().after->dirty);
}

TEST_F(CustomQuery, OfATableThatIsNotThereMeansNeverInitialised) {
    const auto probe = Pod("probe");
    ASSERT_EQ(Ask(*probe, "SELECT v FROM settings").Wait(), 0) << probe->Output();
    EXPECT_FALSE(probe->Report().after->initialised);
}

TEST_F(CustomQuery, CannotWriteNorGetOutOfTheTransaction) {
    Execute("CREATE TABLE settings (v text); GRANT ALL ON settings TO PUBLIC; INSERT INTO settings VALUES ('1')");
    for (const char* query :
         {"DELETE FROM settings RETURNING v", "SELECT '1') AS a; COMMIT; DELETE FROM settings; SELECT 1 FROM (SELECT 1",
          "WITH gone AS (DELETE FROM settings RETURNING v) SELECT v FROM gone"}) {
        const auto probe = Pod("probe");
        EXPECT_EQ(Ask(*probe, query).Wait(), 18) << query << probe->Output();
    }
    EXPECT_EQ(Value("SELECT count(*) FROM settings"), "1");
}

TEST_F(CustomQuery, IsBusyWhileSomebodyLocksTheTable) {
    Execute("CREATE TABLE settings (v text)");
    const auto locker = Connect();
    pqxx::work lock{*locker};
    lock.exec("LOCK TABLE settings IN ACCESS EXCLUSIVE MODE");
    const auto probe = Pod("probe");
    EXPECT_EQ(Ask(*probe, "SELECT v FROM settings").Wait(), 17) << probe->Output();
}

TEST_F(CustomQuery, IsNeededByCustomAndByNoOther) {
    const auto probe = Pod("probe");
    probe->environment["TIDEGATE_TOOL"] = "Custom";
    EXPECT_EQ(probe->Probe().Wait(), 2);
    probe->environment["TIDEGATE_TOOL"] = "Rails";
    probe->environment["TIDEGATE_HISTORY_QUERY"] = "SELECT 1";
    EXPECT_EQ(probe->Probe().Wait(), 2);
}

}  // namespace
}  // namespace testing_support
