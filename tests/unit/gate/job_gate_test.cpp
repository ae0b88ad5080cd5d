#include "gate/job_gate.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace gate {
namespace {

using Json = nlohmann::json;

Json HeldJob() {
    return Json::parse(R"({
        "metadata": {"name": "report", "resourceVersion": "41", "labels": {"tidegate.io/gate": "held"},
                     "annotations": {"tidegate.io/waiting-for": "orders@0002", "team": "shop"}},
        "spec": {"suspend": true, "template": {"metadata": {"annotations": {"tidegate.io/requires": "orders@0002"}}}}})");
}

TEST(JobGate, ReleaseTakesBackExactlyWhatTheHoldChanged) {
    const Json held = HeldJob();
    Json expected = held;
    expected["spec"]["suspend"] = false;
    expected["metadata"]["labels"]["tidegate.io/gate"] = "open";
    EXPECT_EQ(held.patch(JobReleasePatch(core::Revision{41}, false)), expected);
    expected["metadata"]["annotations"].erase("tidegate.io/waiting-for");
    EXPECT_EQ(held.patch(JobReleasePatch(core::Revision{41}, true)), expected);
}

TEST(JobGate, ReleaseFailsOnWhatIsNotOursToRelease) {
    const auto released = [](const Json& job) { return job.patch(JobReleasePatch(core::Revision{41}, false)); };
    Json job = HeldJob();
    job["metadata"]["resourceVersion"] = "42";
    EXPECT_THROW(released(job), Json::exception) << "another revision";
    job = HeldJob();
    job["spec"]["suspend"] = false;
    EXPECT_THROW(released(job), Json::exception) << "it runs";
    job = HeldJob();
    job["metadata"]["labels"]["tidegate.io/gate"] = "open";
    EXPECT_THROW(released(job), Json::exception) << "its user suspended it";
}

}  // namespace
}  // namespace gate
