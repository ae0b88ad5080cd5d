#include "observed/job_facts.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace observed {
namespace {

using Json = nlohmann::json;

Json Job() {
    return Json::parse(R"({
        "metadata": {
            "namespace": "shop", "name": "orders-abc-1", "uid": "job-uid", "resourceVersion": "12",
            "creationTimestamp": "2026-11-22T12:00:00Z",
            "labels": {"tidegate.io/role": "migrate", "tidegate.io/run": "key", "tidegate.io/database": "cut-name"},
            "annotations": {"tidegate.io/database-name": "orders", "tidegate.io/migration-name": "orders-2",
                            "tidegate.io/launch": "3", "tidegate.io/database-generation": "5"},
            "ownerReferences": [{"uid": "other"}, {"uid": "owner-uid", "controller": true}]},
        "status": {"active": 1}})");
}

TEST(JobFacts, ReadsWhatWeWroteOnOurJob) {
    const auto job = ParseJob(Job());
    EXPECT_EQ(job.key, (core::ObjectKey{"shop", "orders-abc-1"}));
    EXPECT_EQ(job.uid.value, "job-uid");
    EXPECT_EQ(job.revision.value, 12U);
    EXPECT_EQ(job.created, core::ParseTime("2026-11-22T12:00:00Z"));
    EXPECT_EQ(job.role, JobFacts::Role::Migrate);
    EXPECT_EQ(job.database, "orders");
    EXPECT_EQ(job.migration, "orders-2");
    EXPECT_EQ(job.owner.value, "owner-uid");
    EXPECT_EQ(job.run_key, "key");
    EXPECT_EQ(job.launch, 3);
    EXPECT_EQ(job.database_generation, 5);
    EXPECT_FALSE(job.deleting);
    EXPECT_FALSE(job.Ended());
}

TEST(JobFacts, OnlyItsFinalConditionsAreAnEnd) {
    struct Case {
        const char* what;
        const char* status;
        JobFacts::State state;
    };
    const Case cases[] = {
        {"nothing", R"({})", JobFacts::State::Active},
        {"a failed pod", R"({"failed": 1, "active": 0})", JobFacts::State::Active},
        {"a succeeded pod", R"({"succeeded": 1})", JobFacts::State::Active},
        {"FailureTarget alone", R"({"conditions": [{"type": "FailureTarget", "status": "True"}]})",
         JobFacts::State::Active},
        {"SuccessCriteriaMet alone", R"({"conditions": [{"type": "SuccessCriteriaMet", "status": "True"}]})",
         JobFacts::State::Active},
        {"Failed", R"({"conditions": [{"type": "FailureTarget", "status": "True"}, {"type": "Failed", "status": "True",
             "reason": "PodFailurePolicy", "lastTransitionTime": "2026-11-22T12:00:09Z"}]})",
         JobFacts::State::Failed},
        {"Failed False", R"({"conditions": [{"type": "Failed", "status": "False"}]})", JobFacts::State::Active},
        {"Complete", R"({"conditions": [{"type": "SuccessCriteriaMet", "status": "True"}, {"type": "Complete",
             "status": "True", "reason": "CompletionsReached", "lastTransitionTime": "2026-11-22T12:00:09Z"}]})",
         JobFacts::State::Complete},
        {"Suspended", R"({"conditions": [{"type": "Suspended", "status": "True"}]})", JobFacts::State::Active},
    };
    for (const auto& [what, status, state] : cases) {
        SCOPED_TRACE(what);
        Json object = Job();
        object["status"] = Json::parse(status);
        const auto job = ParseJob(object);
        EXPECT_EQ(job.state, state);
        EXPECT_EQ(job.end_time.has_value(), job.Ended());
        EXPECT_EQ(job.failure_reason, state == JobFacts::State::Failed ? "PodFailurePolicy" : "");
    }
}

TEST(JobFacts, AForeignJobHasNoRole) {
    const auto job = ParseJob(Json::parse(R"({"metadata": {"name": "x", "deletionTimestamp": "2026-11-22T12:00:00Z",
        "annotations": {"tidegate.io/launch": "many"}}})"));
    EXPECT_EQ(job.role, JobFacts::Role::Unknown);
    EXPECT_EQ(job.launch, 0);
    EXPECT_EQ(job.database, "");
    EXPECT_EQ(job.owner.value, "");
    EXPECT_TRUE(job.deleting);
}

}  // namespace
}  // namespace observed
