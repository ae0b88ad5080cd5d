#include "observed/schema_user.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace observed {
namespace {

using ::testing::ElementsAre;
using Json = nlohmann::json;

const Json kTemplate = Json::parse(R"({"metadata": {"annotations": {"tidegate.io/requires": "orders@0002"}},
    "spec": {"containers": [{"image": "app:1"}], "initContainers": [{"image": "init:1"}]}})");

Json Of(const Json& spec, const Json& status = Json::object()) {
    return {{"metadata", {{"name", "x"}, {"uid", "u"}}}, {"spec", spec}, {"status", status}};
}

TEST(SchemaUser, HasTheRequirementOfItsPods) {
    const auto deployment = ParseSchemaUser(Of({{"template", kTemplate}}), UserKind::Deployment);
    EXPECT_EQ(deployment.requires_text, "orders@0002");
    EXPECT_THAT(deployment.images, ElementsAre("app:1", "init:1"));
    const auto cron_job =
        ParseSchemaUser(Of({{"jobTemplate", {{"spec", {{"template", kTemplate}}}}}}), UserKind::CronJob);
    EXPECT_EQ(cron_job.requires_text, "orders@0002");
    auto pod = kTemplate;
    pod["metadata"]["name"] = "web-1";
    pod["metadata"]["ownerReferences"] = {{{"uid", "other"}}, {{"uid", "rs"}, {"controller", true}}};
    pod["metadata"]["deletionTimestamp"] = "2026-11-22T12:00:00Z";
    const auto parsed = ParseSchemaUser(pod, UserKind::Pod);
    EXPECT_EQ(parsed.requires_text, "orders@0002");
    EXPECT_EQ(parsed.owner.value, "rs");
    EXPECT_TRUE(parsed.deleting);
    EXPECT_TRUE(parsed.runs);
}

TEST(SchemaUser, RunsWhereNoGateIsAskedBeforeItsPodsCome) {
    const auto runs = [](const Json& object, UserKind kind) { return ParseSchemaUser(object, kind).runs; };
    EXPECT_TRUE(runs(Of({{"replicas", 0}}), UserKind::Deployment)) << "it may be scaled";
    EXPECT_FALSE(runs(Of({{"paused", true}}), UserKind::Deployment));
    EXPECT_TRUE(runs(Of({{"replicas", 0}}), UserKind::StatefulSet));
    EXPECT_TRUE(runs(Of(Json::object()), UserKind::DaemonSet));
    EXPECT_FALSE(runs(Of({{"suspend", true}}), UserKind::CronJob));
    EXPECT_FALSE(runs(Of({{"suspend", true}}), UserKind::Job));
    EXPECT_FALSE(
        runs(Of(Json::object(), {{"conditions", {{{"type", "Complete"}, {"status", "True"}}}}}), UserKind::Job));
    EXPECT_TRUE(
        runs(Of(Json::object(), {{"conditions", {{{"type", "FailureTarget"}, {"status", "True"}}}}}), UserKind::Job));
    EXPECT_FALSE(runs(Of({{"replicas", 0}}, {{"replicas", 0}}), UserKind::ReplicaSet));
    EXPECT_TRUE(runs(Of({{"replicas", 0}}, {{"replicas", 1}}), UserKind::ReplicaSet)) << "pods are still there";
    for (const char* phase : {"Succeeded", "Failed"})
        EXPECT_FALSE(runs(Of(Json::object(), {{"phase", phase}}), UserKind::Pod));
    for (const char* phase : {"Pending", "Running", "Unknown"})
        EXPECT_TRUE(runs(Of(Json::object(), {{"phase", phase}}), UserKind::Pod));
}

TEST(SchemaUser, KnowsWhichReplicaSetIsTheNewest) {
    auto object = Of({{"replicas", 0}});
    object["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "12";
    EXPECT_EQ(ParseSchemaUser(object, UserKind::ReplicaSet).rollout, 12);
}

}  // namespace
}  // namespace observed
