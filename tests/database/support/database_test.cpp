#include "support/database_test.hpp"

namespace testing_support {
namespace {

int number = 0;

}  // namespace

DatabaseTest::DatabaseTest() {
    const std::string name = "case" + std::to_string(++number);
    const auto admin = SharedServer().Connect();
    pqxx::nontransaction transaction{*admin};
    transaction.exec("CREATE ROLE " + name + " LOGIN PASSWORD " + transaction.quote(kPassword));
    transaction.exec("CREATE DATABASE " + name + " OWNER " + name);
    database_ = {SharedServer().Port(), name, name, kPassword};
    created_ = name;
}

DatabaseTest::~DatabaseTest() {
    const auto admin = SharedServer().Connect();
    pqxx::nontransaction{*admin}.exec("DROP DATABASE " + created_ + " WITH (FORCE)");
    if (!HasFailure()) return;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{folder_.Path()}) {
        if (entry.path().extension() == ".log") std::fputs(ReadFile(entry.path()).c_str(), stderr);
    }
}

std::unique_ptr<AgentPod> DatabaseTest::Pod(const std::string& name, const std::string& job_uid) const {
    return std::make_unique<AgentPod>(folder_, name, job_uid, database_);
}

int DatabaseTest::Alembic(const std::string& command, const std::string& target, const std::string& job_uid) {
    return RunToEnd({.command = {"alembic", "-c", std::string{ALEMBIC_ENVIRONMENT} + "/alembic.ini", command, target},
                     .environment = {{"PGHOST", "127.0.0.1"},
                                     {"PGPORT", std::to_string(database_.port)},
                                     {"PGDATABASE", database_.name},
                                     {"PGUSER", database_.user},
                                     {"PGPASSWORD", database_.password},
                                     {"PGAPPNAME", "tidegate/" + job_uid},
                                     {"PYTHONDONTWRITEBYTECODE", "1"}},
                     .output = folder_.Path() / "alembic.log"});
}

std::unique_ptr<pqxx::connection> DatabaseTest::Connect(const std::string& application_name) const {
    return SharedServer().Connect(created_, application_name);
}

std::unique_ptr<pqxx::connection> DatabaseTest::ConnectAsOwner(const std::string& application_name) const {
    return SharedServer().Connect(created_, application_name, created_);
}

void DatabaseTest::Execute(const std::string& sql) const {
    const auto connection = Connect();
    pqxx::nontransaction{*connection}.exec(sql);
}

std::string DatabaseTest::Value(const std::string& sql) const {
    const auto connection = Connect();
    return pqxx::nontransaction{*connection}.exec1(sql)[0].c_str();
}

std::string DatabaseTest::FenceHolders() const {
    return Value(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = 1296648018 AND objid = 1 "
        "AND "
        "objsubid = 2 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
}

}  // namespace testing_support
