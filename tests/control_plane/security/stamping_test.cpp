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

using support::CronJobBuilder;
using support::DatabaseBuilder;
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
    std::string RequestedBy(const std::string& what = kMigration) const {
        return Annotation(what, api::kRequestedByAnnotation);
    }
    std::string ReleaseBy(const std::string& what = "deployment/web") const {
        return Annotation(what, api::kReleaseByAnnotation);
    }
    /// In the Job template, where the CronJob controller copies it from.
    std::string ReleaseByOfNightly() const {
        const auto job = kubectl_.GetJson("cronjob/nightly")["spec"]["jobTemplate"];
        return job.value("metadata", Json::object())
            .value("annotations", Json::object())
            .value(std::string(api::kReleaseByAnnotation), "");
    }
    /// The Job that `user` makes from CronJob nightly; an account of the control plane does it with its own rights.
    std::string ReleaseByOfJobMadeBy(const std::string& user, Json metadata) const {
        metadata["name"] = "probe";
        auto job = support::JobBuilder("probe").Build();
        job["metadata"] = std::move(metadata);
        const auto made =
            kubectl_.As(user).Run({"create", "--dry-run=server", "--output=json", "--filename=-"}, job.dump());
        if (!made.Ok()) return made.error;
        return Json::parse(made.output)["metadata"]["annotations"].value(std::string(api::kReleaseByAnnotation), "");
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
    kubectl_.MergePatch("deployment/web", {{"metadata", {{"annotations", {{"tidegate.io/release-by", "root"}}}}}},
                        "status");
    EXPECT_EQ(ReleaseBy(), "jane") << "by a write of the status";
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
    kubectl_.MergePatch("job/report", {{"metadata", {{"annotations", {{"tidegate.io/release-by", "jill"}}}}}},
                        "status");
    EXPECT_EQ(ReleaseBy("job/report"), "jane");
}

TEST_F(Stamping, OfCronJobsWhereTheirJobsGetItFrom) {
    auto forged = CronJobBuilder("nightly").Requires("orders@3").Release("orders@3").Build();
    auto& annotations = forged["spec"]["jobTemplate"]["metadata"]["annotations"];
    annotations["tidegate.io/release-by"] = "root";
    Must(jane_.Apply(forged));
    EXPECT_EQ(ReleaseByOfNightly(), "jane") << "at create";
    const auto write = [](const Json& values) {
        return std::vector<std::string>{
            "patch", "cronjob/nightly", "--type=merge",
            "--patch=" + Json{{"spec", {{"jobTemplate", {{"metadata", {{"annotations", values}}}}}}}}.dump()};
    };
    Must(joe_.Run(write({{"tidegate.io/release-by", "root"}})));
    EXPECT_EQ(ReleaseByOfNightly(), "jane") << "by the annotation alone";
    Must(joe_.Run(write({{"tidegate.io/release-by", nullptr}})));
    EXPECT_EQ(ReleaseByOfNightly(), "jane") << "by taking it away";
    Must(joe_.Run(write({{"tidegate.io/release", "orders@4"}, {"tidegate.io/release-by", "root"}})));
    EXPECT_EQ(ReleaseByOfNightly(), "joe") << "together with another release";
    Must(jane_.Run(write({{"tidegate.io/release", nullptr}})));
    EXPECT_EQ(ReleaseByOfNightly(), "") << "it goes with the release";
    Must(joe_.Run(write({{"tidegate.io/release-by", "root"}})));
    EXPECT_EQ(ReleaseByOfNightly(), "") << "nobody released anything";
    Must(joe_.Annotate("cronjob/nightly", "tidegate.io/release=orders@3"));
    EXPECT_EQ(Annotation("cronjob/nightly", api::kReleaseByAnnotation), "") << "no Job gets what stands there";
}

TEST_F(Stamping, OnlyTheCronJobControllerCopiesWhoReleased) {
    const Json copied{{"annotations", {{"tidegate.io/release", "orders@3"}, {"tidegate.io/release-by", "jane"}}}};
    const std::string controller = "system:serviceaccount:kube-system:cronjob-controller";
    EXPECT_EQ(ReleaseByOfJobMadeBy(controller, copied), "jane");
    EXPECT_EQ(ReleaseByOfJobMadeBy(controller, {{"annotations", {{"tidegate.io/release", "orders@3"}}}}), "")
        << "the controller asks for nothing";
    auto owned = copied;
    owned["ownerReferences"] = {{{"apiVersion", "batch/v1"},
                                 {"kind", "CronJob"},
                                 {"name", "nightly"},
                                 {"uid", "00000000-0000-0000-0000-000000000000"},
                                 {"controller", true}}};
    EXPECT_EQ(ReleaseByOfJobMadeBy("joe", owned), "joe") << "whatever it pretends to come from";
}

TEST_F(Stamping, OfDatabasesTooByWhoseSpecJobsAreMade) {
    const std::string database = "database.tidegate.io/orders";
    auto forged = DatabaseBuilder("orders").Build();
    forged["metadata"]["annotations"] = {{"tidegate.io/requested-by", "root"}};
    Must(jane_.Apply(forged));
    EXPECT_EQ(RequestedBy(database), "jane");
    Must(joe_.Annotate(database, "tidegate.io/requested-by=root"));
    EXPECT_EQ(RequestedBy(database), "jane") << "by an annotation alone";
    Must(joe_.Apply(DatabaseBuilder("orders").Secret("other").Build()));
    EXPECT_EQ(RequestedBy(database), "joe");
}

TEST_F(Stamping, WhatHasNoReleaseIsNotTouched) {
    Must(jane_.Apply(DeploymentBuilder("web").Build()));
    EXPECT_EQ(ReleaseBy(), "");
    Must(joe_.Annotate("deployment/web", "tidegate.io/release-by=joe"));
    EXPECT_EQ(ReleaseBy(), "") << "nobody released it";
}

TEST_F(Stamping, RepeatedAppliesChangeNothingWhoeverSendsThem) {
    const Json released{
        {"apiVersion", "v1"},
        {"kind", "List"},
        {"items", {Released("orders@3").Build(), CronJobBuilder("nightly").Release("orders@3").Build()}}};
    const std::vector<std::string> server_side{"--server-side", "--force-conflicts", "--field-manager=gitops"};
    for (const auto& options : std::vector<std::vector<std::string>>{server_side, {}}) {
        // The second apply of any custom resource with a defaulted status is a write of the API server's own (measured
        // on 1.36, without any policy, too), and a first client-side one adds kubectl's annotation.
        for (int i = 0; i < 2; ++i) {
            Must(jane_.Apply(Migration(), options));
            Must(jane_.Apply(released, options));
        }
        const auto migration = Revision(kMigration), deployment = Revision("deployment/web");
        const auto cron_job = Revision("cronjob/nightly");
        const auto generation = kubectl_.GetJson("deployment/web")["metadata"]["generation"];
        for (const auto& user : {jane_, joe_, jane_}) {
            Must(user.Apply(Migration(), options));
            Must(user.Apply(released, options));
            EXPECT_EQ(Revision(kMigration), migration);
            EXPECT_EQ(Revision("deployment/web"), deployment);
            EXPECT_EQ(Revision("cronjob/nightly"), cron_job);
        }
        EXPECT_EQ(kubectl_.GetJson("deployment/web")["metadata"]["generation"], generation);
        EXPECT_EQ(jane_.Run({"diff", "--filename=-"}, Migration().dump()).output, "") << "GitOps would show it";
        EXPECT_EQ(RequestedBy(), "jane");
        EXPECT_EQ(ReleaseBy(), "jane");
        EXPECT_EQ(ReleaseByOfNightly(), "jane");
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
