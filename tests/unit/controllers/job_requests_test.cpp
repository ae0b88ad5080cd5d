#include "controllers/job_requests.hpp"

#include <gtest/gtest.h>

namespace controllers {
namespace {

using engine::JobRequest;

const core::ObjectKey kDatabase{"shop", "orders"};

api::RunRecord Intended(const char* job, const char* start = "2026-11-23T12:00:00Z") {
    return {.key = "key", .job_name = job, .start_time = core::ParseTime(start)};
}

TEST(JobRequests, KnowsNothingOfAnIntentThatAnotherProcessWrote) {
    const JobRequests requests;
    EXPECT_EQ(requests.Of(kDatabase, Intended("orders-1")), JobRequest::Unknown);
}

TEST(JobRequests, WhatWasNotSentOrWasRefusedWasAskedForByNobody) {
    JobRequests requests;
    requests.IntentWritten(kDatabase, Intended("orders-1"));
    EXPECT_EQ(requests.Of(kDatabase, Intended("orders-1")), JobRequest::NotSent);
    requests.Sent(kDatabase);
    EXPECT_EQ(requests.Of(kDatabase, Intended("orders-1")), JobRequest::Unknown) << "until the answer is there";
    requests.Refused(kDatabase);
    EXPECT_EQ(requests.Of(kDatabase, Intended("orders-1")), JobRequest::NotSent);
}

TEST(JobRequests, AJobThatWasSeenOnceWasThereAlsoWhenItIsGone) {
    JobRequests requests;
    requests.IntentWritten(kDatabase, Intended("orders-1"));
    requests.Sent(kDatabase);
    requests.Seen(kDatabase, "orders-1");
    EXPECT_EQ(requests.Of(kDatabase, Intended("orders-1")), JobRequest::Done);
}

TEST(JobRequests, NothingIsKnownOfADatabaseThatIsCreatedAnew) {
    JobRequests requests;
    requests.IntentWritten(kDatabase, Intended("orders-1"));
    requests.Forget(kDatabase);
    EXPECT_EQ(requests.Of(kDatabase, Intended("orders-1")), JobRequest::Unknown);
}

TEST(JobRequests, AnotherJobThatWasSeenSaysNothingOfThisOne) {
    JobRequests requests;
    requests.IntentWritten(kDatabase, Intended("orders-1"));
    requests.Sent(kDatabase);
    requests.Seen(kDatabase, "orders-2");
    requests.Seen({"shop", "users"}, "orders-1");
    EXPECT_EQ(requests.Of(kDatabase, Intended("orders-1")), JobRequest::Unknown);
}

TEST(JobRequests, AnIntentWrittenAnewIsAnotherOne) {
    JobRequests requests;
    requests.IntentWritten(kDatabase, Intended("orders-1"));
    EXPECT_EQ(requests.Of(kDatabase, Intended("orders-1", "2026-11-23T12:00:01Z")), JobRequest::Unknown);
    EXPECT_EQ(requests.Of(kDatabase, Intended("orders-2")), JobRequest::Unknown);
}

}  // namespace
}  // namespace controllers
