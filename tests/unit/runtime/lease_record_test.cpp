#include "runtime/lease_record.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace runtime {
namespace {

using namespace std::chrono_literals;

const SteadyTime kStart = SteadyTime{} + 1h;

LeaseRecord Held(const std::string& holder, const std::string& version) {
    LeaseRecord record;
    record.holder = holder;
    record.duration = 15s;
    record.version = version;
    return record;
}

bool Free(const LeaseObservation& lease, SteadyTime now) {
    return lease.FreeAt("me") <= now;
}

TEST(LeaseObservation, AFreshLeaseOfSomebodyElseIsHeldForItsDuration) {
    LeaseObservation lease;
    lease.Observe(Held("you", "1"), kStart);
    EXPECT_FALSE(Free(lease, kStart + 14999ms));
    EXPECT_TRUE(Free(lease, kStart + 15s));
}

TEST(LeaseObservation, OnlyAChangeOfTheRecordRenews) {
    LeaseObservation lease;
    lease.Observe(Held("you", "1"), kStart);
    lease.Observe(Held("you", "1"), kStart + 10s);
    EXPECT_TRUE(Free(lease, kStart + 15s)) << "reading it again is no renewal";
    lease.Observe(Held("you", "2"), kStart + 14s);
    EXPECT_FALSE(Free(lease, kStart + 28s));
    EXPECT_TRUE(Free(lease, kStart + 29s));
}

TEST(LeaseObservation, TheHoldersClockDoesNotMatter) {
    LeaseObservation lease;
    auto record = Held("you", "1");
    record.renew_time = "1999-01-01T00:00:00.000000Z";
    lease.Observe(record, kStart);
    EXPECT_FALSE(Free(lease, kStart + 1s));
}

TEST(LeaseObservation, IsFreeWhenUnknownReleasedOrOurs) {
    LeaseObservation lease;
    EXPECT_TRUE(Free(lease, kStart));
    lease.Observe(Held("", "1"), kStart);
    EXPECT_TRUE(Free(lease, kStart));
    lease.Observe(Held("me", "2"), kStart);
    EXPECT_TRUE(Free(lease, kStart));
}

TEST(LeaseObservation, ReadsALeaseAndSurvivesAStrangeOne) {
    const auto record = ParseLease(nlohmann::json::parse(
        R"({"metadata":{"resourceVersion":"7"},"spec":{"holderIdentity":"you","leaseDurationSeconds":15,"leaseTransitions":2,"renewTime":"t"}})"));
    EXPECT_EQ(record.holder, "you");
    EXPECT_EQ(record.duration, 15s);
    EXPECT_EQ(record.transitions, 2);
    EXPECT_EQ(record.version, "7");
    EXPECT_EQ(ParseLease(nlohmann::json::parse(R"({"spec":{"holderIdentity":5}})")), LeaseRecord{});
}

}  // namespace
}  // namespace runtime
