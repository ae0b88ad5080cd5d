#include "version/survey.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "version/order.hpp"

namespace version {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Versions = std::vector<std::string>;

constexpr auto kReached = Standing::Reached;
constexpr auto kNotReached = Standing::NotReached;
constexpr auto kUnknown = Standing::Unknown;

/// A table with a row for each migration, asked about one version.
struct Case {
    Tool tool;
    const char* why;
    Versions rows;
    const char* wanted;
    /// By who read the table, and was asked.
    Standing asked;
    /// By who has only the newest versions of it.
    Standing later;
};

void PrintTo(const Case& c, std::ostream* out) {
    *out << Name(c.tool) << ", " << c.why << ": wanted " << c.wanted;
}

class ReachedInAListOfMigrations : public testing::TestWithParam<Case> {};

TEST_P(ReachedInAListOfMigrations, FollowsTheRows) {
    const Case& c = GetParam();
    const Versions wanted{c.wanted};
    Survey survey{c.tool, wanted};
    for (const std::string& row : c.rows)
        survey.Applied(row);
    Reading reading = survey.Finish();
    EXPECT_EQ(Name(Reached(c.tool, reading, c.wanted)), Name(c.asked)) << "asked";
    reading.reached.clear();
    reading.absent.clear();
    EXPECT_EQ(Name(Reached(c.tool, reading, c.wanted)), Name(c.later)) << "later";
}

const Case kCases[] = {
    {Tool::Flyway, "1.10 is newer than 1.9", {"1.9", "1.10"}, "1.9", kReached, kUnknown},
    {Tool::Flyway, "1.10 is newer than 1.9", {"1.9"}, "1.10", kNotReached, kNotReached},
    {Tool::Flyway, "zeros do not count", {"1.0"}, "01", kReached, kReached},
    {Tool::Flyway, "an underscore is a dot", {"1.10"}, "1_10", kReached, kReached},
    {Tool::Flyway, "with its description", {"1.10"}, "1_10__add_email", kReached, kReached},
    {Tool::Flyway, "out of order, not yet applied", {"1", "3"}, "2", kNotReached, kUnknown},
    {Tool::Flyway, "a time", {"20261122194700"}, "20261122194701", kNotReached, kNotReached},

    {Tool::Liquibase, "an id", {"create-orders", "add-email"}, "create-orders", kReached, kUnknown},
    {Tool::Liquibase, "an id that was not run", {"create-orders"}, "add-email", kNotReached, kUnknown},
    {Tool::Liquibase, "numbers say nothing about what is to come", {"1", "3"}, "4", kNotReached, kUnknown},
    {Tool::Liquibase, "numbers say nothing about what was before", {"1", "3"}, "2", kNotReached, kUnknown},

    {Tool::Rails, "a row", {"20261120000000", "20261122000000"}, "20261120000000", kReached, kUnknown},
    {Tool::Rails, "the newest", {"20261120000000"}, "20261120000000", kReached, kReached},
    {Tool::Rails, "merged late", {"20261120000000", "20261122000000"}, "20261121000000", kNotReached, kUnknown},
    {Tool::Rails, "still to come", {"20261120000000"}, "20261121000000", kNotReached, kNotReached},
    {Tool::Rails, "by its file's name", {"20261120000000"}, "20261120000000_add_email", kReached, kReached},
    {Tool::Rails, "a day is no migration", {"20261120000000"}, "20261120", kNotReached, kUnknown},

    {Tool::Dbmate, "a row", {"001", "002"}, "001", kReached, kUnknown},
    {Tool::Dbmate, "zeros do not count", {"001", "002"}, "2", kReached, kReached},
    {Tool::Dbmate, "still to come", {"001", "002"}, "003", kNotReached, kNotReached},

    {Tool::Django, "of one app", {"shop.0001_initial", "shop.0002_email"}, "shop.0001_initial", kReached, kUnknown},
    {Tool::Django, "by number", {"shop.0001_initial", "shop.0002_email"}, "shop.0002", kReached, kReached},
    {Tool::Django, "still to come", {"shop.0001_initial"}, "shop.0002", kNotReached, kNotReached},
    {Tool::Django, "the other app is further", {"auth.0012_x", "shop.0001_y"}, "shop.0002", kNotReached, kNotReached},
    {Tool::Django, "an app without rows", {"auth.0012_x"}, "shop.0001", kNotReached, kNotReached},
    {Tool::Django, "no app named", {"shop.0001_initial"}, "0001", kNotReached, kUnknown},
    {Tool::Django, "two with one number", {"shop.0002_a"}, "shop.0002_b", kNotReached, kUnknown},
    {Tool::Django, "a name without number", {"shop.initial"}, "shop.initial", kReached, kReached},
    {Tool::Django, "a squash", {"shop.0001_squashed_0004_x"}, "shop.0004_x", kNotReached, kNotReached},

    {Tool::Atlas, "a row", {"20261120000000", "20261122000000"}, "20261120000000", kReached, kUnknown},
    {Tool::Atlas, "no number", {"first", "second"}, "first", kReached, kUnknown},
    {Tool::Goose, "a small number", {"1", "2"}, "00002_add_email", kReached, kReached},
    {Tool::Goose, "still to come", {"1", "2"}, "3", kNotReached, kNotReached},
    {Tool::Goose, "missing below", {"1", "3"}, "2", kNotReached, kUnknown},
    {Tool::Sqlx, "numbers of any size", {"9223372036854775807"}, "9223372036854775806", kNotReached, kUnknown},
    {Tool::Sqlx, "a file's name", {"1"}, "0001_orders", kReached, kReached},

    {Tool::Prisma, "a name", {"20261120000000_init"}, "20261120000000_init", kReached, kReached},
    {Tool::Prisma, "by its time", {"20261120000000_init"}, "20261120000000", kReached, kReached},
    {Tool::Prisma, "another name with this time", {"20261120000000_a"}, "20261120000000_b", kNotReached, kUnknown},
    {Tool::EFCore,
     "a name",
     {"20261120000000_Init", "20261121000000_Email"},
     "20261120000000_Init",
     kReached,
     kUnknown},
    {Tool::EFCore, "still to come", {"20261120000000_Init"}, "20261121000000_Email", kNotReached, kNotReached},

    {Tool::Knex, "a file", {"20261120000000_a.js"}, "20261120000000_a.js", kReached, kReached},
    {Tool::Knex, "without its extension", {"20261120000000_a.js"}, "20261120000000_a", kReached, kUnknown},
    {Tool::Knex, "by its time", {"20261120000000_a.ts"}, "20261120000000", kReached, kReached},
    {Tool::Sequelize, "a file", {"20261120000000-a.js"}, "20261120000000-a", kReached, kUnknown},
    {Tool::Sequelize, "still to come", {"20261120000000-a.js"}, "20261121000000-b", kNotReached, kNotReached},
    {Tool::Sequelize, "no number", {"create-orders.js"}, "add-email", kNotReached, kUnknown},

    {Tool::Diesel, "a folder with dashes", {"20261122194700"}, "2026-11-22-194700_orders", kReached, kReached},
    {Tool::Diesel, "still to come", {"20261122194700"}, "2026-11-22-194701_x", kNotReached, kNotReached},

    {Tool::TypeORM, "a class", {"Orders1700000000000"}, "Orders1700000000000", kReached, kReached},
    {Tool::TypeORM, "its time", {"Orders1700000000000"}, "1700000000000", kReached, kReached},
    {Tool::TypeORM, "still to come", {"Orders1700000000000"}, "Email1700000000001", kNotReached, kNotReached},
    {Tool::TypeORM, "before", {"Orders1700000000000"}, "Email1600000000001", kNotReached, kUnknown},
};

INSTANTIATE_TEST_SUITE_P(Table, ReachedInAListOfMigrations, testing::ValuesIn(kCases));

TEST(ReachedByGolangMigrate, TakesTheOneNumberForALine) {
    const Reading reading{.initialised = true, .versions = {"7"}};
    EXPECT_EQ(Reached(Tool::GolangMigrate, reading, "6"), kReached);
    EXPECT_EQ(Reached(Tool::GolangMigrate, reading, "000007_add_email"), kReached);
    EXPECT_EQ(Reached(Tool::GolangMigrate, reading, "8"), kNotReached);
}

TEST(ReachedByCustomQuery, TakesNumbersForALineAndTheRestFromTheRecord) {
    const Versions record{"blue"};
    const Reading numbered{.initialised = true, .versions = {"1.10"}};
    EXPECT_EQ(Reached(Tool::Custom, numbered, "1.9"), kReached);
    EXPECT_EQ(Reached(Tool::Custom, numbered, "1.11"), kNotReached);
    const Reading named{.initialised = true, .versions = {"green"}};
    EXPECT_EQ(Reached(Tool::Custom, named, "green"), kReached);
    EXPECT_EQ(Reached(Tool::Custom, named, "blue"), kUnknown);
    EXPECT_EQ(Reached(Tool::Custom, named, "blue", record), kReached);
}

TEST(Reached, BelievesADeclaredVersionThatTheListDoesNotHave) {
    const Versions wanted{"1", "2"}, baseline{"1"};
    Survey survey{Tool::Goose, wanted};
    survey.Applied("3");
    EXPECT_EQ(Reached(Tool::Goose, survey.Finish(), "1", baseline), kReached);
    EXPECT_EQ(Reached(Tool::Goose, survey.Finish(), "2", baseline), kNotReached);
}

TEST(Survey, KeepsTheHighestNumberThoughAnotherCameLast) {
    Survey survey{Tool::Rails, {}};
    survey.Applied("20261122000000");
    survey.Applied("20261121000000");
    EXPECT_THAT(survey.Finish().versions, ElementsAre("20261122000000"));
}

TEST(Survey, KeepsTheLastRowWhereNamesHaveNoOrder) {
    Survey survey{Tool::Liquibase, {}};
    survey.Applied("9");
    survey.Applied("1");
    EXPECT_THAT(survey.Finish().versions, ElementsAre("1"));
}

TEST(Survey, KeepsTheNewestOfEachApp) {
    Survey survey{Tool::Django, {}};
    for (const char* name : {"shop.0002_b", "auth.0011_x", "shop.0010_c", "auth.0012_y", "shop.0009_z", "misc.initial"})
        survey.Applied(name);
    EXPECT_THAT(survey.Finish().versions, ElementsAre("auth.0012_y", "misc.initial", "shop.0010_c"));
}

TEST(Survey, CountsWhatABaselineContains) {
    const Versions wanted{"1.5", "2", "2.1", "3"};
    Survey survey{Tool::Flyway, wanted};
    survey.Baseline("2");
    survey.Applied("3");
    EXPECT_THAT(survey.Finish().reached, ElementsAre("1.5", "2", "3"));
    EXPECT_THAT(survey.Finish().absent, ElementsAre("2.1"));
}

TEST(Survey, FindsOtherNamesOfARow) {
    const Versions wanted{"release-1", "ann:create", "create"}, others{"release-1", "ann:create"};
    Survey survey{Tool::Liquibase, wanted};
    survey.Applied("create", others);
    EXPECT_THAT(survey.Finish().absent, IsEmpty());
    EXPECT_THAT(survey.Finish().versions, ElementsAre("create"));
}

TEST(Survey, SaysWhatIsHalfDone) {
    Survey survey{Tool::Sqlx, {}};
    EXPECT_FALSE(survey.Finish().dirty);
    survey.HalfDone("2", "one");
    EXPECT_EQ(survey.Finish().dirty_detail, "one");
    survey.HalfDone("3", "two");
    EXPECT_TRUE(survey.Finish().dirty);
    EXPECT_EQ(survey.Finish().dirty_detail, "one (and 1 more)");
}

TEST(Survey, OfNoRowsIsInitialisedAndHasNothing) {
    const Versions wanted{"1"};
    const Reading reading = Survey{Tool::Goose, wanted}.Finish();
    EXPECT_TRUE(reading.initialised);
    EXPECT_THAT(reading.versions, IsEmpty());
    EXPECT_THAT(reading.absent, ElementsAre("1"));
    EXPECT_EQ(Reached(Tool::Goose, reading, "1"), kNotReached);
}

}  // namespace
}  // namespace version
