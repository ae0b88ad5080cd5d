#include "control_plane/gate/job_fixture.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace gate {

using Json = nlohmann::json;
using support::Eventually;

std::string JobFixture::JobStateOf(const Json& job) {
    const bool suspended = job["spec"].value("suspend", false);
    const std::string label = job["metadata"].value("labels", Json::object()).value("tidegate.io/gate", "");
    if (suspended && label == "held") return kHeld;
    if (!suspended && label == "open") return kOpen;
    if (!suspended && label.empty()) return kUntouched;
    if (suspended && label.empty()) return kSuspendedByItsUser;
    return std::string("suspended: ") + (suspended ? "true" : "false") + ", label: '" + label + "'";
}

std::string JobFixture::JobState(const std::string& job) const {
    return JobStateOf(kubectl_.GetJson("job/" + job));
}

std::string JobFixture::Apply(const support::JobBuilder& job) const {
    return JobStateOf(Json::parse(kubectl_.Must({"apply", "--output=json", "--filename=-"}, job.Build().dump())));
}

std::string JobFixture::Patch(const std::string& job, const Json& patch) const {
    kubectl_.MergePatch("job/" + job, patch);
    return JobState(job);
}

bool JobFixture::HasPods(const std::string& job) const {
    return !node_.Pods("batch.kubernetes.io/job-name=" + job).empty();
}

testing::AssertionResult JobFixture::IsSeenSuspended(const std::string& job) const {
    return Eventually(
        [&] {
            const auto conditions = kubectl_.GetJson("job/" + job)["status"].value("conditions", Json::array());
            return std::any_of(conditions.begin(), conditions.end(), [](const Json& condition) {
                return condition["type"] == "Suspended" && condition["status"] == "True";
            });
        },
        "the Job controller sees that " + job + " is suspended");
}

testing::AssertionResult JobFixture::MakesAPod(const std::string& job) const {
    return Eventually([&] { return HasPods(job); }, "Job " + job + " makes a pod");
}

}  // namespace gate
