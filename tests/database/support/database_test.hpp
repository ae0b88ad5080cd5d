#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "support/agent.hpp"
#include "support/postgres_server.hpp"

namespace testing_support {

/// A case with a database of its own on the shared server and a folder of its own.
class DatabaseTest : public testing::Test {
protected:
    DatabaseTest();
    ~DatabaseTest() override;

    /// A pod of a Job of its own.
    std::unique_ptr<AgentPod> Pod(const std::string& job_uid) const { return Pod(job_uid, job_uid); }
    std::unique_ptr<AgentPod> Pod(const std::string& name, const std::string& job_uid) const;

    /// `alembic upgrade <target>` as a migration container would run it, in the environment tests/database/alembic; the
    /// exit code.
    int Alembic(const std::string& target, const std::string& job_uid = "job") {
        return Alembic("upgrade", target, job_uid);
    }
    /// The same with another command of Alembic.
    int Alembic(const std::string& command, const std::string& target, const std::string& job_uid);

    /// As the superuser, in the case's database.
    std::unique_ptr<pqxx::connection> Connect(const std::string& application_name = "test") const;
    /// As the case's own role, which agents and migrations have.
    std::unique_ptr<pqxx::connection> ConnectAsOwner(const std::string& application_name) const;
    void Execute(const std::string& sql) const;
    std::string Value(const std::string& sql) const;
    /// Server processes that hold the fence.
    std::string FenceHolders() const;

    TemporaryFolder folder_;
    /// Where Pod() points its agent; a case may point it elsewhere.
    TestDatabase database_;

private:
    std::string created_;
};

}  // namespace testing_support
