#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/decide.hpp"

namespace engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const core::Time kStart = *core::ParseTime("2026-11-22T12:00:00Z");

observed::WorkloadFacts JobOf(const std::string& name, core::Time created, bool held = true) {
    observed::WorkloadFacts job;
    job.kind = observed::WorkloadKind::Job;
    job.key = {"shop", name};
    job.uid = {"uid-of-" + name};
    job.revision = {7};
    job.created = created;
    job.held = held;
    job.requires_text = "orders@0002";
    job.cron_job = {.name = "hourly", .uid = {"cron"}};
    return job;
}

GateDecision DecideAmong(const observed::WorkloadFacts& job, const std::vector<observed::WorkloadFacts>& siblings) {
    WorkloadWorld world{.workload = std::make_shared<const observed::WorkloadFacts>(job)};
    for (const auto& sibling : siblings)
        world.siblings.push_back(std::make_shared<const observed::WorkloadFacts>(sibling));
    return DecideWorkload(world);
}

bool IsDeleted(const GateDecision& decision) {
    return decision.step && std::holds_alternative<DeleteHeldJob>(*decision.step);
}

TEST(HeldJobs, AnOlderOneIsDeletedWithAnEventOnTheCronJob) {
    const auto old = JobOf("hourly-1", kStart);
    const auto decision = DecideAmong(old, {old, JobOf("hourly-2", kStart + std::chrono::hours{1})});
    ASSERT_TRUE(IsDeleted(decision));
    const auto& step = std::get<DeleteHeldJob>(*decision.step);
    EXPECT_EQ(step.job, old.key);
    EXPECT_EQ(step.uid, old.uid);
    EXPECT_EQ(step.at, old.revision);
    ASSERT_THAT(decision.notes, SizeIs(1));
    EXPECT_EQ(decision.notes[0].kind, Note::On::CronJob);
    EXPECT_EQ(decision.notes[0].object.name, "hourly");
    EXPECT_EQ(decision.notes[0].uid.value, "cron");
    EXPECT_THAT(decision.notes[0].text, HasSubstr("newer Job hourly-2"));
}

TEST(HeldJobs, TheNewestStays) {
    const auto newest = JobOf("hourly-2", kStart + std::chrono::hours{1});
    EXPECT_FALSE(IsDeleted(DecideAmong(newest, {newest, JobOf("hourly-1", kStart)})));
}

TEST(HeldJobs, OfOneSecondTheNameDecides) {
    EXPECT_TRUE(IsDeleted(DecideAmong(JobOf("hourly-1", kStart), {JobOf("hourly-2", kStart)})));
    EXPECT_FALSE(IsDeleted(DecideAmong(JobOf("hourly-2", kStart), {JobOf("hourly-1", kStart)})));
}

TEST(HeldJobs, ANewerOneThatRunsCountsAsWell) {
    const auto running = JobOf("hourly-2", kStart + std::chrono::hours{1}, false);
    EXPECT_TRUE(IsDeleted(DecideAmong(JobOf("hourly-1", kStart), {running})));
    EXPECT_FALSE(DecideAmong(running, {running}).step) << "and is left alone";
}

TEST(HeldJobs, OfAnotherCronJobOrOfNoneAreNoSiblings) {
    auto other = JobOf("nightly-2", kStart + std::chrono::hours{1});
    other.cron_job->uid = {"other"};
    EXPECT_FALSE(IsDeleted(DecideAmong(JobOf("hourly-1", kStart), {other})));
    auto alone = JobOf("report", kStart);
    alone.cron_job.reset();
    EXPECT_FALSE(IsDeleted(DecideAmong(alone, {JobOf("hourly-2", kStart + std::chrono::hours{1})})));
}

TEST(HeldMidRollout, SaysThatPodsOfBothEarlierTemplatesServe) {
    auto workload = JobOf("web", kStart);
    workload.kind = observed::WorkloadKind::Deployment;
    workload.cron_job.reset();
    workload.mid_rollout = true;
    const auto decision = DecideAmong(workload, {});
    const auto& write = std::get<WriteWaitingFor>(*decision.step);
    EXPECT_THAT(write.text, HasSubstr("there is no Database orders"));
    EXPECT_THAT(write.text, HasSubstr("HeldMidRollout"));
    EXPECT_THAT(write.text, HasSubstr("pods of both earlier templates go on serving"));
    EXPECT_EQ(decision.notes.at(0).reason, "HeldMidRollout");
    workload.waiting_for = write.text;
    EXPECT_FALSE(DecideAmong(workload, {}).step) << "written once";
}

class HandReleases : public testing::Test {
protected:
    GateDecision Decide() const {
        LedgerWorld world{.ns = "shop"};
        if (ledger_) world.ledger = std::make_shared<const api::Ledger>(*ledger_);
        for (const auto& workload : workloads_)
            world.workloads.push_back(std::make_shared<const observed::WorkloadFacts>(workload));
        return DecideLedger(world);
    }

    /// The notes of the writes until nothing is left to write.
    std::vector<Note> Settle() {
        std::vector<Note> notes;
        for (auto decision = Decide(); decision.step; decision = Decide()) {
            const auto& write = std::get<WriteLedger>(*decision.step);
            if (!ledger_) ledger_.emplace();
            ledger_->satisfied = write.satisfied;
            if (write.released) ledger_->released = *write.released;
            notes.insert(notes.end(), decision.notes.begin(), decision.notes.end());
        }
        return notes;
    }

    static observed::WorkloadFacts Released(const std::string& name) {
        auto workload = JobOf(name, kStart, false);
        workload.kind = observed::WorkloadKind::Deployment;
        workload.cron_job.reset();
        workload.release = " orders@0002 ";
        workload.release_reason = "hotfix";
        workload.release_by = "alice";
        return workload;
    }

    std::vector<observed::WorkloadFacts> workloads_;
    std::optional<api::Ledger> ledger_;
};

TEST_F(HandReleases, AreRecordedOnceWithReasonAndWho) {
    workloads_ = {Released("web")};
    const auto notes = Settle();
    ASSERT_THAT(notes, SizeIs(1));
    EXPECT_EQ(notes[0].reason, "ReleasedByHand");
    EXPECT_EQ(notes[0].kind, Note::On::Deployment);
    EXPECT_TRUE(notes[0].warning);
    EXPECT_EQ(notes[0].text,
              "Released by hand: Deployment web goes on without proof of orders@0002; asked by alice; reason: hotfix.");
    EXPECT_THAT(Settle(), IsEmpty());
    workloads_[0].release_reason = "another one";
    EXPECT_THAT(Settle(), IsEmpty()) << "the same value";
    workloads_.push_back(Released("another"));
    EXPECT_THAT(Settle(), SizeIs(1)) << "a later write records what is new, and nothing again";
}

TEST_F(HandReleases, SayThatNoReasonWasGiven) {
    workloads_ = {Released("web")};
    workloads_[0].release_reason.clear();
    workloads_[0].release_by.clear();
    const auto notes = Settle();
    ASSERT_THAT(notes, SizeIs(1));
    EXPECT_THAT(notes[0].text, HasSubstr("who asked is not known; no reason was given"));
}

TEST_F(HandReleases, ForAnotherRequirementOrOnWhatIsHeldAreNone) {
    workloads_ = {Released("web"), Released("held")};
    workloads_[0].release = "orders@0001";
    workloads_[1].held = true;
    EXPECT_THAT(Settle(), IsEmpty());
    workloads_ = {Released("plain")};
    workloads_[0].release = workloads_[0].requires_text = " ";
    EXPECT_THAT(Settle(), IsEmpty()) << "nothing is required";
}

TEST_F(HandReleases, AreRecordedAnewForAnotherValueAndAnotherObject) {
    workloads_ = {Released("web")};
    Settle();
    workloads_[0].requires_text = workloads_[0].release = "orders@0003";
    EXPECT_THAT(Settle(), SizeIs(1));
    workloads_[0].uid = {"created again"};
    EXPECT_THAT(Settle(), SizeIs(1));
    workloads_.clear();
    EXPECT_THAT(Settle(), IsEmpty());
    EXPECT_THAT(ledger_->released, IsEmpty());
}

TEST_F(HandReleases, OfACronJobAreRecordedOnceForAllOfItsJobs) {
    for (const char* name : {"hourly-1", "hourly-2"}) {
        workloads_.push_back(Released(name));
        workloads_.back().kind = observed::WorkloadKind::Job;
        workloads_.back().cron_job = {.name = "hourly", .uid = {"cron"}};
    }
    const auto notes = Settle();
    ASSERT_THAT(notes, SizeIs(1));
    EXPECT_EQ(notes[0].kind, Note::On::CronJob);
    EXPECT_EQ(notes[0].object.name, "hourly");
    EXPECT_THAT(ledger_->released, ElementsAre(api::HandRelease{"CronJob", "hourly", {"cron"}, "orders@0002"}));
}

}  // namespace
}  // namespace engine
