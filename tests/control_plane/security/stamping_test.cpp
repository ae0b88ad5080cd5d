#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "api/names.hpp"
#include "control_plane/controllers/operator_fixture.hpp"
#include "control_plane/gate/gate_fixture.hpp"
#include "support/chart.hpp"

namespace security {
namespace {

using support::DeploymentBuilder;
using support::MigrationBuilder;
using Json = nlohmann::json;

/// Users with every right in the namespace: what they may not do, no role lets them.
class Stamping : public gate::GateFixture {
protected:
    static void SetUpTestSuite() { support::AwaitStamps(); }

    void SetUp() override {
        for (const char* user : {"jane", "joe"}) {
            kubectl_.Must({"create", "rolebinding", user, "--clusterrole=admin", std::string("--user=") + user});
        }
    }

    std::string Annotation(const std::string& what, std::string_view name) const {
        return kubectl_.GetJson(what)["metadata"].value("annotations", Json::object()).value(std::string(name), "");
    }
    std::string RequestedBy() const { return Annotation(kMigration, api::kRequestedByAnnotation); }
    std::string ReleaseBy(const std::string& what = "deployment/web") const {
        return Annotation(what, api::kReleaseByAnnotation);
    }
    void Must(const support::CommandResult& result) const { ASSERT_TRUE(result.Ok()) << result.error; }
    std::string Revision(const std::string& what) const {
        return kubectl_.GetJson(what)["metadata"]["resourceVersion"];
    }

    static constexpr const char* kMigration = "migration.tidegate.io/orders";
    support::Kubectl jane_ = kubectl_.As("jane"), joe_ = kubectl_.As("joe");
};

Json Migration(const std::string& image = "orders:1") {
    return MigrationBuilder("orders").Image(image).Build();
}

DeploymentBuilder Released(const std::string& requirement) {
    return DeploymentBuilder("web").Requires("orders@3").Annotation("tidegate.io/release", requirement);
}

TEST_F(Stamping, TheRequesterIsWhoeverChangedSpecOrRetryLast) {
    Must(jane_.Apply(Migration()));
    EXPECT_EQ(RequestedBy(), "jane");
    Must(joe_.Run({"label", kMigration, "team=shop"}));
    Must(joe_.Annotate(kMigration, "note=looked at it"));
    EXPECT_EQ(RequestedBy(), "jane") << "neither spec nor retry has changed";
    Must(joe_.Annotate(kMigration, "tidegate.io/retry=1"));
    EXPECT_EQ(RequestedBy(), "joe");
    Must(jane_.Apply(Migration("orders:2")));
    EXPECT_EQ(RequestedBy(), "jane");
}

TEST_F(Stamping, NobodyNamesAnotherRequester) {
    auto forged = Migration();
    forged["metadata"]["annotations"] = {{"tidegate.io/requested-by", "joe"}};
    Must(jane_.Apply(forged));
    EXPECT_EQ(RequestedBy(), "jane") << "at create";
    Must(joe_.Annotate(kMigration, "tidegate.io/requested-by=system:admin"));
    EXPECT_EQ(RequestedBy(), "jane") << "by an annotation alone";
    Must(joe_.Annotate(kMigration, "tidegate.io/requested-by-"));
    EXPECT_EQ(RequestedBy(), "jane") << "by taking it away";
    auto changed = Migration("orders:2");
    changed["metadata"]["annotations"] = {{"tidegate.io/requested-by", "jane"}};
    Must(joe_.Apply(changed));
    EXPECT_EQ(RequestedBy(), "joe") << "together with a change";
    Must(jane_.Run({"replace", "--filename=-"}, Migration("orders:2").dump()));
    EXPECT_EQ(RequestedBy(), "joe") << "by a replace that does not have it";
}

TEST_F(Stamping, AMigrationOfBeforeThePolicyHasNoRequesterUntilSomebodyAsks) {
    // As administrator past the policy is not possible; a status write, which the policy does not see, changes nothing.
    Must(jane_.Apply(Migration()));
    kubectl_.MergePatch(
        kMigration,
        {{"metadata", {{"annotations", {{"tidegate.io/requested-by", "x"}}}}}, {"status", {{"observedGeneration", 1}}}},
        "status");
    EXPECT_EQ(RequestedBy(), "jane");
}

TEST_F(Stamping, WhoReleasedByHandStandsBesideTheRelease) {
    Must(jane_.Apply(Released("orders@3").Build()));
    EXPECT_EQ(ReleaseBy(), "jane");
    EXPECT_EQ(State("web"), gate::kOpen);
    Must(joe_.Run({"scale", "deployment/web", "--replicas=3"}));
    Must(joe_.Annotate("deployment/web", "tidegate.io/release-by=root"));
    EXPECT_EQ(ReleaseBy(), "jane");
    Must(joe_.Annotate("deployment/web", "tidegate.io/release-by-"));
    EXPECT_EQ(ReleaseBy(), "jane");
    Must(joe_.Apply(Released("orders@4").Build()));
    EXPECT_EQ(ReleaseBy(), "joe");
    Must(jane_.Run({"replace", "--filename=-"}, Released("orders@4").Build().dump()));
    EXPECT_EQ(ReleaseBy(), "joe");
    Must(jane_.Annotate("deployment/web", "tidegate.io/release-"));
    EXPECT_EQ(ReleaseBy(), "") << "it goes with the release";
}

TEST_F(Stamping, OfJobsToo) {
    Must(jane_.Run({"create", "job", "report", "--image=report:1"}));
    Must(jane_.Annotate("job/report", "tidegate.io/release=orders@3"));
    EXPECT_EQ(ReleaseBy("job/report"), "jane");
    Must(joe_.Annotate("job/report", "tidegate.io/release-by=jill"));
    EXPECT_EQ(ReleaseBy("job/report"), "jane");
}

TEST_F(Stamping, WhatHasNoReleaseIsNotTouched) {
    Must(jane_.Apply(DeploymentBuilder("web").Build()));
    EXPECT_EQ(ReleaseBy(), "");
    Must(joe_.Annotate("deployment/web", "tidegate.io/release-by=joe"));
    EXPECT_EQ(ReleaseBy(), "") << "nobody released it";
}

TEST_F(Stamping, RepeatedAppliesChangeNothingWhoeverSendsThem) {
    const std::vector<std::string> server_side{"--server-side", "--force-conflicts", "--field-manager=gitops"};
    for (const auto& options : std::vector<std::vector<std::string>>{server_side, {}}) {
        // The second apply of any custom resource with a defaulted status is a write of the API server's own (measured
        // on 1.36, on Databases too, which no policy changes), and a first client-side one adds kubectl's annotation.
        for (int i = 0; i < 2; ++i) {
            Must(jane_.Apply(Migration(), options));
            Must(jane_.Apply(Released("orders@3").Build(), options));
        }
        const auto migration = Revision(kMigration), deployment = Revision("deployment/web");
        const auto generation = kubectl_.GetJson("deployment/web")["metadata"]["generation"];
        for (const auto& user : {jane_, joe_, jane_}) {
            Must(user.Apply(Migration(), options));
            Must(user.Apply(Released("orders@3").Build(), options));
            EXPECT_EQ(Revision(kMigration), migration);
            EXPECT_EQ(Revision("deployment/web"), deployment);
        }
        EXPECT_EQ(kubectl_.GetJson("deployment/web")["metadata"]["generation"], generation);
        EXPECT_EQ(jane_.Run({"diff", "--filename=-"}, Migration().dump()).output, "") << "GitOps would show it";
        EXPECT_EQ(RequestedBy(), "jane");
        EXPECT_EQ(ReleaseBy(), "jane");
    }
}

/// From the request to the record.
class RequesterInHistory : public test::OperatorFixture {
protected:
    static void SetUpTestSuite() { support::AwaitStamps(); }
};

TEST_F(RequesterInHistory, StandsThereForEachRun) {
    for (const char* user : {"jane", "joe"})
        kubectl_.Must({"create", "rolebinding", user, "--clusterrole=edit", std::string("--user=") + user});
    MakeDatabase({});
    const auto migration = MigrationBuilder("orders").Version("0001").Build();
    ASSERT_TRUE(kubectl_.As("jane").Apply(migration).Ok());
    const auto job = RunningJob();
    FinishMigration(job, {.exit_code = 1});
    ASSERT_TRUE(IsStalled("MigrationFailed"));
    ASSERT_TRUE(kubectl_.As("joe").Annotate("migration.tidegate.io/orders", "tidegate.io/retry=1").Ok());
    ASSERT_TRUE(support::Eventually([&] { return MigrationJobs().size() == 2; }, "it is tried again"));
    FinishMigration(RunningJob(), {.after = {"0001"}});
    ASSERT_TRUE(IsReady("MigrationSucceeded"));
    const auto history = Migration()["status"]["history"];
    ASSERT_EQ(history.size(), 2U);
    EXPECT_EQ(history[0]["requestedBy"], "joe");
    EXPECT_EQ(history[1]["requestedBy"], "jane");
}

}  // namespace
}  // namespace security
