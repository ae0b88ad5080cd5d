#include <csignal>
#include <fstream>

#include <gmock/gmock.h>

#include "support/database_test.hpp"
#include "support/pod_environment.hpp"

namespace testing_support {
namespace {

using testing::HasSubstr;

api::Database DatabaseWith(const api::ConnectionKeys& keys) {
    api::Database database;
    database.spec.keys = keys;
    return database;
}

class Credentials : public DatabaseTest {
protected:
    void ChangePassword(const std::string& password) {
        const auto admin = Connect();
        pqxx::nontransaction transaction{*admin};
        transaction.exec("ALTER ROLE " + database_.user + " PASSWORD " + transaction.quote(password));
        database_.password = password;
    }

    int RunTool(std::vector<std::string> command, std::map<std::string, std::string> environment) {
        environment["PYTHONDONTWRITEBYTECODE"] = "1";
        return RunToEnd({.command = std::move(command),
                         .environment = std::move(environment),
                         .output = folder_.Path() / "tool.log",
                         .unprivileged = true});
    }
    std::string ToolOutput() const { return ReadFile(folder_.Path() / "tool.log"); }
};

struct Password {
    const char* name;
    std::string text;
};

/// Each holds the canary, for which every file of the agent's pod is searched at its end.
class AnyPassword : public Credentials, public testing::WithParamInterface<Password> {
protected:
    void SetUp() override { ChangePassword(GetParam().text); }
};

const std::string kAlembic = std::string{ALEMBIC_ENVIRONMENT} + "/alembic.ini";

/// As most applications have it; the environment of the tests composes its URL of parts.
constexpr const char* kAlembicOfUrl = R"(import os

from alembic import context
from sqlalchemy import create_engine

with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
)";

TEST_P(AnyPassword, WorksByParts) {
    const auto database = DatabaseWith(PartKeys());
    const auto secret = SecretOf(database_);
    const auto pod = Pod("job");
    testing_support::Connect(*pod, database, secret);
    EXPECT_EQ(pod->Probe().Wait(), 0) << pod->Output();

    const auto environment = MigrationEnvironment(database, secret);
    EXPECT_FALSE(environment.contains("DATABASE_URL"));
    EXPECT_EQ(RunTool({"psql", "--no-psqlrc", "--command", "SELECT 1"}, environment), 0) << ToolOutput();
    EXPECT_EQ(RunTool({"alembic", "-c", kAlembic, "upgrade", "0001_initial"}, environment), 0) << ToolOutput();
    EXPECT_EQ(environment.at("JDBC_DATABASE_PASSWORD"), GetParam().text);
    EXPECT_EQ(environment.at("JDBC_DATABASE_URL").find("c4nary"), std::string::npos);
}

TEST_P(AnyPassword, WorksByUri) {
    const auto database = DatabaseWith(UriKey());
    const auto secret = SecretOf(database_);
    const auto pod = Pod("job");
    testing_support::Connect(*pod, database, secret);
    EXPECT_EQ(pod->Probe().Wait(), 0) << pod->Output();

    const auto environment = MigrationEnvironment(database, secret);
    EXPECT_FALSE(environment.contains("PGHOST"));
    EXPECT_EQ(RunTool({"sh", "-c", "exec psql --no-psqlrc --command 'SELECT 1' \"$DATABASE_URL\""}, environment), 0)
        << ToolOutput();
    const auto home = folder_.MakeFolder("alembic");
    std::ofstream{home / "alembic.ini"} << "[alembic]\nscript_location = %(here)s\nversion_locations = "
                                        << ALEMBIC_ENVIRONMENT << "/versions\n";
    std::ofstream{home / "env.py"} << kAlembicOfUrl;
    EXPECT_EQ(RunTool({"alembic", "-c", home / "alembic.ini", "upgrade", "0001_initial"}, environment), 0)
        << ToolOutput();
}

INSTANTIATE_TEST_SUITE_P(
    Characters, AnyPassword,
    testing::Values(Password{"Quotes", "c4nary'\"`''"}, Password{"Backslashes", "\\c4nary\\n\\'\\"},
                    Password{"OfUris", "c4nary@:/?#[]%41&=+;,"}, Password{"Spaces", " c4nary  spaces\t"},
                    Password{"Expansions", "$(PGUSER)$$c4nary$HOME${PGUSER}$$(PGUSER)%(here)s{{x}}"},
                    Password{"LineBreaks", "c4nary\nsecond\r\n"},
                    Password{"NotAscii", "c4nary-\xC3\xBC-\xE6\x97\xA5\xE6\x9C\xAC-\xF0\x9F\x94\x91"},
                    Password{"Long", "c4nary" + std::string(250, 'x')}),
    [](const auto& info) { return info.param.name; });

TEST_F(Credentials, TheAgentUsesThePartsWhereBothAreThere) {
    auto keys = PartKeys();
    keys.uri = "uri";
    auto secret = SecretOf(database_);
    secret["uri"] = "postgresql://nobody:nothing@127.0.0.1:1/none";
    const auto pod = Pod("job");
    testing_support::Connect(*pod, DatabaseWith(keys), secret);
    EXPECT_EQ(pod->Probe().Wait(), 0) << pod->Output();
}

TEST_F(Credentials, ALineBreakTooManyIsNamed) {
    auto secret = SecretOf(database_);
    secret["password"] += "\n";
    const auto pod = Pod("job");
    testing_support::Connect(*pod, DatabaseWith(PartKeys()), secret);
    EXPECT_EQ(pod->Probe().Wait(), 11) << pod->Output();
    EXPECT_EQ(pod->Report().error->reason, api::agent_error::kAuthenticationFailed);
    EXPECT_THAT(pod->Report().error->message, HasSubstr("ends with a line break"));
}

/// Why operator/agent/CREDENTIALS.md offers no passfile, and what it says to do instead.
TEST_F(Credentials, APassfileIsReadByLibpqOnlyWhenNobodyElseMayReadIt) {
    ChangePassword("c4nary");
    auto environment = MigrationEnvironment(DatabaseWith(PartKeys()), SecretOf(database_));
    environment.erase("PGPASSWORD");
    const auto mounted = folder_.MakeFolder("mounted") / "pgpass", copied = folder_.MakeFolder("copied") / "pgpass";
    std::ofstream{mounted} << "*:*:*:*:c4nary\n";
    environment["PGPASSFILE"] = mounted;
    // As Kubernetes mounts a Secret for a user that is not root: owned by root, and readable by group or world.
    for (const unsigned mode : {0444U, 0440U}) {
        std::filesystem::permissions(mounted, std::filesystem::perms{mode});
        EXPECT_EQ(RunTool({"psql", "--no-password", "--command", "SELECT 1"}, environment), 2) << ToolOutput();
    }
    std::filesystem::permissions(mounted, std::filesystem::perms{0444});
    environment["PGPASSFILE"] = copied;
    EXPECT_EQ(RunTool({"sh", "-c",
                       "install -m 0600 " + mounted.string() + " \"$PGPASSFILE\" && exec psql --command 'SELECT 1'"},
                      environment),
              0)
        << ToolOutput();
}

/// The Secret's content is read when a container starts.
class Rotation : public Credentials {
protected:
    const api::Database by_parts_ = DatabaseWith(PartKeys());

    void ReadSecret(AgentPod& pod) { testing_support::Connect(pod, by_parts_, SecretOf(database_)); }
};

TEST_F(Rotation, IsSeenByTheNextPod) {
    const auto first = Pod("first");
    ReadSecret(*first);
    EXPECT_EQ(first->Probe().Wait(), 0) << first->Output();
    ChangePassword("c4nary-new");
    EXPECT_EQ(first->Probe().Wait(), 11) << "what the pod had been given";
    const auto second = Pod("second");
    ReadSecret(*second);
    EXPECT_EQ(second->Probe().Wait(), 0) << second->Output();
}

TEST_F(Rotation, AWaitingRunGoesOnByItselfWhenTheSecretIsMended) {
    const auto pod = Pod("job");
    ReadSecret(*pod);
    ChangePassword("c4nary-new");
    EXPECT_EQ(pod->Run().Wait(), 11) << pod->Output();
    const auto error = pod->Report().error;
    ASSERT_TRUE(error);
    EXPECT_EQ(error->reason, api::agent_error::kAuthenticationFailed);
    EXPECT_THAT(error->message, HasSubstr("password authentication failed for user"));
    EXPECT_THAT(error->message, HasSubstr("correct user and password in the Secret"));

    // The kubelet starts the container again, in the same pod.
    ReadSecret(*pod);
    pod->Run();
    EXPECT_TRUE(pod->BecomesReady()) << pod->Output();
    EXPECT_EQ(pod->Terminate(), 0);
    EXPECT_EQ(pod->Report().error, std::nullopt);
}

TEST_F(Rotation, DuringARunKeepsTheFenceAndIsSeenWhenTheConnectionBreaks) {
    const auto pod = Pod("job");
    ReadSecret(*pod);
    pod->Run();
    ASSERT_TRUE(pod->BecomesReady()) << pod->Output();
    ChangePassword("c4nary-new");
    EXPECT_EQ(FenceHolders(), "1");

    Execute(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND "
        "database = (SELECT oid FROM pg_database WHERE datname = current_database())");
    EXPECT_EQ(pod->Agent().Wait(), 11) << pod->Output();
    ReadSecret(*pod);
    pod->Run();
    EXPECT_TRUE(Eventually([&] { return FenceHolders() == "1"; })) << pod->Output();
    EXPECT_EQ(pod->Terminate(), 0);
    EXPECT_EQ(pod->Report().phase, api::AgentPhase::Done);
    EXPECT_GE(pod->Report().fence_lost, 1);
}

}  // namespace
}  // namespace testing_support
