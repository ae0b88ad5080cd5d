#include <atomic>

#include <gmock/gmock.h>

#include "control_plane/controllers/operator_fixture.hpp"
#include "control_plane/controllers/operator_writes.hpp"
#include "support/fault_proxy.hpp"

namespace test {
namespace {

using support::JobBuilder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Json FollowingMigration(const std::string& container = {}) {
    auto migration = MigrationBuilder("orders").Build();
    migration["spec"].erase("image");
    migration["spec"]["imageFrom"]["deployment"]["name"] = "orders";
    if (!container.empty()) migration["spec"]["imageFrom"]["deployment"]["container"] = container;
    return migration;
}

/// Database orders, Deployment orders that requires what its own image brings, and a Migration with that image.
class ImageFrom : public OperatorFixture {
protected:
    void Apply(const std::string& image, const std::string& requirements = "orders@image") {
        kubectl_.MustApply(
            {{"apiVersion", "v1"},
             {"kind", "List"},
             {"items",
              {FollowingMigration(), DeploymentBuilder("orders").Requires(requirements).Image(image).Build()}}});
    }

    void Bump(const std::string& image) const { kubectl_.Must({"set", "image", "deployment/orders", "app=" + image}); }

    /// The Migration's active run is of this image: its Job.
    std::string RunningWith(const std::string& image) const {
        std::string job;
        const auto there = Eventually(
            [&] {
                const auto run = Migration()["status"].value("run", Json::object());
                job = run.value("jobName", "");
                return run.value("active", false) && run.value("image", "") == image && !job.empty();
            },
            "a run with image " + image, support::kPatience, [this] { return Picture(); });
        if (!there) throw std::runtime_error(there.message());
        EXPECT_EQ(ImageOf(Get(kube::kJobs, job)), image);
        return job;
    }

    static std::string ImageOf(const Json& workload) {
        return workload["spec"]["template"]["spec"]["containers"][0]["image"];
    }

    std::vector<std::string> ImagesThatRan() const {
        std::vector<std::string> images;
        for (const auto& job : MigrationJobs())
            images.push_back(ImageOf(job));
        return images;
    }

    /// One whole deployment of a new image.
    void Deploy(const std::string& image, const Versions& before, const Versions& after) {
        Bump(image);
        FinishMigration(RunningWith(image), {.before = before, .after = after});
        const auto open = IsOpen();
        if (!open) throw std::runtime_error(open.message());
    }

    testing::AssertionResult LedgerHas(const std::string& entry) const {
        return Eventually(
            [&] {
                if (!Exists(kube::kLedgers, "tidegate")) return false;
                const auto satisfied = Get(kube::kLedgers, "tidegate")["satisfied"];
                return std::find(satisfied.begin(), satisfied.end(), entry) != satisfied.end();
            },
            "the Ledger has " + entry);
    }
};

TEST_F(ImageFrom, OneBumpIsHeldMigratedAndRolledOut) {
    MakeDatabase({});
    Apply("orders:1");
    FinishMigration(RunningWith("orders:1"), {.before = {}, .after = {"0001"}});
    ASSERT_TRUE(IsOpen());
    ASSERT_TRUE(IsQuiet());

    const OperatorWrites writes(Ns());
    Bump("orders:2");
    const auto job = RunningWith("orders:2");
    const auto pod = PodOf(job);
    node_.StartSidecarsOnly(pod);
    node_.Start(pod);
    EXPECT_TRUE(IsHeld(Deployment())) << "until its migrations have run";
    FinishMigration(job, {.before = {"0001"}, .after = {"0002"}});
    ASSERT_TRUE(IsOpen());
    ASSERT_TRUE(IsQuiet(std::chrono::seconds{3}));
    // What it waits for is written between the bump and the run, and is no more than that.
    EXPECT_THAT(writes.Lines(), testing::IsSupersetOf(
                                    {std::string("patch databases/status orders"), "create jobs " + job,
                                     std::string("patch migrations/status orders"),
                                     std::string("patch ledgers tidegate"), std::string("patch deployments orders")}));
    EXPECT_LE(writes.Lines().size(), 8U) << ::testing::PrintToString(writes.Lines());

    const auto newest = Migration()["status"]["history"][0];
    EXPECT_EQ(newest["image"], "orders:2");
    EXPECT_THAT(newest["imageID"], HasSubstr("orders:2@sha256:"));
    EXPECT_EQ(newest["versionAfter"], "0002");
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
}

TEST_F(ImageFrom, ASecondBumpRunsAfterTheFirstAndOnlyThenTheRolloutGoesOn) {
    MakeDatabase({"0001"});
    Apply("orders:2");
    const auto first = RunningWith("orders:2");
    node_.Start(PodOf(first));
    ASSERT_TRUE(MigrationSays("MigrationRunning"));
    Bump("orders:3");
    ASSERT_TRUE(MigrationSays("WaitingForTurn"));
    EXPECT_THAT(MessageOf(Migration()), HasSubstr("orders:2, runs to its end first; image orders:3 is next"));
    EXPECT_TRUE(IsHeldWith("it runs image orders:2 first"));
    FinishMigration(first, {.before = {"0001"}, .after = {"0002"}});
    ASSERT_TRUE(LedgerHas("orders@image=orders:2"));
    const auto second = RunningWith("orders:3");
    EXPECT_TRUE(IsHeld(Deployment())) << "what is proven is another image";
    EXPECT_EQ(ImageOf(Deployment()), "orders:3");
    FinishMigration(second, {.before = {"0002"}, .after = {"0003"}});
    ASSERT_TRUE(IsOpen());
    EXPECT_EQ(ImageOf(Deployment()), "orders:3");
    EXPECT_THAT(ImagesThatRan(), ElementsAre("orders:2", "orders:3"));
    const auto history = Migration()["status"]["history"];
    EXPECT_EQ(history[0]["image"], "orders:3");
    EXPECT_EQ(history[1]["image"], "orders:2");
}

TEST_F(ImageFrom, AnImageThatRanOpensWithinTheRequestAndWithoutTheOperator) {
    MakeDatabase({});
    Apply("orders:1", "orders@image, orders@0001");
    FinishMigration(RunningWith("orders:1"), {.before = {}, .after = {"0001"}});
    ASSERT_TRUE(IsOpen());
    Deploy("orders:2", {"0001"}, {"0002"});
    ASSERT_TRUE(LedgerHas("orders@0001"));

    operator_->Kill();
    Bump("orders:1");
    EXPECT_FALSE(IsHeld(Deployment()));
    EXPECT_FALSE(Deployment()["spec"].value("paused", false));
    Bump("orders:2");
    EXPECT_FALSE(IsHeld(Deployment()));
    Bump("orders:3");
    EXPECT_TRUE(IsHeld(Deployment()));
    Bump("orders:1");
    EXPECT_FALSE(IsHeld(Deployment())) << "back from a held one";
    // The version requirement beside it is judged on its own.
    Apply("orders:1", "orders@image, orders@0003");
    EXPECT_TRUE(IsHeld(Deployment()));
    Apply("orders:1", "orders@image, orders@0001");
    EXPECT_FALSE(IsHeld(Deployment()));

    StartOperator();
    ASSERT_TRUE(IsReady("MigrationSucceeded"));
    ASSERT_TRUE(IsQuiet());
    EXPECT_THAT(ImagesThatRan(), ElementsAre("orders:1", "orders:2")) << "nothing ran again";
}

TEST_F(ImageFrom, OneTagOfTwoBuildsIsToldByTheirDigests) {
    const auto build = [](char digit) { return "registry.test/orders@sha256:" + std::string(64, digit); };
    MakeDatabase({});
    Apply("orders:1");
    FinishMigration(RunningWith("orders:1"), {.exit_code = 1, .image_id = build('a')});
    ASSERT_TRUE(IsStalled("MigrationFailed"));
    EXPECT_FALSE(HasEvent("Migration", "orders", "ImageTagMoved"));
    ASSERT_TRUE(kubectl_.Annotate("migration.tidegate.io/orders", "tidegate.io/retry=1").Ok());
    FinishMigration(RunningWith("orders:1"), {.after = {"0001"}, .image_id = build('b')});
    ASSERT_TRUE(IsReady("MigrationSucceeded"));
    const std::string words = "sha256:" + std::string(64, 'a') + ", now sha256:" + std::string(64, 'b');
    EXPECT_THAT(MessageOf(Migration()), HasSubstr(words));
    const auto history = Migration()["status"]["history"];
    ASSERT_EQ(history.size(), 2U);
    EXPECT_EQ(history[0]["imageID"], build('b'));
    EXPECT_EQ(history[1]["imageID"], build('a'));
    EXPECT_TRUE(Eventually([&] { return Database()["status"]["runs"][0].value("imageID", "") == build('b'); },
                           "the record has the build that ran"));
    EXPECT_TRUE(Eventually([&] { return HasEvent("Migration", "orders", "ImageTagMoved"); }, "an event"));
}

TEST_F(ImageFrom, BackWhileTheNewImageRunsLetsItEndAndRunsNothingElse) {
    MakeDatabase({});
    Apply("orders:1");
    FinishMigration(RunningWith("orders:1"), {.before = {}, .after = {"0001"}});
    ASSERT_TRUE(IsOpen());
    Bump("orders:2");
    const auto job = RunningWith("orders:2");
    node_.Start(PodOf(job));
    ASSERT_TRUE(MigrationSays("MigrationRunning"));
    Bump("orders:1");
    EXPECT_FALSE(IsHeld(Deployment()));
    FinishMigration(job, {.before = {"0001"}, .after = {"0002"}});
    ASSERT_TRUE(LedgerHas("orders@image=orders:2"));
    ASSERT_TRUE(IsReady("MigrationSucceeded"));
    ASSERT_TRUE(IsQuiet());
    EXPECT_THAT(ImagesThatRan(), ElementsAre("orders:1", "orders:2"));
    Bump("orders:2");
    EXPECT_FALSE(IsHeld(Deployment())) << "the run was recorded though nobody asked for it any more";
}

TEST_F(ImageFrom, WorksWithoutReplicasAndScalesFromZeroToTheNewImage) {
    MakeDatabase({});
    kubectl_.MustApply(FollowingMigration("app"));
    ASSERT_TRUE(MigrationSays("WaitingForImage"));
    EXPECT_THAT(MessageOf(Migration()), HasSubstr("No Deployment orders"));
    kubectl_.MustApply(DeploymentBuilder("orders").Requires("orders@image").Image("orders:1").Replicas(0).Build());
    FinishMigration(RunningWith("orders:1"), {.before = {}, .after = {"0001"}});
    ASSERT_TRUE(IsOpen());
    kubectl_.Must({"scale", "deployment/orders", "--replicas=1"});
    EXPECT_EQ(node_.WaitForPod("app=orders")["spec"]["containers"][0]["image"], "orders:1");
}

TEST_F(ImageFrom, ADeploymentThatIsDeletedWhileItsMigrationRunsLeavesARecord) {
    MakeDatabase({});
    Apply("orders:1");
    const auto job = RunningWith("orders:1");
    node_.Start(PodOf(job));
    ASSERT_TRUE(MigrationSays("MigrationRunning"));
    kubectl_.Must({"delete", "deployment/orders"});
    ASSERT_TRUE(MigrationSays("WaitingForImage"));
    FinishMigration(job, {.before = {}, .after = {"0001"}});
    ASSERT_TRUE(LedgerHas("orders@image=orders:1"));
    kubectl_.MustApply(DeploymentBuilder("orders").Requires("orders@image").Image("orders:1").Build());
    EXPECT_FALSE(IsHeld(Deployment()));
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
    EXPECT_THAT(ImagesThatRan(), ElementsAre("orders:1"));
}

TEST_F(ImageFrom, AJobOfTheSameImageOpensWithItsMigration) {
    MakeDatabase({});
    kubectl_.MustApply(JobBuilder("report").Requires("orders@image").Image("orders:1").Build());
    kubectl_.MustApply(JobBuilder("other").Requires("orders@image").Image("other:1").Build());
    Apply("orders:1");
    FinishMigration(RunningWith("orders:1"), {.before = {}, .after = {"0001"}});
    EXPECT_TRUE(
        Eventually([&] { return !Get(kube::kJobs, "report")["spec"].value("suspend", false); }, "Job report is open"));
    EXPECT_TRUE(Eventually(
        [&] {
            const auto job = Get(kube::kJobs, "other");
            const auto annotations = job["metadata"].value("annotations", Json::object());
            return job["spec"].value("suspend", false) &&
                   annotations.value("tidegate.io/waiting-for", "").find("from an image of this template") !=
                       std::string::npos;
        },
        "Job other is held"));
}

TEST_F(ImageFrom, IsRefusedBesideAnImageOrAVersion) {
    const auto refuses = [&](const std::function<void(Json&)>& change) {
        auto migration = FollowingMigration();
        change(migration["spec"]);
        const auto result = kubectl_.Apply(migration);
        EXPECT_FALSE(result.Ok());
        return result.error;
    };
    EXPECT_THAT(refuses([](Json& spec) { spec["image"] = "orders:1"; }), HasSubstr("exactly one of spec.image and"));
    EXPECT_THAT(refuses([](Json& spec) { spec.erase("imageFrom"); }), HasSubstr("exactly one of spec.image and"));
    EXPECT_THAT(refuses([](Json& spec) { spec["version"] = "0002"; }), HasSubstr("what the image of the Deployment"));
    EXPECT_THAT(refuses([](Json& spec) { spec["imageFrom"]["deployment"].erase("name"); }), HasSubstr("name"));
    EXPECT_THAT(refuses([](Json& spec) { spec["imageFrom"]["deployment"]["namespace"] = "elsewhere"; }),
                HasSubstr("unknown field"));
}

/// The operator's requests pass a proxy, so that something can happen between two of them.
class ImageFromLive : public ImageFrom {
protected:
    void SetUp() override {
        OperatorProcess::Settings settings;
        settings.ns = Ns();
        settings.kubeconfig = proxy_.Kubeconfig();
        operator_ = std::make_unique<OperatorProcess>(std::move(settings));
        StartOperator();
    }
    void TearDown() override { operator_->Kill(); }

    support::FaultProxy proxy_;
};

TEST_F(ImageFromLive, NoJobIsCreatedForAnImageThatTheDeploymentHasNoMore) {
    MakeDatabase({});
    std::atomic<bool> bumped{false};
    proxy_.SetRule([&](const support::ProxiedRequest& request) -> support::FaultAction {
        // Between the intent and the create.
        if (request.verb != "get" || request.resource != "migrations" || bumped.exchange(true)) return {};
        return {.before_forward = [this] { Bump("orders:2"); }};
    });
    Apply("orders:1");
    FinishMigration(RunningWith("orders:2"), {.before = {}, .after = {"0001"}});
    ASSERT_TRUE(IsOpen());
    EXPECT_TRUE(bumped);
    EXPECT_THAT(ImagesThatRan(), ElementsAre("orders:2"));
    const auto runs = Database()["status"]["runs"];
    ASSERT_EQ(runs.size(), 2U);
    EXPECT_EQ(runs[1]["image"], "orders:1");
    EXPECT_EQ(runs[1]["outcome"], "NeverStarted");
    EXPECT_THAT(runs[1]["message"], HasSubstr("the image of Deployment orders, changed"));
}

}  // namespace
}  // namespace test
