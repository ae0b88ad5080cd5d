#include <gmock/gmock.h>

#include "engine/range.hpp"
#include "support/database_test.hpp"

namespace testing_support {
namespace {

using engine::StandingOfDown;
using testing::ElementsAre;
using version::Standing;

/// What the agent's report of a Down says, and what the engine makes of it.
class GoingDown : public DatabaseTest {
protected:
    /// As the Job of a Down asks: the version to go back to, then what may be above it.
    std::unique_ptr<AgentPod> Run(const std::string& tool, const std::string& wanted) {
        auto pod = Pod("job");
        pod->environment["TIDEGATE_TOOL"] = tool;
        pod->environment["TIDEGATE_WANTED"] = wanted;
        pod->Run();
        EXPECT_TRUE(pod->BecomesReady()) << pod->Output();
        return pod;
    }

    static api::Database Before(const std::string& tool, const std::string& version) {
        api::Database database;
        database.key = {"shop", "orders"};
        database.spec.history.tool = *version::ParseTool(tool);
        database.status.version = version;
        return database;
    }
};

TEST_F(GoingDown, OfTheRealAlembicIsProvenWhenNothingAboveIsLeft) {
    ASSERT_EQ(Alembic("0002_email"), 0);
    const auto pod = Run("Alembic", "0001,0002");
    ASSERT_EQ(Alembic("downgrade", "0001_initial", "job"), 0);
    EXPECT_EQ(pod->Terminate(), 0) << pod->Output();
    const auto report = pod->Report();
    EXPECT_THAT(report.before->versions, ElementsAre("0002_email"));
    EXPECT_THAT(report.after->versions, ElementsAre("0001_initial"));
    EXPECT_THAT(report.after->reached, ElementsAre("0001"));
    EXPECT_EQ(StandingOfDown(Before("Alembic", "0002_email"), *report.after, "0001"), Standing::Reached);
    EXPECT_EQ(StandingOfDown(Before("Alembic", "0002_email"), *report.before, "0001"), Standing::NotReached);
}

TEST_F(GoingDown, ToBeforeTheFirstMigrationLeavesNothing) {
    ASSERT_EQ(Alembic("0002_email"), 0);
    const auto pod = Run("Alembic", "0001,0002");
    ASSERT_EQ(Alembic("downgrade", "base", "job"), 0);
    EXPECT_EQ(pod->Terminate(), 0) << pod->Output();
    EXPECT_EQ(StandingOfDown(Before("Alembic", "0002_email"), *pod->Report().after, "0001"), Standing::Reached);
}

TEST_F(GoingDown, OfATableWithARowForEachIsNotProvenWhileARowOfAboveIsLeft) {
    Execute("CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY)");
    Execute("GRANT SELECT ON schema_migrations TO PUBLIC");
    Execute("INSERT INTO schema_migrations VALUES ('0001'), ('0002'), ('0003')");
    const auto before = Before("Dbmate", "0003");
    // The row of a migration between was forgotten.
    const auto first = Run("Dbmate", "0001,0002,0003");
    Execute("DELETE FROM schema_migrations WHERE version = '0003'");
    ASSERT_EQ(first->Terminate(), 0) << first->Output();
    EXPECT_THAT(first->Report().after->reached, ElementsAre("0001", "0002"));
    EXPECT_EQ(StandingOfDown(before, *first->Report().after, "0001"), Standing::NotReached);

    Execute("DELETE FROM schema_migrations WHERE version = '0002'");
    const auto probe = Pod("probe");
    probe->environment["TIDEGATE_TOOL"] = "Dbmate";
    probe->environment["TIDEGATE_WANTED"] = "0001,0002,0003";
    ASSERT_EQ(probe->Probe().Wait(), 0) << probe->Output();
    EXPECT_THAT(probe->Report().after->absent, ElementsAre("0002", "0003"));
    EXPECT_EQ(StandingOfDown(before, *probe->Report().after, "0001"), Standing::Reached);
}

}  // namespace
}  // namespace testing_support
