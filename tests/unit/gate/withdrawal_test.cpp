#include "gate/withdrawal.hpp"

#include <gtest/gtest.h>

namespace gate {
namespace {

using Json = nlohmann::json;

Json HeldDeployment() {
    return Json::parse(R"({
        "metadata": {"name": "orders", "labels": {"app": "orders", "tidegate.io/gate": "held"},
                     "annotations": {"tidegate.io/waiting-for": "orders@0002", "team": "shop"}},
        "spec": {"paused": true, "template": {"metadata": {"annotations": {
            "tidegate.io/requires": "orders@0002", "tidegate.io/hold": "true"}}}}})");
}

Json HeldJob() {
    return Json::parse(R"({"metadata": {"name": "report", "labels": {"tidegate.io/gate": "held"}},
        "spec": {"suspend": true, "template": {"metadata": {"annotations": {"tidegate.io/requires": "orders@0002"}}}}})");
}

TEST(Withdrawal, OfAHeldDeploymentStartsItAndLeavesOnlyWhatItsOwnerWrote) {
    const Json held = HeldDeployment();
    const auto withdrawal = WithdrawFromDeployment(held);
    ASSERT_TRUE(withdrawal);
    EXPECT_TRUE(withdrawal->starts);
    const Json expected = Json::parse(R"({
        "metadata": {"name": "orders", "labels": {"app": "orders"}, "annotations": {"team": "shop"}},
        "spec": {"paused": false, "template": {"metadata": {"annotations": {"tidegate.io/requires": "orders@0002"}}}}})");
    EXPECT_EQ(held.patch(withdrawal->patch), expected);
    EXPECT_FALSE(WithdrawFromDeployment(expected)) << "twice is once";
}

TEST(Withdrawal, OfAnOpenDeploymentRemovesTheMarksAndStartsNothing) {
    Json open = HeldDeployment();
    open["metadata"]["labels"]["tidegate.io/gate"] = "open";
    open["metadata"]["annotations"] = {{"tidegate.io/release", "orders@0002"}, {"tidegate.io/release-by", "jane"}};
    open["spec"]["paused"] = false;
    open["spec"]["template"]["metadata"]["annotations"].erase("tidegate.io/hold");
    const auto withdrawal = WithdrawFromDeployment(open);
    ASSERT_TRUE(withdrawal);
    EXPECT_FALSE(withdrawal->starts);
    const Json after = open.patch(withdrawal->patch);
    EXPECT_EQ(after["metadata"]["annotations"], Json({{"tidegate.io/release", "orders@0002"}}));
    EXPECT_EQ(after["metadata"]["labels"], Json({{"app", "orders"}}));
    EXPECT_EQ(after["spec"], open["spec"]) << "no pod is replaced";
}

TEST(Withdrawal, LeavesAPauseOfItsUserAlone) {
    Json paused = HeldDeployment();
    paused["spec"]["template"]["metadata"]["annotations"].erase("tidegate.io/hold");
    const auto withdrawal = WithdrawFromDeployment(paused);
    ASSERT_TRUE(withdrawal);
    EXPECT_FALSE(withdrawal->starts);
    EXPECT_TRUE(paused.patch(withdrawal->patch)["spec"]["paused"]);
    EXPECT_FALSE(WithdrawFromDeployment(Json::parse(R"({"metadata": {"name": "a"}, "spec": {"paused": true}})")));
}

TEST(Withdrawal, NeverReplacesPodsThatRun) {
    Json running = HeldDeployment();
    running["spec"]["paused"] = false;
    const auto withdrawal = WithdrawFromDeployment(running);
    ASSERT_TRUE(withdrawal);
    EXPECT_EQ(running.patch(withdrawal->patch)["spec"], running["spec"]);
}

TEST(Withdrawal, OfAHeldJobResumesIt) {
    const auto withdrawal = WithdrawFromJob(HeldJob());
    ASSERT_TRUE(withdrawal);
    EXPECT_TRUE(withdrawal->starts);
    const Json after = HeldJob().patch(withdrawal->patch);
    EXPECT_FALSE(after["spec"]["suspend"]);
    EXPECT_EQ(after["metadata"]["labels"], Json::object());
    EXPECT_FALSE(WithdrawFromJob(after));
    EXPECT_EQ(withdrawal->cron_job, "");
    Json of_cron_job = HeldJob();
    of_cron_job["metadata"]["ownerReferences"] = {{{"kind", "Other"}, {"uid", "u1"}, {"controller", false}},
                                                  {{"kind", "CronJob"}, {"uid", "u2"}, {"controller", true}}};
    EXPECT_EQ(WithdrawFromJob(of_cron_job)->cron_job, "u2");
}

TEST(Withdrawal, LeavesAJobThatItsUserSuspendedAlone) {
    Json suspended = HeldJob();
    suspended["metadata"].erase("labels");
    EXPECT_FALSE(WithdrawFromJob(suspended));
    suspended["metadata"]["labels"] = {{"tidegate.io/gate", "open"}};
    const auto withdrawal = WithdrawFromJob(suspended);
    ASSERT_TRUE(withdrawal);
    EXPECT_TRUE(suspended.patch(withdrawal->patch)["spec"]["suspend"]);
}

TEST(Withdrawal, OfACronJobTakesWhoReleasedItsJobsOutOfTheirTemplate) {
    const Json cron_job = Json::parse(R"({"metadata": {"name": "nightly"}, "spec": {"suspend": true, "jobTemplate": {
        "metadata": {"annotations": {"tidegate.io/release": "orders@0002", "tidegate.io/release-by": "jane"}}}}})");
    const auto withdrawal = WithdrawFromCronJob(cron_job);
    ASSERT_TRUE(withdrawal);
    EXPECT_FALSE(withdrawal->starts);
    const Json after = cron_job.patch(withdrawal->patch);
    EXPECT_EQ(after, Json::parse(R"({"metadata": {"name": "nightly"}, "spec": {"suspend": true, "jobTemplate": {
        "metadata": {"annotations": {"tidegate.io/release": "orders@0002"}}}}})"));
    EXPECT_FALSE(WithdrawFromCronJob(after));
}

TEST(Withdrawal, OddObjectsAreLeftAlone) {
    for (const char* text : {"{}", R"({"metadata": 5, "spec": []})", R"({"metadata": {"labels": []}})",
                             R"({"spec": {"jobTemplate": {"metadata": {"annotations": "x"}}}})"}) {
        EXPECT_FALSE(WithdrawFromDeployment(Json::parse(text))) << text;
        EXPECT_FALSE(WithdrawFromJob(Json::parse(text))) << text;
        EXPECT_FALSE(WithdrawFromCronJob(Json::parse(text))) << text;
    }
}

}  // namespace
}  // namespace gate
