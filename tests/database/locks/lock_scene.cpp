#include "locks/lock_scene.hpp"

namespace testing_support {
namespace {

using std::chrono::steady_clock;

Statement::End RunIt(pqxx::connection& connection, const std::string& sql) {
    const auto start = steady_clock::now();
    const auto took = [&] { return std::chrono::ceil<std::chrono::milliseconds>(steady_clock::now() - start); };
    try {
        pqxx::nontransaction{connection}.exec(sql);
        return {"", took()};
    } catch (const pqxx::failure& e) {
        return {e.what(), took()};
    }
}

}  // namespace

Statement::Statement(std::unique_ptr<pqxx::connection> connection, const std::string& sql)
    : connection_{std::move(connection)}, pid_{connection_->backendpid()} {
    pqxx::nontransaction{*connection_}.exec("SET statement_timeout = '30s'");
    end_ = std::async(std::launch::async, [this, sql] { return RunIt(*connection_, sql); });
}

LockScene::LockScene() {
    const auto owner = ConnectAsOwner("test");
    pqxx::nontransaction{*owner}.exec("CREATE TABLE orders (id int); CREATE TABLE invoices (id int)");
}

std::unique_ptr<AgentPod> LockScene::Watching(const std::string& action, int after_seconds, const std::string& name) {
    auto pod = Pod(name, "job");
    pod->environment["TIDEGATE_LOCK_WATCH_ACTION"] = action;
    pod->environment["TIDEGATE_LOCK_WATCH_AFTER_SECONDS"] = std::to_string(after_seconds);
    pod->Run();
    EXPECT_TRUE(pod->BecomesReady()) << pod->Output();
    return pod;
}

std::unique_ptr<pqxx::connection> LockScene::HoldOpen(std::unique_ptr<pqxx::connection> connection,
                                                      const std::string& table) const {
    pqxx::nontransaction{*connection}.exec("BEGIN; SELECT count(*) FROM " + table);
    return connection;
}

std::unique_ptr<Statement> LockScene::WaitingStatement(std::unique_ptr<pqxx::connection> connection,
                                                       const std::string& sql) {
    auto statement = std::make_unique<Statement>(std::move(connection), sql);
    EXPECT_TRUE(Eventually([&] { return WaitsForALock(statement->Pid()); })) << sql;
    return statement;
}

std::unique_ptr<Statement> LockScene::WaitingMigration(const std::string& table) {
    return WaitingStatement(ConnectAsOwner("tidegate/job"), "ALTER TABLE " + table + " ADD COLUMN email text");
}

std::unique_ptr<Statement> LockScene::WaitingReader(const std::string& table) {
    return WaitingStatement(Connect("web"), "SELECT count(*) FROM " + table);
}

bool LockScene::WaitsForALock(int pid) const {
    return Value("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = " + std::to_string(pid)) == "1";
}

bool LockScene::Lives(int pid) const {
    return Value("SELECT count(*) FROM pg_stat_activity WHERE pid = " + std::to_string(pid)) == "1";
}

bool LockScene::Says(const AgentPod& pod, const std::string& part) {
    return Eventually([&] { return pod.Output().find(part) != std::string::npos; });
}

}  // namespace testing_support
