#include <gmock/gmock.h>

#include "support/database_test.hpp"

namespace testing_support {
namespace {

using testing::HasSubstr;

constexpr const char* kLiquibaseLock =
    "CREATE TABLE databasechangeloglock (id int PRIMARY KEY, locked boolean NOT NULL, lockgranted timestamp, lockedby "
    "varchar(255));";
constexpr const char* kLiquibaseTaken =
    "INSERT INTO databasechangeloglock VALUES (1, true, '2026-11-23 06:10:22.123', 'orders-1 (10.0.0.7)');";
constexpr const char* kKnexLock =
    "CREATE TABLE knex_migrations_lock (index serial PRIMARY KEY, is_locked int);"
    "INSERT INTO knex_migrations_lock (is_locked) VALUES (1);";
constexpr const char* kGooseLock =
    "CREATE TABLE goose_lock (lock_id bigint NOT NULL PRIMARY KEY, locked boolean NOT NULL DEFAULT false, locked_at "
    "timestamptz NULL, locked_by text NULL, lease_expires_at timestamptz NULL, updated_at timestamptz NULL);";

/// The locks of tools that are rows of a table, made by SQL as the tool's own source makes them. Those of tools that
/// can be had are left by the tool itself in killed_tools_test.cpp.
class ToolLock : public DatabaseTest {
protected:
    std::optional<version::ToolLock> ReadWith(const std::string& tool, const std::string& table = "") {
        Execute("GRANT pg_read_all_data TO " + database_.user);
        return Read(tool, table).lock;
    }
    version::Reading Read(const std::string& tool, const std::string& table = "") {
        const auto probe = Pod("probe" + std::to_string(++probes_));
        probe->environment["TIDEGATE_TOOL"] = tool;
        probe->environment["TIDEGATE_HISTORY_TABLE"] = table;
        EXPECT_EQ(probe->Probe().Wait(), 0) << probe->Output();
        return probe->Report().after.value_or(version::Reading{});
    }

private:
    int probes_ = 0;
};

TEST_F(ToolLock, OfLiquibaseSaysWhoTookItAndWhenAlsoBeforeThereIsAHistory) {
    Execute(kLiquibaseLock);
    EXPECT_EQ(ReadWith("Liquibase"), std::nullopt) << "no row yet";
    Execute(kLiquibaseTaken);
    EXPECT_EQ(ReadWith("Liquibase"),
              (version::ToolLock{"public.databasechangeloglock", "orders-1 (10.0.0.7)", "2026-11-23 06:10:22", ""}));
    Execute("UPDATE databasechangeloglock SET locked = false, lockgranted = NULL, lockedby = NULL");
    EXPECT_EQ(ReadWith("Liquibase"), std::nullopt);
}

TEST_F(ToolLock, IsLookedForInTheSchemaOfTheHistoryUnderEitherName) {
    Execute(std::string{"CREATE SCHEMA \"Ops\"; SET search_path = \"Ops\";"} + kLiquibaseLock + kLiquibaseTaken);
    EXPECT_EQ(ReadWith("Liquibase"), std::nullopt) << "not on the role's search path";
    const auto usual = ReadWith("Liquibase", "Ops.changes");
    ASSERT_TRUE(usual);
    EXPECT_EQ(usual->table, "\"Ops\".databasechangeloglock");
    Execute("ALTER TABLE \"Ops\".databasechangeloglock RENAME TO changeslock");
    const auto derived = ReadWith("Liquibase", "Ops.changes");
    ASSERT_TRUE(derived);
    EXPECT_EQ(derived->table, "\"Ops\".changeslock");
}

TEST_F(ToolLock, IsThatOfTheHistoryWhereAnotherSchemaHasOneToo) {
    Execute(std::string{"CREATE SCHEMA app; SET search_path = app;"} + kLiquibaseLock +
            "CREATE TABLE databasechangelog (id text, author text, filename text, dateexecuted timestamp, "
            "orderexecuted int, exectype text, tag text); SET search_path = public;" +
            kLiquibaseLock + kLiquibaseTaken + "ALTER ROLE " + database_.user + " SET search_path = public, app");
    EXPECT_EQ(ReadWith("Liquibase"), std::nullopt) << "the lock in public is another application's";
}

TEST_F(ToolLock, OfKnexIsNamedAfterItsHistory) {
    Execute(kKnexLock);
    EXPECT_EQ(ReadWith("Knex"), (version::ToolLock{"public.knex_migrations_lock", "", "", ""}));
    EXPECT_EQ(ReadWith("Knex", "steps"), std::nullopt);
    Execute("ALTER TABLE knex_migrations_lock RENAME TO steps_lock");
    EXPECT_EQ(ReadWith("Knex", "steps"), (version::ToolLock{"public.steps_lock", "", "", ""}));
    Execute("UPDATE steps_lock SET is_locked = 0");
    EXPECT_EQ(ReadWith("Knex", "steps"), std::nullopt);
}

TEST_F(ToolLock, OfGooseIsALeaseThatEndsByItself) {
    Execute(kGooseLock);
    Execute(
        "INSERT INTO goose_lock VALUES (1, true, '2026-11-23 06:10:22Z', 'worker-1', now() + interval '1 hour', "
        "now())");
    const auto lock = ReadWith("Goose");
    ASSERT_TRUE(lock);
    EXPECT_EQ(lock->holder, "worker-1");
    EXPECT_EQ(lock->since, "2026-11-23T06:10:22Z");
    EXPECT_EQ(lock->until,
              Value("SELECT to_char(lease_expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM "
                    "goose_lock"));
    Execute("UPDATE goose_lock SET lease_expires_at = now() - interval '1 second'");
    EXPECT_EQ(ReadWith("Goose"), std::nullopt) << "nobody renewed it";
}

TEST_F(ToolLock, ThatCannotBeReadDoesNotCostTheReadingOfTheHistory) {
    Execute(
        "CREATE TABLE knex_migrations (id serial PRIMARY KEY, name varchar(255)); INSERT INTO knex_migrations "
        "(name) VALUES ('1_a.js'); GRANT SELECT ON knex_migrations TO PUBLIC");
    Execute(kKnexLock);
    EXPECT_EQ(Read("Knex").lock, std::nullopt) << "no right to read it";
    EXPECT_EQ(Read("Knex").versions, std::vector<std::string>{"1_a.js"});

    Execute("GRANT SELECT ON knex_migrations_lock TO PUBLIC");
    const auto locker = Connect();
    pqxx::work lock{*locker};
    lock.exec("LOCK TABLE knex_migrations_lock IN ACCESS EXCLUSIVE MODE");
    EXPECT_EQ(Read("Knex").versions, std::vector<std::string>{"1_a.js"}) << "somebody changes that table just now";

    Execute(
        "CREATE TABLE goose_lock (locked text, lease_expires_at text); INSERT INTO goose_lock VALUES ('true', "
        "'soon'); GRANT SELECT ON goose_lock TO PUBLIC; CREATE TABLE goose_db_version (id int, version_id bigint, "
        "is_applied boolean); GRANT SELECT ON goose_db_version TO PUBLIC");
    EXPECT_TRUE(Read("Goose").initialised) << "somebody else's table of that name";
    EXPECT_EQ(Read("Goose").lock, std::nullopt);
}

}  // namespace
}  // namespace testing_support
