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
    EXPECT_THAT(workload.images, ::testing::ElementsAre("web:1", "orders:2"));
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

}  // namespace
}  // namespace observed
