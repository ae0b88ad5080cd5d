#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "support/database_test.hpp"

namespace testing_support {

/// A session with one statement under way. It ends by itself after half a minute, so that a case which fails does not
/// hang.
class Statement {
public:
    Statement(std::unique_ptr<pqxx::connection> connection, const std::string& sql);

    struct End {
        /// What the server said; empty: it was done.
        std::string error;
        std::chrono::milliseconds took{0};
    };
    End Wait() { return end_.get(); }
    bool IsUnderWay() const { return end_.wait_for(std::chrono::seconds{0}) != std::future_status::ready; }
    int Pid() const { return pid_; }

private:
    std::unique_ptr<pqxx::connection> connection_;
    int pid_;
    std::future<End> end_;
};

/// A table, somebody who reads it in a transaction that stays open, and a pod whose migration wants to alter it.
class LockScene : public DatabaseTest {
protected:
    LockScene();

    /// An agent that holds the fence of Job "job", with this lock watch.
    std::unique_ptr<AgentPod> Watching(const std::string& action, int after_seconds, const std::string& pod = "job");

    /// `SELECT` in a transaction that is left open.
    std::unique_ptr<pqxx::connection> HoldOpen(std::unique_ptr<pqxx::connection> connection,
                                               const std::string& table = "orders") const;
    /// Returns when it waits for its lock.
    std::unique_ptr<Statement> WaitingStatement(std::unique_ptr<pqxx::connection> connection, const std::string& sql);
    std::unique_ptr<Statement> WaitingMigration(const std::string& table = "orders");
    /// Somebody else's, of no Job.
    std::unique_ptr<Statement> WaitingReader(const std::string& table = "orders");

    bool WaitsForALock(int pid) const;
    bool Lives(int pid) const;
    /// The agent's log holds `part`.
    static bool Says(const AgentPod& pod, const std::string& part);
};

}  // namespace testing_support
