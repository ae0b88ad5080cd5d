#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "control_plane/gate/job_fixture.hpp"

namespace gate {
namespace {

using support::JobBuilder;
using testing::HasSubstr;
using Json = nlohmann::json;

const Json kResume{{"spec", {{"suspend", false}}}};

class JobHold : public JobFixture {};

TEST_F(JobHold, LeavesAJobThatRequiresNothingUntouched) {
    EXPECT_EQ(Apply(JobBuilder("plain")), kUntouched);
    EXPECT_TRUE(MakesAPod("plain"));
    EXPECT_EQ(Patch("plain", {{"spec", {{"suspend", true}}}}), kSuspendedByItsUser);
    EXPECT_EQ(Patch("plain", kResume), kUntouched);
}

TEST_F(JobHold, HoldsACreationWithoutLedger) {
    EXPECT_EQ(Apply(JobBuilder("a").Requires("orders@1")), kHeld);
    ASSERT_TRUE(IsSeenSuspended("a"));
    EXPECT_FALSE(HasPods("a"));
    EXPECT_FALSE(kubectl_.GetJson("job/a")["status"].contains("startTime")) << "its deadline does not run";
}

TEST_F(JobHold, HoldsACreationWhoseManifestSaysThatItIsNotSuspended) {
    EXPECT_EQ(Apply(JobBuilder("a").Requires("orders@1").Suspend(false)), kHeld);
    EXPECT_EQ(Apply(JobBuilder("a").Requires("orders@1").Suspend(false)), kHeld) << "applied again";
}

TEST_F(JobHold, HoldsWhenOneOfTwoRequirementsIsUnknown) {
    Satisfy({"orders@1"});
    EXPECT_EQ(Apply(JobBuilder("a").Requires("orders@1, users@7")), kHeld);
}

TEST_F(JobHold, HoldsWhatIsDeletedAndCreatedAgain) {
    const auto manifest = JobBuilder("a").Requires("orders@1");
    ASSERT_EQ(Apply(manifest), kHeld);
    kubectl_.Must({"delete", "job/a"});
    EXPECT_EQ(Apply(manifest), kHeld);
    kubectl_.Must({"replace", "--force", "--filename=-"}, manifest.Build().dump());
    EXPECT_EQ(JobState("a"), kHeld);
    EXPECT_FALSE(HasPods("a"));
}

TEST_F(JobHold, IsPutBackWhenItsUserResumes) {
    Apply(JobBuilder("a").Requires("orders@2"));
    EXPECT_EQ(Patch("a", kResume), kHeld);
    Json both = kResume;
    both["metadata"]["labels"]["tidegate.io/gate"] = "open";
    EXPECT_EQ(Patch("a", both), kHeld) << "together with the label";
    both["metadata"]["labels"]["tidegate.io/gate"] = nullptr;
    EXPECT_EQ(Patch("a", both), kHeld);
    EXPECT_FALSE(HasPods("a"));
}

TEST_F(JobHold, IsPutBackWhenItsUserChangesTheLabel) {
    Apply(JobBuilder("a").Requires("orders@2"));
    kubectl_.Must({"label", "job/a", "tidegate.io/gate-"});
    EXPECT_EQ(JobState("a"), kHeld);
    kubectl_.Must({"label", "--overwrite", "job/a", "tidegate.io/gate=open"});
    EXPECT_EQ(JobState("a"), kHeld);
}

TEST_F(JobHold, IsPutBackByReplace) {
    Apply(JobBuilder("a").Requires("orders@9"));
    Json object = kubectl_.GetJson("job/a");
    object["metadata"].erase("labels");
    object["metadata"].erase("annotations");
    object["metadata"].erase("resourceVersion");
    object["spec"].erase("suspend");
    kubectl_.Must({"replace", "--filename=-"}, object.dump());
    EXPECT_EQ(JobState("a"), kHeld);
}

TEST_F(JobHold, IsNotDisturbedByOtherChanges) {
    Apply(JobBuilder("a").Requires("orders@2"));
    kubectl_.Must({"annotate", "job/a", "note=x"});
    EXPECT_EQ(Patch("a", {{"spec", {{"parallelism", 0}}}}), kHeld);
    EXPECT_EQ(Patch("a", {{"spec", {{"parallelism", 1}}}}), kHeld) << "scaled from zero";
    EXPECT_FALSE(HasPods("a"));
    EXPECT_EQ(
        Patch("a",
              Json::parse(
                  R"({"spec": {"template": {"metadata": {"annotations": {"tidegate.io/requires": "orders@3"}}}}})")),
        kHeld)
        << "another requirement, which Kubernetes allows as long as the Job has not begun";
}

TEST_F(JobHold, IsStableUnderServerSideApplyOfTwoManagers) {
    const Json manifest = JobBuilder("c").Requires("orders@9").Build();
    for (const char* manager : {"one", "two", "one"}) {
        const auto applied = kubectl_.Apply(manifest, {"--server-side", std::string("--field-manager=") + manager});
        ASSERT_TRUE(applied.Ok()) << applied.error;
        EXPECT_EQ(JobState("c"), kHeld);
    }
    EXPECT_EQ(kubectl_.GetJson("job/c")["metadata"]["generation"], 1);
    const auto diff = kubectl_.Run({"diff", "--server-side", "--field-manager=one", "--filename=-"}, manifest.dump());
    EXPECT_EQ(diff.exit_code, 0) << diff.output << diff.error;
    const auto plain_diff = kubectl_.Run({"diff", "--filename=-"}, manifest.dump());
    EXPECT_EQ(plain_diff.exit_code, 0) << plain_diff.output << plain_diff.error;
}

TEST_F(JobHold, LeavesAJobThatItsUserSuspendedAlone) {
    auto suspended = JobBuilder("d").Requires("orders@9").Suspend(true);
    EXPECT_EQ(Apply(suspended), kSuspendedByItsUser);
    EXPECT_EQ(Apply(suspended.Annotation("note", "x")), kSuspendedByItsUser);
    EXPECT_EQ(Patch("d", kResume), kHeld) << "judged when resumed";
    EXPECT_FALSE(HasPods("d"));
}

TEST_F(JobHold, IsNotEndedByAnApplyThatSuspends) {
    ASSERT_EQ(Apply(JobBuilder("a").Requires("orders@1")), kHeld);
    EXPECT_EQ(Apply(JobBuilder("a").Requires("orders@1").Suspend(true)), kHeld) << "nothing tells the two apart";
}

TEST_F(JobHold, IsNoDriftUnderServerSideApplyOfAManifestThatSaysNotSuspended) {
    const auto manifest = JobBuilder("a").Requires("orders@1").Suspend(false).Build();
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(kubectl_.Apply(manifest, {"--server-side"}).Ok());
        EXPECT_EQ(JobState("a"), kHeld);
    }
    const auto diff = kubectl_.Run({"diff", "--server-side", "--filename=-"}, manifest.dump());
    EXPECT_EQ(diff.exit_code, 0) << diff.output << diff.error;
}

TEST_F(JobHold, StopsNothingThatRuns) {
    Satisfy({"orders@1"});
    ASSERT_EQ(Apply(JobBuilder("a").Requires("orders@1")), kOpen);
    ASSERT_TRUE(MakesAPod("a"));
    RemoveLedger();
    kubectl_.Must({"annotate", "job/a", "note=x"});
    kubectl_.Must({"label", "job/a", "tidegate.io/gate-"});
    EXPECT_EQ(Apply(JobBuilder("a").Requires("orders@1")), kUntouched);
    EXPECT_TRUE(HasPods("a"));
}

TEST_F(JobHold, HoldsARunningJobThatItsUserSuspendsAndResumes) {
    Satisfy({"orders@1"});
    ASSERT_EQ(Apply(JobBuilder("a").Requires("orders@1")), kOpen);
    ASSERT_TRUE(MakesAPod("a"));
    EXPECT_NE(Patch("a", {{"spec", {{"suspend", true}}}}), kHeld) << "his suspension, not ours";
    ASSERT_TRUE(IsSeenSuspended("a"));
    RemoveLedger();
    EXPECT_EQ(Patch("a", kResume), kHeld) << "judged when resumed";
    Satisfy({"orders@1"});
    EXPECT_EQ(Patch("a", kResume), kOpen);
}

TEST_F(JobHold, IsKeptByACopyOfAHeldObject) {
    Apply(JobBuilder("a").Requires("orders@9"));
    Json copy = kubectl_.GetJson("job/a");
    copy["metadata"] = {{"name", "copy"}, {"labels", {{"tidegate.io/gate", "held"}}}};
    copy["spec"].erase("selector");
    copy["spec"]["template"]["metadata"].erase("labels");
    copy.erase("status");
    kubectl_.MustApply(copy);
    EXPECT_EQ(JobState("copy"), kHeld);
}

TEST_F(JobHold, IsNothingThatKubectlRolloutKnows) {
    Apply(JobBuilder("a").Requires("orders@9"));
    for (const char* verb : {"restart", "resume", "undo", "pause"}) {
        const auto refused = kubectl_.Run({"rollout", verb, "job/a"});
        EXPECT_FALSE(refused.Ok()) << verb;
    }
    EXPECT_EQ(JobState("a"), kHeld);
}

TEST_F(JobHold, IsShownByKubectl) {
    Apply(JobBuilder("a").Requires("orders@9"));
    ASSERT_TRUE(IsSeenSuspended("a"));
    EXPECT_THAT(kubectl_.Must({"get", "job/a"}), HasSubstr("Suspended"));
}

TEST_F(JobHold, HoldsNothingInAnExcludedNamespace) {
    const auto created = kubectl_.In("kube-system")
                             .Run({"create", "--dry-run=server", "--output=json", "--filename=-"},
                                  JobBuilder("probe").Requires("orders@9").Build().dump());
    ASSERT_TRUE(created.Ok()) << created.error;
    EXPECT_EQ(JobStateOf(Json::parse(created.output)), kUntouched);
}

}  // namespace
}  // namespace gate
