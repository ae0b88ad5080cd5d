#include "tools/real_tool.hpp"

namespace testing_support {
namespace {

constexpr const char* kOrders = "CREATE TABLE orders (id bigint PRIMARY KEY)";
constexpr const char* kEmail = "ALTER TABLE orders ADD COLUMN email text";
constexpr const char* kBroken = "ALTER TABLE no_such_table ADD COLUMN reference text";

std::map<std::string, std::string> NodeEnvironment(const ToolRun& run) {
    auto environment = PgEnvironment(run);
    environment["NODE_PATH"] = run.NodeModules();
    environment["HOME"] = run.folder;
    return environment;
}

std::string KnexMigration(const std::string& sql) {
    return "exports.up = (knex) => knex.raw('" + sql + "');\nexports.down = () => {};\n";
}

RealTool Knex() {
    return {.name = "Knex",
            .files = {{"knexfile.js",
                       "const { PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD } = process.env;\n"
                       "module.exports = { client: 'pg', connection: { host: PGHOST, port: PGPORT, database: "
                       "PGDATABASE, user: PGUSER, password: PGPASSWORD } };\n"},
                      {"migrations/20261120000000_orders.js", KnexMigration(kOrders)},
                      {"migrations/20261121000000_email.js", KnexMigration(kEmail)}},
            .broken = {{"migrations/20261122000000_reference.js", KnexMigration(kBroken)}},
            .command = [](const ToolRun& run) -> std::vector<std::string> {
                return {"node", run.NodeModules() / ".bin/knex", "migrate:latest", "--knexfile",
                        run.folder / "knexfile.js"};
            },
            .environment = &NodeEnvironment,
            .first = "20261120000000_orders",
            .second = "20261121000000_email.js",
            .third = "20261122000000",
            .versions = {"20261121000000_email.js"},
            .table = "knex_migrations"};
}

std::string TypeOrmMigration(const std::string& name, const std::string& sql) {
    return "exports." + name + " = class " + name + " {\n  async up(runner) { await runner.query('" + sql +
           "'); }\n  async down() {}\n};\n";
}

RealTool TypeORM() {
    return {
        .name = "TypeORM",
        .files = {{"data-source.js",
                   "const { DataSource } = require('typeorm');\n"
                   "const { PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD } = process.env;\n"
                   "module.exports = new DataSource({ type: 'postgres', host: PGHOST, port: PGPORT, database: "
                   "PGDATABASE, username: PGUSER, password: PGPASSWORD, migrations: [__dirname + "
                   "'/migrations/*.js'], migrationsTransactionMode: 'each' });\n"},
                  {"migrations/1763600000000-Orders.js", TypeOrmMigration("Orders1763600000000", kOrders)},
                  {"migrations/1763700000000-Email.js", TypeOrmMigration("Email1763700000000", kEmail)}},
        .broken = {{"migrations/1763800000000-Reference.js", TypeOrmMigration("Reference1763800000000", kBroken)}},
        .command = [](const ToolRun& run) -> std::vector<std::string> {
            return {"node", run.NodeModules() / ".bin/typeorm", "migration:run", "-d", run.folder / "data-source.js"};
        },
        .environment = &NodeEnvironment,
        .first = "1763600000000",
        .second = "Email1763700000000",
        .third = "1763800000000",
        .versions = {"Email1763700000000"},
        .table = "migrations"};
}

std::string SequelizeMigration(const std::string& sql) {
    return "module.exports = {\n  up: (query) => query.sequelize.query('" + sql + "'),\n  down: async () => {},\n};\n";
}

RealTool Sequelize() {
    return {.name = "Sequelize",
            .files = {{"config.js",
                       "const { PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD } = process.env;\n"
                       "module.exports = { dialect: 'postgres', host: PGHOST, port: PGPORT, database: PGDATABASE, "
                       "username: PGUSER, password: PGPASSWORD };\n"},
                      {"migrations/20261120000000-orders.js", SequelizeMigration(kOrders)},
                      {"migrations/20261121000000-email.js", SequelizeMigration(kEmail)}},
            .broken = {{"migrations/20261122000000-reference.js", SequelizeMigration(kBroken)}},
            .command = [](const ToolRun& run) -> std::vector<std::string> {
                return {"node",
                        run.NodeModules() / ".bin/sequelize",
                        "db:migrate",
                        "--config",
                        run.folder / "config.js",
                        "--migrations-path",
                        run.folder / "migrations"};
            },
            .environment = &NodeEnvironment,
            .first = "20261120000000-orders",
            .second = "20261121000000-email.js",
            .third = "20261122000000",
            .versions = {"20261121000000-email.js"},
            .table = "\"SequelizeMeta\""};
}

/// Its engine as WebAssembly, which the package ships, behind node-postgres: the native one is fetched at installation
/// from a place that is no registry.
constexpr const char* kPrismaConfiguration = R"(const { PrismaPg } = require("@prisma/adapter-pg");
const path = require("path");

module.exports = {
  experimental: { adapter: true },
  engine: "js",
  schema: path.join(__dirname, "schema.prisma"),
  migrations: { path: path.join(__dirname, "migrations") },
  // An idle connection would keep the program alive for another ten seconds.
  adapter: async () => new PrismaPg({ connectionString: process.env.DATABASE_URL, idleTimeoutMillis: 1 }),
};
)";

RealTool Prisma() {
    return {
        .name = "Prisma",
        .files = {{"prisma.config.ts", kPrismaConfiguration},
                  {"schema.prisma", "datasource db {\n  provider = \"postgresql\"\n  url = env(\"DATABASE_URL\")\n}\n"},
                  {"migrations/migration_lock.toml", "provider = \"postgresql\"\n"},
                  {"migrations/20261120000000_orders/migration.sql", kOrders},
                  {"migrations/20261121000000_email/migration.sql", kEmail}},
        .broken = {{"migrations/20261122000000_reference/migration.sql", kBroken}},
        .command = [](const ToolRun& run) -> std::vector<std::string> {
            return {"node",     run.NodeModules() / ".bin/prisma", "migrate", "deploy",
                    "--config", run.folder / "prisma.config.ts"};
        },
        .environment = [](const ToolRun& run) -> std::map<std::string, std::string> {
            auto environment = NodeEnvironment(run);
            environment["DATABASE_URL"] = run.Uri();
            environment["CHECKPOINT_DISABLE"] = "1";
            // Never run, but looked for.
            environment["PRISMA_QUERY_ENGINE_LIBRARY"] = run.folder / "schema.prisma";
            environment["PRISMA_SCHEMA_ENGINE_BINARY"] = run.folder / "schema.prisma";
            return environment;
        },
        .first = "20261120000000_orders",
        .second = "20261121000000",
        .third = "20261122000000_reference",
        .versions = {"20261121000000_email"},
        .table = "_prisma_migrations",
        .dirty = "20261122000000_reference has begun",
        .versions_when_dirty = {"20261121000000_email"}};
}

}  // namespace

std::vector<RealTool> NodeTools() {
    return {Knex(), TypeORM(), Sequelize(), Prisma()};
}

}  // namespace testing_support
