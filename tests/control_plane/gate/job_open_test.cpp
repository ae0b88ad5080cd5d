#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "control_plane/gate/job_fixture.hpp"
#include "gate/job_gate.hpp"

namespace gate {
namespace {

using support::JobBuilder;
using Json = nlohmann::json;

const Json kRequiresNothing =
    Json::parse(R"({"spec": {"template": {"metadata": {"annotations": {"tidegate.io/requires": null}}}}})");

class JobOpen : public JobFixture {};

TEST_F(JobOpen, OpensASatisfiedCreationWithinTheRequest) {
    Satisfy({"orders@1"});
    EXPECT_EQ(Apply(JobBuilder("b").Requires("orders@1")), kOpen);
    EXPECT_TRUE(MakesAPod("b"));
    const auto diff = kubectl_.Run({"diff", "--filename=-"}, JobBuilder("b").Requires("orders@1").Build().dump());
    EXPECT_EQ(diff.exit_code, 0) << diff.output << diff.error;
}

TEST_F(JobOpen, OpensAHeldJobOnAnyChangeOnceItIsSatisfied) {
    ASSERT_EQ(Apply(JobBuilder("a").Requires("orders@1")), kHeld);
    ASSERT_TRUE(kubectl_.Annotate("job/a", "tidegate.io/waiting-for=orders@1: nothing brings it").Ok());
    Satisfy({"orders@1"});
    EXPECT_EQ(Patch("a", {{"spec", {{"suspend", false}}}}), kOpen);
    EXPECT_FALSE(kubectl_.GetJson("job/a")["metadata"]["annotations"].contains("tidegate.io/waiting-for"))
        << "what it waited for is over";
    EXPECT_TRUE(MakesAPod("a"));
}

TEST_F(JobOpen, KnowsTheImageForm) {
    Satisfy({"orders@image=registry.example.com/orders:2"});
    EXPECT_EQ(Apply(JobBuilder("e").Requires("orders@image").Image("registry.example.com/orders:2")), kOpen);
    EXPECT_EQ(Apply(JobBuilder("f").Requires("orders@image").Image("registry.example.com/orders:3")), kHeld);
}

TEST_F(JobOpen, LeavesAJobThatItsUserSuspendedAlone) {
    Satisfy({"orders@1"});
    EXPECT_EQ(Apply(JobBuilder("d").Requires("orders@1").Suspend(true)), kSuspendedByItsUser);
    EXPECT_EQ(Patch("d", {{"spec", {{"suspend", false}}}}), kOpen);
}

TEST_F(JobOpen, DoesNotDependOnTheOrderOfPolicies) {
    Satisfy({"orders@1"});
    InSeveralOrdersOfPolicies([&](const std::string& mark) {
        EXPECT_EQ(Apply(JobBuilder("created-" + mark).Requires("orders@1")), kOpen);
        EXPECT_EQ(Apply(JobBuilder("held-" + mark).Requires("orders@2")), kHeld);
        Json resumed{{"spec", {{"suspend", false}}}};
        EXPECT_EQ(Patch("held-" + mark, resumed), kHeld);
        EXPECT_EQ(Apply(JobBuilder("his-" + mark).Requires("orders@1").Suspend(true)), kSuspendedByItsUser);
        EXPECT_EQ(Patch("his-" + mark, resumed), kOpen);
    });
}

class JobRelease : public JobFixture {
protected:
    core::Revision RevisionOf(const std::string& job) const {
        return core::Revision::Parse(kubectl_.GetJson("job/" + job)["metadata"]["resourceVersion"].get<std::string>());
    }

    support::CommandResult PatchAsOperator(const std::string& job, const Json& patch, const char* type = "json") {
        return kubectl_.AsOperator().Run(
            {"patch", "job/" + job, std::string("--type=") + type, "--patch=" + patch.dump()});
    }
};

TEST_F(JobRelease, OpensWhenTheOperatorPatches) {
    const auto manifest = JobBuilder("c").Requires("orders@9");
    ASSERT_EQ(Apply(manifest), kHeld);
    ASSERT_TRUE(IsSeenSuspended("c"));
    const auto written =
        PatchAsOperator("c", WaitingForPatch("orders@9: migration orders is running", RevisionOf("c")), "merge");
    ASSERT_TRUE(written.Ok()) << written.error;
    EXPECT_EQ(JobState("c"), kHeld);
    const auto released = PatchAsOperator("c", JobReleasePatch(RevisionOf("c"), true));
    ASSERT_TRUE(released.Ok()) << released.error;
    EXPECT_EQ(JobState("c"), kOpen);
    EXPECT_TRUE(MakesAPod("c"));
    EXPECT_EQ(Apply(manifest), kOpen) << "repeated apply after the release";
}

TEST_F(JobRelease, ByTheOperatorFailsOnAJobThatItsUserSuspended) {
    ASSERT_EQ(Apply(JobBuilder("d").Requires("orders@9").Suspend(true)), kSuspendedByItsUser);
    EXPECT_FALSE(PatchAsOperator("d", JobReleasePatch(RevisionOf("d"), false)).Ok());
    EXPECT_EQ(JobState("d"), kSuspendedByItsUser);
}

TEST_F(JobRelease, FailsWhenTheObjectChangedMeanwhile) {
    Apply(JobBuilder("c").Requires("orders@9"));
    const core::Revision at = RevisionOf("c");
    kubectl_.Must({"annotate", "job/c", "note=x"});
    EXPECT_FALSE(PatchAsOperator("c", JobReleasePatch(at, false)).Ok());
    EXPECT_EQ(JobState("c"), kHeld);
}

TEST_F(JobRelease, ByHandOpensExactlyThisRequirement) {
    EXPECT_EQ(Apply(JobBuilder("a").Requires("orders@3").Annotation("tidegate.io/release", "orders@3")), kOpen)
        << "with the label, by which the operator finds it to record the release";
    EXPECT_EQ(Apply(JobBuilder("b").Requires("orders@3").Annotation("tidegate.io/release", "orders@2")), kHeld);
    ASSERT_TRUE(kubectl_.Annotate("job/b", "tidegate.io/release= orders@3").Ok());
    EXPECT_EQ(JobState("b"), kOpen) << "without Ledger and operator";
    EXPECT_TRUE(MakesAPod("b"));
}

TEST_F(JobRelease, OpensWhatRequiresNothingAnyMore) {
    ASSERT_EQ(Apply(JobBuilder("h").Requires("orders@9")), kHeld);
    ASSERT_TRUE(IsSeenSuspended("h"));
    EXPECT_EQ(Patch("h", kRequiresNothing), kOpen) << "without Ledger and operator";
    EXPECT_TRUE(MakesAPod("h"));

    // A template without any metadata would make kubectl remove the labels that the API server put there.
    JobBuilder other_annotation("i");
    other_annotation.Object()["spec"]["template"]["metadata"]["annotations"] = {{"team", "shop"}};
    ASSERT_EQ(Apply(JobBuilder("i").Requires("orders@9")), kHeld);
    EXPECT_EQ(Apply(other_annotation), kOpen) << "by the manifest";

    ASSERT_EQ(Apply(JobBuilder("j").Requires("orders@9")), kHeld);
    Json patch = kRequiresNothing;
    patch["metadata"]["labels"]["tidegate.io/gate"] = nullptr;
    EXPECT_EQ(Patch("j", patch), kOpen) << "whoever removes the label with it";
}

}  // namespace
}  // namespace gate
