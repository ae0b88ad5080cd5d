#include "support/session_options.hpp"

#include <gmock/gmock.h>

#include "jobs/connection_env.hpp"
#include "support/pod_environment.hpp"
#include "support/tls_server.hpp"
#include "tools/tool_test.hpp"

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
class SessionOptions : public ToolTest {
protected:
    void SetUp() override {
        ASSERT_NO_FATAL_FAILURE(ToolTest::SetUp());
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
        return ToolTest::Migrate(environment);
    }
    std::string Shown(const std::string& setting) const {
        return Value("SELECT setting FROM shown WHERE name = '" + setting + "'");
    }
};

TEST_P(SessionOptions, AreWhatTheMigrationFinds) {
    api::Database database;
    database.status.connection_check = true;
    database.spec.limits = {.lock_timeout = seconds{7}, .statement_timeout = seconds{1234}};
    ASSERT_EQ(Migrate(SessionOptionsOf(database)), 0) << ToolOutput();
    EXPECT_EQ(Shown("lock_timeout"), "7000");
    EXPECT_EQ(Shown("statement_timeout"), "1234000");
    EXPECT_EQ(Shown("client_connection_check_interval"), "5000");
    EXPECT_EQ(Shown("tcp_keepalives_idle"), "10");
    EXPECT_EQ(Shown("application_name"), "tidegate/job");
}

/// pgjdbc with the URL that the operator has the kubelet make of the Secret's parts, and what stands beside it.
class JdbcSessionOptions : public SessionOptions {
protected:
    static api::Database DatabaseOfParts() {
        api::Database database;
        database.spec.keys = PartKeys();
        database.spec.limits = {.lock_timeout = seconds{7}, .statement_timeout = seconds{1234}};
        return database;
    }

    /// The tool's own variables, each with the value of the one of ours that its documentation says to take.
    int MigrateWith(const std::map<std::string, std::string>& offered) {
        auto environment = tool_.environment(run_);
        for (auto& [name, value] : environment) {
            if (value.starts_with("jdbc:")) value = offered.at("JDBC_DATABASE_URL");
            if (value == run_.database.user) value = offered.at("JDBC_DATABASE_USERNAME");
            if (value == run_.database.password) value = offered.at("JDBC_DATABASE_PASSWORD");
        }
        return ToolTest::Migrate(environment);
    }
};

TEST_P(JdbcSessionOptions, AreInTheUrlThatIsMadeOfParts) {
    ASSERT_EQ(MigrateWith(MigrationEnvironment(DatabaseOfParts(), SecretOf(run_.database))), 0) << ToolOutput();
    EXPECT_EQ(Shown("lock_timeout"), "7000");
    EXPECT_EQ(Shown("statement_timeout"), "1234000");
    EXPECT_EQ(Shown("application_name"), "tidegate/job");
}

TEST_P(JdbcSessionOptions, CheckTheServersCertificate) {
    TlsServer server{folder_};
    run_.database = server.Database();
    auto database = DatabaseOfParts();
    database.spec.tls = {api::Tls::Mode::VerifyFull, "ca", "ca.crt"};
    auto secret = SecretOf(run_.database);
    secret["host"] = "localhost";
    const auto offered = [&](const std::filesystem::path& ca) {
        auto environment = MigrationEnvironment(database, secret);
        auto& url = environment.at("JDBC_DATABASE_URL");
        url = Replaced(url, jobs::kCaFile, ca);
        return environment;
    };
    EXPECT_NE(MigrateWith(offered(server.OtherCa())), 0);
    EXPECT_EQ(MigrateWith(offered(server.Ca())), 0) << ToolOutput();
}

std::vector<RealTool> JdbcTools() {
    auto tools = AllTools();
    std::erase_if(tools, [](const RealTool& tool) { return tool.name != "Flyway" && tool.name != "Liquibase"; });
    return tools;
}

INSTANTIATE_TEST_SUITE_P(Tools, JdbcSessionOptions, testing::ValuesIn(JdbcTools()),
                         [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(Tools, SessionOptions, testing::ValuesIn(AllTools()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace testing_support
