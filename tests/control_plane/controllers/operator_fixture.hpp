#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "api/agent_report.hpp"
#include "kube/client.hpp"
#include "support/builders.hpp"
#include "support/eventually.hpp"
#include "support/kubectl.hpp"
#include "support/namespace.hpp"
#include "support/node.hpp"
#include "support/operator_process.hpp"

/// The built operator against a real API server, confined to a namespace of its own. What users do goes through
/// kubectl; what a case waits for is read over one connection, which is faster.
namespace test {

using Json = nlohmann::json;
using support::DatabaseBuilder;
using support::DeploymentBuilder;
using support::Eventually;
using support::MigrationBuilder;
using support::OperatorProcess;

/// What the history table holds; {} is a database that no tool has touched.
using Versions = std::vector<std::string>;

/// How the agent's report looks after the given readings.
std::string ReportOf(const Versions& before, const Versions& after);
/// An agent that could not do its work.
std::string ReportOfError(std::string_view reason, const std::string& message);

/// How a migration ended, for OperatorFixture::FinishMigration.
struct End {
    int exit_code = 0;
    Versions before, after;
    std::string tail;
    /// Of the container: "OOMKilled" and the like.
    std::string reason;
    /// The agent left no report.
    bool silent_agent = false;
    /// Which build the node ran; default: one and the same for each image as written.
    std::string image_id;
};

class OperatorFixture : public testing::Test {
protected:
    explicit OperatorFixture(std::vector<std::string> extra_arguments = {});
    ~OperatorFixture() override;

    /// Starts the operator.
    void SetUp() override;

    const std::string& Ns() const { return namespace_.Name(); }

    // Reading. All throw when there is no such object.
    Json Get(const kube::Resource& resource, const std::string& name) const;
    bool Exists(const kube::Resource& resource, const std::string& name) const;
    std::vector<Json> List(const kube::Resource& resource, const std::string& selector = {}) const;
    Json Migration(const std::string& name = "orders") const;
    Json Database(const std::string& name = "orders") const;
    Json Deployment(const std::string& name = "orders") const;
    /// The Jobs of migrations, not of probes; oldest first.
    std::vector<Json> MigrationJobs() const;
    /// The condition of an object; null when it has none of that type.
    static Json Condition(const Json& object, const std::string& type);
    /// status "True", "False" or "Unknown" of Ready.
    static std::string ReadyOf(const Json& object);
    static std::string MessageOf(const Json& object);
    static bool IsHeld(const Json& deployment);
    std::string WaitingFor(const std::string& deployment = "orders") const;
    std::vector<Json> EventsOf(const std::string& kind, const std::string& name) const;
    bool HasEvent(const std::string& kind, const std::string& name, const std::string& reason) const;

    // Waiting. The object's Ready condition has `reason` and is about its present generation.
    testing::AssertionResult MigrationSays(const std::string& reason, const std::string& name = "orders") const;
    testing::AssertionResult DatabaseSays(const std::string& reason, const std::string& name = "orders") const;
    /// Ready and nothing else does this: the three conditions agree.
    testing::AssertionResult IsReady(const std::string& reason, const std::string& name = "orders") const;
    testing::AssertionResult IsStalled(const std::string& reason, const std::string& name = "orders") const;
    testing::AssertionResult IsOpen(const std::string& deployment = "orders") const;
    testing::AssertionResult IsHeldWith(const std::string& words, const std::string& deployment = "orders") const;

    // The world's part.
    /// The pod of the Database's probe that is under way.
    std::string ProbePod(const std::string& database = "orders") const;
    void AnswerProbe(const Versions& versions, const std::string& database = "orders") const;
    /// The Job that the Migration's status calls active. Throws when none comes.
    std::string RunningJob(const std::string& migration = "orders") const;
    std::string PodOf(const std::string& job) const;
    /// The pod ends, and with it the Job.
    void FinishMigration(const std::string& job, const End& end) const;
    /// As Node::Finish, over the one connection and without binding: most cases do this twice, and kubectl is slow.
    void Finish(const std::string& pod, const std::map<std::string, support::ContainerEnd>& ends) const;
    /// The pod's status subresource, for what Node does not play.
    void PatchPodStatus(const std::string& pod, const Json& status) const;
    /// A Database of that name exists and was read.
    void MakeDatabase(const Versions& versions, const std::string& name = "orders");
    /// One whole successful migration.
    void Migrate(const std::string& version, const Versions& before, const std::string& name = "orders");
    /// Starts the Deployment's pods and ends those that are deleted, until it is as its template says.
    testing::AssertionResult RollsOut(const std::string& deployment = "orders") const;

    void StartOperator() { operator_->Start(); }
    /// Nothing is queued and nothing was written by the operator for `quiet`.
    testing::AssertionResult IsQuiet(std::chrono::milliseconds quiet = std::chrono::milliseconds{500}) const;

    /// Conditions of everything, and the operator's log: why a case failed.
    std::string Picture() const;

    support::Namespace namespace_;
    support::Kubectl kubectl_;
    support::Node node_;
    std::unique_ptr<OperatorProcess> operator_;
    kube::Client client_;

private:
    testing::AssertionResult Says(const kube::Resource& resource, const std::string& name,
                                  const std::string& reason) const;
};

}  // namespace test
