#include "observed/workload_facts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace observed {
namespace {

using Json = nlohmann::json;

Json Held() {
    return Json::parse(R"({
        "metadata": {"namespace": "shop", "name": "web", "uid": "u", "resourceVersion": "4",
                     "annotations": {"tidegate.io/waiting-for": "orders@0002: ..."}},
        "spec": {"paused": true, "template": {
            "metadata": {"annotations": {"tidegate.io/requires": " orders@0002 ", "tidegate.io/hold": "true"}},
            "spec": {"containers": [{"image": "web:1"}, {"image": "orders:2"}]}}}})");
}

TEST(WorkloadFacts, ReadsWhatTheGateDecidesBy) {
    const auto workload = ParseDeployment(Held());
    EXPECT_EQ(workload.key, (core::ObjectKey{"shop", "web"}));
    EXPECT_EQ(workload.revision.value, 4U);
    EXPECT_TRUE(workload.held);
    EXPECT_EQ(workload.requires_text, " orders@0002 ");
    EXPECT_THAT(workload.Images(), ::testing::ElementsAre("web:1", "orders:2"));
    EXPECT_EQ(workload.waiting_for, "orders@0002: ...");
}

TEST(WorkloadFacts, ADeploymentThatItsUserPausedIsNotHeld) {
    Json object = Held();
    object["spec"]["template"]["metadata"]["annotations"].erase("tidegate.io/hold");
    EXPECT_FALSE(ParseDeployment(object).held);
    object = Held();
    object["spec"]["paused"] = false;
    EXPECT_FALSE(ParseDeployment(object).held);
    EXPECT_FALSE(ParseDeployment(Json::object()).held);
}

TEST(WorkloadFacts, KnowsAHoldInTheMiddleOfARollout) {
    EXPECT_FALSE(ParseDeployment(Held()).mid_rollout);
    Json object = Held();
    object["spec"]["template"]["metadata"]["annotations"]["tidegate.io/hold"] = "mid-rollout";
    EXPECT_TRUE(ParseDeployment(object).held);
    EXPECT_TRUE(ParseDeployment(object).mid_rollout);
}

TEST(WorkloadFacts, InitContainersArePartOfWhatATemplateUses) {
    Json object = Held();
    object["spec"]["template"]["spec"]["initContainers"] = {{{"image", "orders:3"}}};
    EXPECT_THAT(ParseDeployment(object).Images(), ::testing::ElementsAre("web:1", "orders:2", "orders:3"));
}

Json HeldJob() {
    return Json::parse(R"({
        "metadata": {"namespace": "shop", "name": "hourly-1", "uid": "u", "resourceVersion": "4",
                     "creationTimestamp": "2026-11-22T12:00:00Z", "labels": {"tidegate.io/gate": "held"},
                     "ownerReferences": [{"kind": "CronJob", "name": "hourly", "uid": "c", "controller": true}]},
        "spec": {"suspend": true, "template": {
            "metadata": {"annotations": {"tidegate.io/requires": "orders@0002"}},
            "spec": {"containers": [{"image": "web:1"}]}}}})");
}

TEST(WorkloadFacts, OfAJobAreThoseOfItsSuspensionAndItsCronJob) {
    const auto job = ParseGatedJob(HeldJob());
    EXPECT_EQ(job.kind, WorkloadKind::Job);
    EXPECT_TRUE(job.held);
    ASSERT_TRUE(job.cron_job);
    EXPECT_EQ(job.cron_job->name, "hourly");
    EXPECT_EQ(job.cron_job->uid.value, "c");
    EXPECT_EQ(job.requires_text, "orders@0002");
}

TEST(WorkloadFacts, AJobIsNotHeldWithoutOurMarkNorWhenItIsOver) {
    Json job = HeldJob();
    job["metadata"]["labels"]["tidegate.io/gate"] = "open";
    EXPECT_FALSE(ParseGatedJob(job).held) << "its user suspended it";
    job = HeldJob();
    job["spec"]["suspend"] = false;
    EXPECT_FALSE(ParseGatedJob(job).held);
    job = HeldJob();
    job["status"]["conditions"] = {{{"type", "Failed"}, {"status", "True"}}};
    EXPECT_FALSE(ParseGatedJob(job).held);
    job = HeldJob();
    job["metadata"]["deletionTimestamp"] = "2026-11-22T12:00:00Z";
    EXPECT_FALSE(ParseGatedJob(job).held);
}

TEST(WorkloadFacts, AJobThatSomebodyMadeOfACronJobByHandIsItsOwn) {
    Json job = HeldJob();
    job["metadata"]["annotations"]["cronjob.kubernetes.io/instantiate"] = "manual";
    EXPECT_FALSE(ParseGatedJob(job).cron_job);
}

}  // namespace
}  // namespace observed
