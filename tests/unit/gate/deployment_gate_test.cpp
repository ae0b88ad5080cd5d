#include "gate/deployment_gate.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace gate {
namespace {

using Json = nlohmann::json;

constexpr bool kNoLine = false;

Json HeldDeployment() {
    return Json::parse(R"({
        "metadata": {"name": "orders", "resourceVersion": "41", "labels": {"app": "orders", "tidegate.io/gate": "held"}},
        "spec": {"paused": true, "replicas": 2, "template": {"metadata": {"annotations": {
            "tidegate.io/requires": "orders@0002", "tidegate.io/hold": "true"}}}}})");
}

TEST(DeploymentGate, ReleaseTakesBackExactlyWhatTheHoldChanged) {
    const Json held = HeldDeployment();
    const Json released = held.patch(ReleasePatch(core::Revision{41}, kNoLine));

    Json expected = held;
    expected["spec"]["paused"] = false;
    expected["spec"]["template"]["metadata"]["annotations"].erase("tidegate.io/hold");
    expected["metadata"]["labels"]["tidegate.io/gate"] = "open";
    EXPECT_EQ(released, expected);
}

TEST(DeploymentGate, ReleaseRemovesTheWaitingForLine) {
    Json held = HeldDeployment();
    held["metadata"]["annotations"] = {{"tidegate.io/waiting-for", "orders@0002"}, {"team", "shop"}};
    const Json released = held.patch(ReleasePatch(core::Revision{41}, true));
    EXPECT_EQ(released["metadata"]["annotations"], Json({{"team", "shop"}}));
}

TEST(DeploymentGate, ReleaseFailsOnAnotherRevision) {
    const Json held = HeldDeployment();
    EXPECT_THROW(held.patch(ReleasePatch(core::Revision{40}, kNoLine)), Json::exception);
}

TEST(DeploymentGate, ReleaseFailsOnWhatIsNotPaused) {
    Json running = HeldDeployment();
    running["spec"]["paused"] = false;
    EXPECT_THROW(running.patch(ReleasePatch(core::Revision{41}, kNoLine)), Json::exception);
}

TEST(DeploymentGate, ReleaseFailsOnWhatItsUserPaused) {
    Json paused_by_its_user = HeldDeployment();
    paused_by_its_user["spec"]["template"]["metadata"]["annotations"].erase("tidegate.io/hold");
    EXPECT_THROW(paused_by_its_user.patch(ReleasePatch(core::Revision{41}, kNoLine)), Json::exception);
}

TEST(DeploymentGate, WaitingForIsWrittenOnAnObjectWithoutAnnotations) {
    Json held = HeldDeployment();
    held.merge_patch(WaitingForPatch("orders@0002: migration orders is running", core::Revision{41}));
    EXPECT_EQ(held["metadata"]["annotations"],
              Json({{"tidegate.io/waiting-for", "orders@0002: migration orders is running"}}));
    EXPECT_EQ(held["metadata"]["resourceVersion"], "41");
}

TEST(DeploymentGate, WaitingForIsOneLineOfBoundedLength) {
    const auto written = [](std::string_view text) {
        return WaitingForPatch(text, core::Revision{41})["metadata"]["annotations"]["tidegate.io/waiting-for"]
            .get<std::string>();
    };
    EXPECT_EQ(written("first\nsecond"), "first second");
    EXPECT_EQ(written(std::string(2 * kLongestWaitingFor, 'x')).size(), kLongestWaitingFor);
}

}  // namespace
}  // namespace gate
