#include "tools/real_tool.hpp"

namespace testing_support {
namespace {

constexpr const char* kOrders = "CREATE TABLE orders (id bigint PRIMARY KEY);\n";
constexpr const char* kEmail = "ALTER TABLE orders ADD COLUMN email text;\n";
constexpr const char* kBroken = "ALTER TABLE no_such_table ADD COLUMN reference text;\n";

std::string Up(const std::string& mark, const char* sql) {
    return mark + "\n" + sql;
}

RealTool GolangMigrate() {
    return {.name = "GolangMigrate",
            .files = {{"000001_orders.up.sql", kOrders}, {"000002_email.up.sql", kEmail}},
            .broken = {{"000003_reference.up.sql", kBroken}},
            .command = [](const ToolRun& run) -> std::vector<std::string> {
                return {run.tools / "go/migrate", "-path", run.folder, "-database", run.Uri(), "up"};
            },
            .environment = &PgEnvironment,
            .first = "000001_orders",
            .second = "2",
            .third = "3",
            .versions = {"2"},
            .table = "schema_migrations",
            .dirty = "version 3 has begun",
            .versions_when_dirty = {"3"}};
}

RealTool Goose() {
    return {
        .name = "Goose",
        .files = {{"00001_orders.sql", Up("-- +goose Up", kOrders)}, {"00002_email.sql", Up("-- +goose Up", kEmail)}},
        .broken = {{"00003_reference.sql", Up("-- +goose Up", kBroken)}},
        .command = [](const ToolRun& run) -> std::vector<std::string> {
            return {run.tools / "go/goose", "-env=none", "up"};
        },
        .environment = [](const ToolRun& run) -> std::map<std::string, std::string> {
            auto environment = PgEnvironment(run);
            environment["GOOSE_DRIVER"] = "postgres";
            environment["GOOSE_DBSTRING"] = run.Uri();
            environment["GOOSE_MIGRATION_DIR"] = run.folder;
            return environment;
        },
        .first = "00001_orders",
        .second = "2",
        .third = "3",
        .versions = {"2"},
        .table = "goose_db_version"};
}

RealTool Dbmate() {
    return {.name = "Dbmate",
            .files = {{"20261120000000_orders.sql", Up("-- migrate:up", kOrders) + "-- migrate:down\n"},
                      {"20261121000000_email.sql", Up("-- migrate:up", kEmail) + "-- migrate:down\n"}},
            .broken = {{"20261122000000_reference.sql", Up("-- migrate:up", kBroken) + "-- migrate:down\n"}},
            .command = [](const ToolRun& run) -> std::vector<std::string> {
                return {run.NodeModules() / "@dbmate/linux-x64/bin/dbmate", "--migrations-dir", run.folder,
                        "--no-dump-schema", "migrate"};
            },
            .environment = [](const ToolRun& run) -> std::map<std::string, std::string> {
                auto environment = PgEnvironment(run);
                environment["DATABASE_URL"] = run.Uri();
                return environment;
            },
            .first = "20261120000000",
            .second = "20261121000000_email",
            .third = "20261122000000",
            .versions = {"20261121000000"},
            .table = "schema_migrations"};
}

/// Without it Java reads a password from its environment as ASCII.
constexpr const char* kUtf8 = "C.UTF-8";

std::vector<std::string> Java(const std::filesystem::path& jars, const std::string& program,
                              const std::vector<std::string>& arguments) {
    std::vector<std::string> command{"java", "-Xmx256m", "-cp", (jars / "*").string(), program};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
}

RealTool Flyway() {
    return {.name = "Flyway",
            .files = {{"sql/V1.9__orders.sql", kOrders},
                      {"sql/V1.10__email.sql", kEmail},
                      {"sql/R__view.sql", "CREATE OR REPLACE VIEW numbers AS SELECT id FROM orders;\n"}},
            // Outside of a transaction: what it did before it failed stays, and so does its row.
            .broken = {{"sql/V1.11__reference.sql", std::string{"CREATE TABLE half_done (id int);\n"} + kBroken},
                       {"sql/V1.11__reference.sql.conf", "executeInTransaction=false\n"}},
            .command =
                [](const ToolRun& run) {
                    return Java(run.tools / "java/flyway", "org.flywaydb.commandline.Main", {"migrate"});
                },
            .environment = [](const ToolRun& run) -> std::map<std::string, std::string> {
                return {{"LANG", kUtf8},
                        // By default the row of a migration that failed half-way is rolled back with the lock.
                        {"FLYWAY_POSTGRESQL_TRANSACTIONAL_LOCK", "false"},
                        {"FLYWAY_URL", run.JdbcUri()},
                        {"FLYWAY_USER", run.database.user},
                        {"FLYWAY_PASSWORD", run.database.password},
                        {"FLYWAY_LOCATIONS", "filesystem:" + (run.folder / "sql").string()}};
            },
            .first = "1.9",
            .second = "1_10",
            .third = "1.11",
            .versions = {"1.10"},
            .table = "flyway_schema_history",
            .dirty = "V1.11__reference.sql failed",
            .versions_when_dirty = {"1.10"}};
}

RealTool Liquibase() {
    return {.name = "Liquibase",
            .files = {{"1.sql", std::string{"--liquibase formatted sql\n--changeset ann:orders\n"} + kOrders},
                      {"2.sql", std::string{"--liquibase formatted sql\n--changeset bob:email\n"} + kEmail},
                      {"log.yaml",
                       "databaseChangeLog:\n- includeAll: {path: ., endsWithFilter: sql}\n- changeSet: {id: release, "
                       "author: bob, changes: [tagDatabase: {tag: v2}]}\n"}},
            .broken = {{"3.sql", std::string{"--liquibase formatted sql\n--changeset ann:reference\n"} + kBroken}},
            .command =
                [](const ToolRun& run) {
                    return Java(run.tools / "java/liquibase", "liquibase.integration.commandline.LiquibaseCommandLine",
                                {"--search-path=" + run.folder.string(), "update", "--changelog-file=log.yaml"});
                },
            .environment = [](const ToolRun& run) -> std::map<std::string, std::string> {
                return {{"LANG", kUtf8},
                        {"LIQUIBASE_COMMAND_URL", run.JdbcUri()},
                        {"LIQUIBASE_COMMAND_USERNAME", run.database.user},
                        {"LIQUIBASE_COMMAND_PASSWORD", run.database.password},
                        {"LIQUIBASE_ANALYTICS_ENABLED", "false"}};
            },
            .first = "orders",
            .second = "v2",
            .third = "reference",
            .versions = {"release"},
            .table = "databasechangelog"};
}

}  // namespace

std::vector<RealTool> SqlTools() {
    return {GolangMigrate(), Goose(), Dbmate(), Flyway(), Liquibase()};
}

}  // namespace testing_support
