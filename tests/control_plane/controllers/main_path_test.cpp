#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control_plane/controllers/operator_fixture.hpp"
#include "control_plane/controllers/operator_writes.hpp"

namespace test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class MainPath : public OperatorFixture {
protected:
    /// What a user has in one file.
    void ApplyAll(const std::string& version) {
        const auto list = Json{{"apiVersion", "v1"},
                               {"kind", "List"},
                               {"items",
                                {DatabaseBuilder("orders").Build(),
                                 MigrationBuilder("orders").Version(version).Image("orders:" + version).Build(),
                                 DeploymentBuilder("orders").Requires("orders@" + version).Build()}}};
        kubectl_.MustApply(list);
    }

    std::vector<Json> DeploymentPods() const { return List(kube::kPods, "app=orders"); }

    /// How many replicas each ReplicaSet wants; those that want none left out.
    std::map<std::string, int> Wanted() const {
        std::map<std::string, int> wanted;
        for (const auto& replica_set : List(kube::kReplicaSets)) {
            const int replicas = replica_set["spec"]["replicas"];
            if (replicas > 0) wanted[replica_set["metadata"]["name"]] = replicas;
        }
        return wanted;
    }

    /// The Deployment controller has seen it as it is, and made so many pods, so many of them of its template.
    testing::AssertionResult HasPods(int all, int updated) const {
        return Eventually(
            [&] {
                const auto deployment = Deployment();
                const auto& status = deployment["status"];
                return status.value("observedGeneration", 0) == deployment["metadata"]["generation"] &&
                       status.value("replicas", 0) == all && status.value("updatedReplicas", 0) == updated;
            },
            std::to_string(all) + " pods, new " + std::to_string(updated), support::kPatience,
            [&] { return Deployment()["status"].dump(1); });
    }
};

TEST_F(MainPath, OneApplyProbesThenMigratesOnceThenReleases) {
    ApplyAll("0001");
    EXPECT_TRUE(IsHeldWith("orders@0001"));
    const auto probe = ProbePod();
    EXPECT_TRUE(MigrationJobs().empty()) << "nothing may run before the database was read";
    AnswerProbe({});

    const auto job = RunningJob();
    const auto pod = PodOf(job);
    node_.Start(pod);
    EXPECT_TRUE(MigrationSays("MigrationRunning"));
    EXPECT_TRUE(IsHeldWith("MigrationRunning"));
    FinishMigration(job, {.before = {}, .after = {"0001"}, .tail = "done"});

    EXPECT_TRUE(IsReady("MigrationSucceeded"));
    EXPECT_TRUE(IsOpen());
    EXPECT_TRUE(Eventually([&] { return DeploymentPods().size() == 2; }, "the rollout starts"));
    EXPECT_EQ(MigrationJobs().size(), 1U);
    EXPECT_EQ(WaitingFor(), "");
    EXPECT_THAT(Get(kube::kLedgers, "tidegate")["satisfied"].get<std::vector<std::string>>(),
                ElementsAre("orders@0001", "orders@image=orders:0001"));
}

TEST_F(MainPath, ResultStandsOnTheObject) {
    ApplyAll("0001");
    AnswerProbe({});
    const auto job = RunningJob();
    node_.Start(PodOf(job));
    FinishMigration(job, {.before = {}, .after = {"0001"}});
    ASSERT_TRUE(IsReady("MigrationSucceeded"));
    ASSERT_TRUE(DatabaseSays("VersionKnown"));

    const auto migration = Migration();
    const auto& run = migration["status"]["run"];
    EXPECT_EQ(run["jobName"], job);
    EXPECT_EQ(run["active"], false);
    EXPECT_EQ(run["launch"], 1);
    EXPECT_EQ(run["attempt"], 1);
    EXPECT_EQ(run["version"], "0001");
    ASSERT_EQ(migration["status"]["history"].size(), 1U);
    const auto& entry = migration["status"]["history"][0];
    EXPECT_EQ(entry["exitCode"], 0);
    EXPECT_EQ(entry["reason"], "MigrationSucceeded");
    EXPECT_EQ(entry["versionBefore"], "");
    EXPECT_EQ(entry["versionAfter"], "0001");
    EXPECT_EQ(entry["jobName"], job);
    EXPECT_THAT(entry["imageID"].get<std::string>(), HasSubstr("orders:0001@sha256:"));
    EXPECT_TRUE(entry.contains("startTime"));
    EXPECT_TRUE(entry.contains("completionTime"));
    EXPECT_FALSE(entry.contains("logTail")) << "the tail is kept of failures";

    ASSERT_TRUE(Eventually([&] { return Database()["status"]["runs"][0]["outcome"] == "Succeeded"; }, "recorded"));
    const auto database = Database();
    EXPECT_EQ(database["status"]["version"], "0001");
    EXPECT_EQ(database["status"]["active"], false);
    EXPECT_EQ(database["status"]["reached"][0]["requirement"], "orders@0001");

    for (const auto* reason : {"MigrationJobCreated", "MigrationSucceeded"}) {
        EXPECT_TRUE(Eventually([&] { return HasEvent("Migration", "orders", reason); }, reason));
    }
    EXPECT_TRUE(Eventually([&] { return HasEvent("Deployment", "orders", "RolloutReleased"); }, "release event"));
    EXPECT_TRUE(HasEvent("Deployment", "orders", "RolloutHeld"));

    const auto table = kubectl_.Must({"get", "migrations.tidegate.io", "orders"});
    for (const auto* word : {"READY", "REASON", "VERSION", "AGE", "True", "MigrationSucceeded", "0001"}) {
        EXPECT_THAT(table, HasSubstr(word));
    }
    EXPECT_TRUE(kubectl_.Run({"wait", "--for=condition=Ready", "--timeout=1s", "tgm/orders"}).Ok());
}

TEST_F(MainPath, CredentialsAreReferencedNeverCopied) {
    kubectl_.MustApply({{"apiVersion", "v1"},
                        {"kind", "Secret"},
                        {"metadata", {{"name", "orders-db"}}},
                        {"stringData", {{"uri", "postgresql://orders:s3cr3t-word@db/orders"}}}});
    ApplyAll("0001");
    AnswerProbe({});
    const auto job = Get(kube::kJobs, RunningJob());
    EXPECT_THAT(job.dump(), Not(HasSubstr("s3cr3t-word")));
    const auto& pod = job["spec"]["template"]["spec"];
    for (const auto& container : {pod["initContainers"].back(), pod["containers"][0]}) {
        bool refers = false;
        for (const auto& variable : container["env"]) {
            if (!variable.contains("valueFrom") || !variable["valueFrom"].contains("secretKeyRef")) continue;
            EXPECT_EQ(variable["valueFrom"]["secretKeyRef"]["name"], "orders-db");
            refers = true;
        }
        EXPECT_TRUE(refers) << container.dump(1);
    }
    EXPECT_EQ(job["spec"]["backoffLimit"], 0);
    EXPECT_EQ(pod["restartPolicy"], "Never");
    EXPECT_EQ(job["spec"]["podReplacementPolicy"], "Failed");
}

TEST_F(MainPath, ASuccessfulMigrationIsSevenWritesAndThenNothing) {
    MakeDatabase({"0001"});
    kubectl_.MustApply(DeploymentBuilder("orders").Requires("orders@0001").Build());
    ASSERT_TRUE(IsOpen());
    ASSERT_TRUE(IsQuiet());

    const OperatorWrites writes(Ns());
    kubectl_.MustApply({{"apiVersion", "v1"},
                        {"kind", "List"},
                        {"items",
                         {MigrationBuilder("orders").Version("0002").Build(),
                          DeploymentBuilder("orders").Requires("orders@0002").Build()}}});
    const auto job = RunningJob();
    const auto pod = PodOf(job);
    node_.StartSidecarsOnly(pod);
    node_.Start(pod);
    FinishMigration(job, {.before = {"0001"}, .after = {"0002"}});
    ASSERT_TRUE(IsOpen());
    ASSERT_TRUE(IsQuiet(std::chrono::seconds{3}));

    EXPECT_THAT(writes.Lines(),
                ElementsAre("patch databases/status orders", "create jobs " + job, "patch migrations/status orders",
                            "patch migrations/status orders", "patch databases/status orders", "patch ledgers tidegate",
                            "patch deployments orders"));
}

TEST_F(MainPath, ADatabaseThatHasTheVersionAlreadyRunsNothingAndOpens) {
    ApplyAll("0002");
    EXPECT_TRUE(IsHeldWith("orders@0002"));
    AnswerProbe({"0002"});
    EXPECT_TRUE(IsReady("AlreadyReached"));
    EXPECT_TRUE(IsOpen());
    EXPECT_TRUE(IsQuiet());
    EXPECT_TRUE(MigrationJobs().empty());
    EXPECT_THAT(MessageOf(Migration()), HasSubstr("0002"));
}

TEST_F(MainPath, AnOlderRequirementHoldsInANewerDatabase) {
    MakeDatabase({"0007_add_email"});
    kubectl_.MustApply(DeploymentBuilder("orders").Requires("orders@0003").Build());
    EXPECT_TRUE(IsOpen());
}

TEST_F(MainPath, AWorkloadOfTwoDatabasesIsReleasedByTheSecondProof) {
    MakeDatabase({"0001"});
    MakeDatabase({"0007"}, "users");
    kubectl_.MustApply(DeploymentBuilder("orders").Requires("orders@0002, users@0008").Build());
    ASSERT_TRUE(IsHeldWith("orders@0002: Database orders is at version 0001"));
    Migrate("0002", {"0001"});
    ASSERT_TRUE(IsHeldWith("users@0008: Database users is at version 0007")) << "that is left, and is what it says";
    EXPECT_TRUE(DeploymentPods().empty());
    Migrate("0008", {"0007"}, "users");
    EXPECT_TRUE(IsOpen());
    EXPECT_TRUE(Eventually([&] { return DeploymentPods().size() == 2; }, "the rollout starts"));
}

TEST_F(MainPath, WhatIsHeldMidRolloutKeepsPodsOfBothTemplatesUntilTheProofAndThenGoesOn) {
    MakeDatabase({"0001"});
    kubectl_.MustApply(DeploymentBuilder("orders").Requires("orders@0001").Build());
    ASSERT_TRUE(RollsOut());
    kubectl_.MustApply(DeploymentBuilder("orders").Requires("orders@0001").Revision(2).Build());
    ASSERT_TRUE(HasPods(3, 1));
    for (const auto& pod : DeploymentPods()) {
        if (pod["status"].value("phase", "") != "Running") node_.Start(pod["metadata"]["name"]);
    }
    ASSERT_TRUE(HasPods(3, 2)) << "one old and one new serve, one new is awaited";
    const auto wanted = Wanted();
    ASSERT_EQ(wanted.size(), 2U);

    kubectl_.MustApply(DeploymentBuilder("orders").Requires("orders@0002").Revision(3).Build());
    const std::string words =
        " (HeldMidRollout: the rollout before this one was half done; pods of both earlier templates go on serving)";
    ASSERT_TRUE(IsHeldWith(words));
    EXPECT_THAT(WaitingFor(), testing::AllOf(testing::StartsWith("orders@0002: "), testing::EndsWith(words)));
    EXPECT_TRUE(Eventually([&] { return HasEvent("Deployment", "orders", "HeldMidRollout"); }, "an event"));
    ASSERT_TRUE(HasPods(3, 0));
    EXPECT_EQ(Wanted(), wanted);

    kubectl_.MustApply(MigrationBuilder("orders").Version("0002").Build());
    const auto job = RunningJob();
    EXPECT_EQ(Wanted(), wanted) << "until the proof";
    FinishMigration(job, {.before = {"0001"}, .after = {"0002"}});
    ASSERT_TRUE(IsOpen());
    EXPECT_EQ(WaitingFor(), "");
    ASSERT_TRUE(RollsOut());
    ASSERT_EQ(Wanted().size(), 1U);
    EXPECT_FALSE(wanted.contains(Wanted().begin()->first)) << "of the template that was held";
}

TEST_F(MainPath, JobIsNamedByMigrationKeyAndLaunch) {
    MakeDatabase({});
    kubectl_.MustApply(MigrationBuilder("orders").Version("0001").Build());
    const auto job = RunningJob();
    EXPECT_THAT(job, testing::MatchesRegex("orders-[a-z0-9]*-1"));
    const auto record = Database()["status"]["runs"][0];
    EXPECT_EQ(record["jobName"], job);
    EXPECT_EQ(record["outcome"], "Active");
    const auto object = Get(kube::kJobs, job);
    EXPECT_EQ(object["metadata"]["labels"]["tidegate.io/run"], record["key"]);
    EXPECT_EQ(object["metadata"]["ownerReferences"][0]["uid"], Migration()["metadata"]["uid"]);
}

}  // namespace
}  // namespace test
