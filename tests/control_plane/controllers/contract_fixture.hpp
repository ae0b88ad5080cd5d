#pragma once

#include <string>
#include <vector>

#include "control_plane/controllers/operator_fixture.hpp"

namespace test {

/// A database at 0002 and Migrations that take away what others may still need. The wait for requests in flight, which
/// is longer than all else here takes, is shortened by the operator's switch for tests.
class ContractFixture : public OperatorFixture {
protected:
    ContractFixture() : ContractFixture(2) {}
    explicit ContractFixture(int wait_seconds);

    /// Starts the operator; the Database was read.
    void SetUp() override;

    /// Migration "contract" to 0003, which leaves nothing for what needs less than 0002.
    void ApplyContract(const Json& changes = Json::object());
    /// Migration "down" back to 0001.
    void ApplyDown();
    /// A Deployment, rolled out as far as the test plays the node; no requirement: without the annotation.
    void Deploy(const std::string& name, const std::string& requirement, int replicas = 1);

    /// The Migration says so with these words in its message.
    testing::AssertionResult Waits(const std::string& migration, const std::string& reason,
                                   const std::string& words) const;
    Json Floor() const { return Database()["status"].value("floor", Json()); }
    Json Ceiling() const { return Database()["status"].value("ceiling", Json()); }
    std::vector<std::string> Satisfied() const;
};

}  // namespace test
