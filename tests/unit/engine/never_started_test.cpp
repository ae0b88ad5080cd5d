#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/support/cluster.hpp"

namespace simulation {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(NeverStarted, ARefusedJobIsTriedAgainUntilTheStartDeadlineAndThenGivenUp) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.refuse_jobs = "pods is forbidden: exceeded quota, used: 3";
    EXPECT_THAT(cluster.Settle(), ElementsAre("Database intent", "Migration orders JobRefused"));
    ASSERT_TRUE(cluster.look_again);
    EXPECT_LE(*cluster.look_again - cluster.Now(), seconds{15});
    cluster.Advance(seconds{15});
    cluster.refuse_jobs = "pods is forbidden: exceeded quota, used: 4";
    EXPECT_THAT(cluster.Settle(), IsEmpty());
    EXPECT_EQ(cluster.ReadyStatus("orders"), "Unknown");
    cluster.Advance(seconds{600});
    EXPECT_THAT(cluster.Settle(), ElementsAre("Database result JobRefused", "Migration orders JobRefused"));
    EXPECT_EQ(cluster.ReadyStatus("orders"), "False") << "given up, so Stalled";
    cluster.refuse_jobs.reset();
    cluster.Advance(seconds{600});
    EXPECT_THAT(cluster.Settle(), IsEmpty());
}

TEST(NeverStarted, ARefusedJobRunsWhenTheCauseIsMended) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.refuse_jobs = "quota";
    cluster.Settle();
    cluster.refuse_jobs.reset();
    EXPECT_THAT(cluster.Settle(), ElementsAre("Job", "Migration orders MigrationRunning"));
}

TEST(NeverStarted, ARefusedProbeSaysSoOnDatabaseAndMigration) {
    Cluster cluster;
    cluster.ApplyDatabase();
    cluster.ApplyMigration("orders");
    cluster.refuse_jobs = "quota";
    cluster.Settle();
    EXPECT_EQ(cluster.database["status"]["conditions"][0]["reason"], "JobRefused");
    EXPECT_THAT(cluster.migrations["orders"]["status"]["conditions"][0]["message"].get<std::string>(),
                HasSubstr("quota"));
    ASSERT_TRUE(cluster.look_again);
    cluster.refuse_jobs.reset();
    cluster.SettleWithProbes();
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
}

TEST(NeverStarted, AForeignJobOfTheSameNameIsNeverAdopted) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    ASSERT_THAT(cluster.SettleAtMost(1), ElementsAre("Database intent"));
    const std::string name = cluster.database["status"]["runs"][0]["jobName"];
    cluster.jobs[name] = {{"metadata", {{"name", name}, {"namespace", kNamespace}, {"uid", "somebody's"}}}};
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "JobNameTaken");
    EXPECT_EQ(cluster.ReadyStatus("orders"), "False");
    EXPECT_THAT(cluster.created_jobs, IsEmpty());
    EXPECT_THAT(cluster.Settle(), IsEmpty());
}

TEST(NeverStarted, AnUnknownDatabaseIsNamed) {
    Cluster cluster;
    cluster.ApplyMigration("orders");
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "DatabaseNotFound");
    EXPECT_THAT(cluster.migrations["orders"]["status"]["conditions"][0]["message"].get<std::string>(),
                HasSubstr("no Database orders in namespace shop"));
}

// Deadlines.

TEST(NeverStarted, ALaunchThatDoesNotBeginIsEndedAtTheStartDeadlineByItsPod) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders", {{"startDeadlineSeconds", 120}});
    cluster.Settle();
    const auto job = cluster.LastJob();
    cluster.MakePod(job, {{"status",
                           {{"containerStatuses",
                             {{{"name", "migrate"},
                               {"state", {{"waiting", {{"reason", "ErrImagePull"}, {"message", "not found"}}}}}}}}}}});
    cluster.Settle();
    ASSERT_TRUE(cluster.look_again);
    cluster.Advance(seconds{119});
    EXPECT_THAT(cluster.Settle(), IsEmpty());
    cluster.Advance(seconds{1});
    EXPECT_THAT(cluster.Settle(), ElementsAre("pod deleted"));
    cluster.EndDeletedPod(job);
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "NeverStarted");
    EXPECT_EQ(cluster.ReadyStatus("orders"), "False");
    EXPECT_EQ(cluster.database["status"]["runs"][0]["attempts"], 0);
    cluster.Advance(seconds{86400});
    EXPECT_THAT(cluster.Settle(), IsEmpty());
    EXPECT_THAT(cluster.created_jobs, SizeIs(1));
}

Json WaitingForFence(core::Time since) {
    return {
        {"status",
         {{"phase", "Pending"},
          {"initContainerStatuses",
           {{{"name", "tidegate-agent"},
             {"started", false},
             {"state", {{"running", {{"startedAt", core::FormatTime(since)}}}}}}}},
          {"containerStatuses", {{{"name", "migrate"}, {"state", {{"waiting", {{"reason", "PodInitializing"}}}}}}}}}}};
}

TEST(NeverStarted, WaitingForTheFenceHasNoDeadlineAndTheLaunchBeginsHoweverLongItTook) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders", {{"startDeadlineSeconds", 60}});
    cluster.Settle();
    const auto job = cluster.LastJob();
    cluster.MakePod(job, WaitingForFence(cluster.Now()));
    cluster.Settle();
    cluster.Advance(seconds{40});
    EXPECT_THAT(cluster.Settle(), ElementsAre("Migration orders WaitingForFence"));
    cluster.Advance(seconds{7200});
    EXPECT_THAT(cluster.Settle(), IsEmpty());
    // The fence is held now; the image of the migration is pulled only then.
    auto& pod = cluster.pods.at(job + "-pod");
    pod["status"]["initContainerStatuses"][0]["started"] = true;
    pod["status"]["conditions"] = {
        {{"type", "Initialized"}, {"status", "True"}, {"lastTransitionTime", core::FormatTime(cluster.Now())}}};
    EXPECT_THAT(cluster.Settle(), ElementsAre("Migration orders MigrationRunning"));
    ASSERT_TRUE(cluster.look_again);
    EXPECT_LE(*cluster.look_again - cluster.Now(), seconds{60});
    cluster.Advance(seconds{60});
    EXPECT_THAT(cluster.Settle(), ElementsAre("pod deleted"));
}

std::string ReadyMessage(const simulation::Cluster& cluster) {
    const auto migration = cluster.ParsedMigration("orders");
    return api::FindCondition(migration.status.conditions, api::kReady)->message;
}

TEST(NeverStarted, TheCauseStaysInTheMessageThoughTheKubeletTakesItsWordsBack) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders", {{"startDeadlineSeconds", 120}});
    cluster.Settle();
    const auto job = cluster.LastJob();
    const Json waiting = {{"reason", "CreateContainerConfigError"}, {"message", "secret \"extra\" not found"}};
    cluster.MakePod(job,
                    {{"status", {{"containerStatuses", {{{"name", "migrate"}, {"state", {{"waiting", waiting}}}}}}}}});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "SecretOrKeyMissing");
    cluster.Advance(seconds{120});
    EXPECT_THAT(cluster.Settle(), ElementsAre("pod deleted"));
    auto& pod = cluster.pods.at(job + "-pod");
    pod["status"]["containerStatuses"][0]["state"] = {{"waiting", {{"reason", "PodInitializing"}}}};
    EXPECT_THAT(cluster.Settle(), IsEmpty()) << "the kubelet ends it";
    pod["status"]["phase"] = "Failed";
    pod["status"]["containerStatuses"][0]["state"] = {
        {"terminated",
         {{"exitCode", 137},
          {"reason", "ContainerStatusUnknown"},
          {"message", "The container could not be located when the pod was terminated"}}}};
    EXPECT_THAT(cluster.Settle(), IsEmpty()) << "its Job ends a moment later";
    cluster.EndDeletedPod(job);
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "NeverStarted");
    EXPECT_THAT(ReadyMessage(cluster), AllOf(HasSubstr("Job " + job), HasSubstr("secret \"extra\" not found"),
                                             HasSubstr("tidegate.io/retry=<a new value>")));
}

TEST(NeverStarted, WhoHoldsTheFenceIsAskedTwiceAMinuteAndWrittenWhenItChanges) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders");
    cluster.Settle();
    const auto job = cluster.LastJob();
    cluster.MakePod(job, WaitingForFence(cluster.Now()));
    cluster.Settle();
    EXPECT_EQ(cluster.event_lists, 0) << "whether it is connected at all is not known yet";
    cluster.Advance(seconds{40});
    EXPECT_THAT(cluster.Settle(), ElementsAre("Migration orders WaitingForFence"));
    EXPECT_THAT(ReadyMessage(cluster), HasSubstr("The events of pod " + job + "-pod name the holder"));

    cluster.fence_words = "is held by server process 7 (\"tidegate/u-1\")";
    cluster.fence_run = "Job stock-1 of Migration stock in namespace depot";
    cluster.Advance(seconds{29});
    EXPECT_THAT(cluster.Settle(), IsEmpty());
    EXPECT_EQ(cluster.event_lists, 1);
    cluster.Advance(seconds{1});
    EXPECT_THAT(cluster.Settle(), ElementsAre("Migration orders WaitingForFence"));
    EXPECT_THAT(ReadyMessage(cluster), AllOf(HasSubstr("It is Job stock-1 of Migration stock in namespace depot."),
                                             HasSubstr("says: is held by server process 7 (\"tidegate/u-1\").")));
    for (int i = 0; i < 10; ++i) {
        cluster.Advance(seconds{30});
        EXPECT_THAT(cluster.Settle(), IsEmpty()) << "the same holder";
    }
    EXPECT_EQ(cluster.event_lists, 12);
    ASSERT_TRUE(cluster.look_again);
    EXPECT_EQ(*cluster.look_again, cluster.Now() + seconds{30});

    cluster.fence_words = std::string("is held by\n") + std::string(5000, 'x');
    cluster.fence_run.clear();
    cluster.Advance(seconds{30});
    EXPECT_THAT(cluster.Settle(), ElementsAre("Migration orders WaitingForFence"));
    EXPECT_LT(ReadyMessage(cluster).size(), 800U) << "whatever somebody writes into an event";
    EXPECT_EQ(ReadyMessage(cluster).find('\n'), std::string::npos);
}

TEST(NeverStarted, AnAgentThatConnectedAfterATroubledStartWaitsForTheFence) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders", {{"startDeadlineSeconds", 120}});
    cluster.Settle();
    const auto job = cluster.LastJob();
    auto& pod = cluster.MakePod(job, WaitingForFence(cluster.Now()));
    pod["status"]["initContainerStatuses"][0]["restartCount"] = 1;
    pod["status"]["initContainerStatuses"][0]["lastState"]["terminated"] = {
        {"exitCode", 10},
        {"message", R"({"v":1,"phase":"Refused","error":{"reason":"Unreachable","message":"no route"}})"}};
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "DatabaseUnreachable");
    cluster.Advance(seconds{40});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "WaitingForFence");
    cluster.Advance(seconds{600});
    EXPECT_THAT(cluster.Settle(), IsEmpty());
}

TEST(NeverStarted, AnAgentThatDiesWithoutAWordIsShownOnceHoweverOftenItRestarts) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders", {{"startDeadlineSeconds", 86400}});
    cluster.Settle();
    const auto job = cluster.LastJob();
    cluster.MakePod(job, WaitingForFence(cluster.Now()));
    cluster.Settle();
    std::size_t writes = 0;
    for (int restart = 1; restart < 10; ++restart) {
        auto& agent = cluster.pods.at(job + "-pod")["status"]["initContainerStatuses"][0];
        agent["restartCount"] = restart;
        agent["lastState"]["terminated"] = {{"exitCode", 137}, {"reason", "OOMKilled"}};
        agent["state"] = {{"waiting", {{"reason", "CrashLoopBackOff"}, {"message", "back-off"}}}};
        cluster.Advance(seconds{70});
        writes += cluster.Settle().size();
        agent["state"] = {{"running", {{"startedAt", core::FormatTime(cluster.Now())}}}};
        cluster.Advance(seconds{2});
        writes += cluster.Settle().size();
    }
    EXPECT_LE(writes, 1U);
    EXPECT_EQ(cluster.Reason("orders"), "NotStarting");
}

TEST(NeverStarted, ARunPastItsActiveDeadlineIsEndedByItsPodAndJudgedByTheDatabase) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("orders", {{"activeDeadlineSeconds", 100}});
    cluster.Settle();
    const auto job = cluster.LastJob();
    cluster.Advance(seconds{30});
    cluster.StartMigration(job);
    cluster.Settle();
    ASSERT_TRUE(cluster.look_again);
    EXPECT_EQ(*cluster.look_again, cluster.Now() + seconds{100});
    cluster.Advance(seconds{99});
    EXPECT_THAT(cluster.Settle(), IsEmpty());
    cluster.Advance(seconds{1});
    EXPECT_THAT(cluster.Settle(), ElementsAre("pod deleted"));
    EXPECT_THAT(cluster.Settle(), IsEmpty());
    cluster.EndMigration(job, {.exit_code = 143});
    auto& terminated = cluster.pods[job + "-pod"]["status"]["containerStatuses"][0]["state"]["terminated"];
    terminated["startedAt"] = core::FormatTime(cluster.Now() - seconds{103});
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "DeadlineExceeded");
    EXPECT_EQ(cluster.database["status"]["runs"][0]["attempts"], 1);
}

TEST(NeverStarted, AWaitingPodWhoseMigrationWasDeletedIsEndedAndBlocksNobody) {
    auto cluster = ReadCluster();
    cluster.ApplyMigration("gone", {{"image", "gone:1"}});
    cluster.Settle();
    const auto job = cluster.LastJob();
    cluster.MakePod(job, {{"spec", {{"nodeName", nullptr}}}});
    cluster.ApplyMigration("orders");
    cluster.Settle();
    cluster.DeleteMigration("gone");  // with its Job orphaned
    EXPECT_THAT(cluster.Settle(), ElementsAre("pod deleted"));
    cluster.EndDeletedPod(job);
    cluster.Settle();
    EXPECT_EQ(cluster.Reason("orders"), "MigrationRunning");
}

// Retention.

}  // namespace
}  // namespace simulation
