#include "observed/job_facts.hpp"

#include <nlohmann/json.hpp>

#include "api/names.hpp"
#include "api/object_meta.hpp"

namespace observed {
namespace {

using core::TextAt;

int ParseCount(const std::string& text) {
    return static_cast<int>(core::Revision::Parse(text).value);
}

JobFacts::Role ParseRole(const std::string& text) {
    if (text == api::kRoleMigrate) return JobFacts::Role::Migrate;
    if (text == api::kRoleProbe) return JobFacts::Role::Probe;
    return JobFacts::Role::Unknown;
}

}  // namespace

JobFacts ParseJob(const nlohmann::json& object) {
    JobFacts job;
    job.key = api::ParseKey(object);
    job.uid = {TextAt(object, {"metadata", "uid"})};
    job.revision = core::Revision::Parse(TextAt(object, {"metadata", "resourceVersion"}));
    job.created = core::TimeAt(object, {"metadata", "creationTimestamp"}).value_or(core::Time{});
    job.deleting = core::FindAt(object, {"metadata", "deletionTimestamp"}) != nullptr;
    job.role = ParseRole(TextAt(object, {"metadata", "labels", api::kRoleLabel}));
    job.run_key = TextAt(object, {"metadata", "labels", api::kRunLabel});
    job.database = TextAt(object, {"metadata", "annotations", api::kDatabaseAnnotation});
    job.migration = TextAt(object, {"metadata", "annotations", api::kMigrationAnnotation});
    job.launch = ParseCount(TextAt(object, {"metadata", "annotations", api::kLaunchAnnotation}));
    job.database_generation =
        ParseCount(TextAt(object, {"metadata", "annotations", api::kDatabaseGenerationAnnotation}));
    for (const auto& owner : core::ArrayAt(object, {"metadata", "ownerReferences"})) {
        if (core::BoolAt(owner, {"controller"})) job.owner = {TextAt(owner, {"uid"})};
    }
    job.asked_to_suspend = core::BoolAt(object, {"spec", "suspend"});
    const auto count = [&](const char* field) {
        return static_cast<int>(core::NumberAt(object, {"status", field}).value_or(0));
    };
    const auto uncounted = [&](const char* field) {
        return static_cast<int>(core::ArrayAt(object, {"status", "uncountedTerminatedPods", field}).size());
    };
    job.ended_pods = count("succeeded") + count("failed") + uncounted("succeeded") + uncounted("failed");
    for (const auto& condition : core::ArrayAt(object, {"status", "conditions"})) {
        if (TextAt(condition, {"status"}) != "True") continue;
        const auto type = TextAt(condition, {"type"});
        if (type == "Suspended") {
            job.suspended = job.asked_to_suspend;
            continue;
        }
        if (type == "Complete") {
            job.state = JobFacts::State::Complete;
        } else if (type == "Failed") {
            job.state = JobFacts::State::Failed;
            job.failure_reason = TextAt(condition, {"reason"});
        } else {
            continue;
        }
        job.end_time = core::TimeAt(condition, {"lastTransitionTime"});
    }
    return job;
}

}  // namespace observed
