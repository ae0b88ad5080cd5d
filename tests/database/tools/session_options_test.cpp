#include "support/session_options.hpp"

#include <cstdlib>

#include <gmock/gmock.h>

#include "support/database_test.hpp"
#include "tools/real_tool.hpp"

namespace testing_support {
namespace {

using std::chrono::seconds;

/// Instead of what breaks the third migration, as SQL or as Ruby. Without quotes, so that it fits into every tool's
/// files.
constexpr const char* kBroken = "ALTER TABLE no_such_table ADD COLUMN reference text";
constexpr const char* kBrokenInRuby = "add_column :no_such_table, :reference, :text";
constexpr const char* kShow = "CREATE TABLE shown AS SELECT name, setting FROM pg_settings";

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

std::string Mended(const std::string& file) {
    return Replaced(Replaced(file, kBroken, kShow), kBrokenInRuby, std::string{"execute \""} + kShow + "\"");
}

/// Whether what the operator puts into PGOPTIONS is what a migration finds, with each tool and its own driver: psycopg
/// (Alembic, Django), Ruby's pg (Rails), lib/pq (golang-migrate, dbmate), pgx (goose), node-postgres (Knex, TypeORM,
/// Sequelize, Prisma with its adapter), and pgjdbc (Flyway, Liquibase), which ignores it and is given the same in its
/// URL.
class SessionOptions : public DatabaseTest, public testing::WithParamInterface<RealTool> {
protected:
    void SetUp() override {
        const char* tools = std::getenv("TIDEGATE_TEST_TOOLS");
        ASSERT_NE(tools, nullptr) << "set it to what tests/tools/install prints";
        run_ = {.folder = folder_.MakeFolder("tool"),
                .tools = tools,
                .database = database_,
                .application_name = "tidegate/job"};
        Write(tool_.files, run_.folder);
        auto mended = tool_.broken;
        for (auto& file : mended)
            file.content = Mended(file.content);
        Write(mended, run_.folder);
    }

    int Migrate(const std::string& options) {
        auto environment = tool_.environment(run_);
        environment["PGOPTIONS"] = options;
        for (auto& [name, value] : environment) {
            if (value.starts_with("jdbc:")) value += "&options=" + PercentEncoded(options);
        }
        return RunToEnd(
            {.command = tool_.command(run_), .environment = environment, .output = folder_.Path() / "tool.log"});
    }
    std::string Shown(const std::string& setting) const {
        return Value("SELECT setting FROM shown WHERE name = '" + setting + "'");
    }

    const RealTool& tool_ = GetParam();
    ToolRun run_;
};

TEST_P(SessionOptions, AreWhatTheMigrationFinds) {
    api::Database database;
    database.status.connection_check = true;
    database.spec.limits = {.lock_timeout = seconds{7}, .statement_timeout = seconds{1234}};
    ASSERT_EQ(Migrate(SessionOptionsOf(database)), 0) << ReadFile(folder_.Path() / "tool.log");
    EXPECT_EQ(Shown("lock_timeout"), "7000");
    EXPECT_EQ(Shown("statement_timeout"), "1234000");
    EXPECT_EQ(Shown("client_connection_check_interval"), "5000");
    EXPECT_EQ(Shown("tcp_keepalives_idle"), "10");
    EXPECT_EQ(Shown("application_name"), "tidegate/job");
}

INSTANTIATE_TEST_SUITE_P(Tools, SessionOptions, testing::ValuesIn(AllTools()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace testing_support
