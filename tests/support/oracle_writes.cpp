#include <algorithm>
#include <map>
#include <set>

#include "api/names.hpp"
#include "core/json_access.hpp"
#include "support/oracle.hpp"

namespace support::oracle {
namespace {

using Json = nlohmann::json;
using Type = RecordedChange::Type;

/// A test of metadata.resourceVersion in a JSON patch, or the field itself in a merge patch.
bool HasRevisionTest(const Json& patch) {
    if (patch.is_object()) return !core::TextAt(patch, {"metadata", "resourceVersion"}).empty();
    if (!patch.is_array()) return false;
    return std::any_of(patch.begin(), patch.end(), [](const Json& operation) {
        return core::TextAt(operation, {"op"}) == "test" &&
               core::TextAt(operation, {"path"}) == "/metadata/resourceVersion" &&
               !core::TextAt(operation, {"value"}).empty();
    });
}

/// What the gate declares: the hold, its label, its line for people. Everything else has to stay.
Json WithoutGateFields(Json deployment) {
    auto& metadata = deployment["metadata"];
    for (const char* field : {"resourceVersion", "generation", "managedFields"})
        metadata.erase(field);
    if (metadata.contains("annotations")) metadata["annotations"].erase(std::string(api::kWaitingForAnnotation));
    if (metadata.contains("labels")) metadata["labels"].erase(std::string(api::kGateLabel));
    if (metadata.value("annotations", Json::object()).empty()) metadata.erase("annotations");
    if (metadata.value("labels", Json::object()).empty()) metadata.erase("labels");
    deployment.erase("status");
    deployment["spec"].erase("paused");
    auto& marks = deployment["spec"]["template"]["metadata"]["annotations"];
    if (marks.is_object()) marks.erase(std::string(api::kHoldAnnotation));
    return deployment;
}

class Objects final {
public:
    explicit Objects(const std::vector<RecordedChange>& changes) {
        for (const auto& change : changes) {
            const auto& metadata = (*change.object)["metadata"];
            const auto uid = metadata.value("uid", "");
            if (change.resource == "migrations" || change.resource == "databases") {
                ours_.insert(uid);
            } else if ((change.resource == "jobs" || change.resource == "pods") && change.type == Type::kAdded) {
                for (const auto& owner : metadata.value("ownerReferences", Json::array())) {
                    if (owner.value("controller", false) && ours_.contains(owner.value("uid", ""))) ours_.insert(uid);
                }
            }
        }
    }
    bool Ours(const std::string& uid) const { return ours_.contains(uid); }

private:
    /// UIDs: of our resources, of Jobs that they own, of pods that those own.
    std::set<std::string> ours_;
};

void CheckDelete(const ProxiedWrite& write, const Objects& objects, std::vector<Violation>& violations) {
    const auto options = Json::parse(write.request.body, nullptr, false);
    const auto uid = core::TextAt(options, {"preconditions", "uid"});
    if (uid.empty()) {
        violations.push_back({"conditional writes", write.request.Describe() + " has no UID precondition"});
        return;
    }
    if (!objects.Ours(uid)) {
        violations.push_back({"I9", write.request.Describe() + " (" + uid + "): its controller owner is not ours"});
    }
}

void CheckCreate(const ProxiedWrite& write, std::vector<Violation>& violations) {
    const auto object = Json::parse(write.request.body, nullptr, false);
    if (core::TextAt(object, {"metadata", "name"}).empty()) {
        violations.push_back({"conditional writes", write.request.Describe() + " has a generated name"});
    }
}

/// A Job of ours may be suspended, and nothing else of it changed: that is how a launch ends that shall have no pod.
void CheckJobPatch(const Evidence& evidence, const ProxiedWrite& write, const Objects& objects,
                   std::vector<Violation>& violations) {
    const Json suspended = {{"op", "add"}, {"path", "/spec/suspend"}, {"value", true}};
    for (const auto& operation : Json::parse(write.request.body, nullptr, false)) {
        const bool is_test = core::TextAt(operation, {"op"}) == "test";
        if (!is_test && operation != suspended)
            violations.push_back({"I9", write.request.Describe() + " does more than suspend: " + operation.dump()});
    }
    for (const auto& change : evidence.changes) {
        if (change.resource != "jobs" || change.revision != write.revision) continue;
        if (!objects.Ours((*change.object)["metadata"].value("uid", "")))
            violations.push_back({"I9", write.request.Describe() + ": its controller owner is not ours"});
    }
}

void CheckDeployment(const Evidence& evidence, const ProxiedWrite& write, std::vector<Violation>& violations) {
    const Json* before = nullptr;
    for (const auto& change : evidence.changes) {
        if (change.resource != "deployments" || (*change.object)["metadata"]["name"] != write.request.name) continue;
        if (change.revision == write.revision) {
            if (before != nullptr && WithoutGateFields(*before) != WithoutGateFields(*change.object)) {
                violations.push_back({"I9", write.request.Describe() + " at " + std::to_string(write.revision) +
                                                " changed more than the gate's fields"});
            }
            return;
        }
        before = change.object.get();
    }
}

}  // namespace

void CheckWrites(const Evidence& evidence, std::vector<Violation>& violations) {
    static const std::set<std::string> kAllowed{"create jobs",
                                                "patch jobs",
                                                "delete jobs",
                                                "delete pods",
                                                "patch databases/status",
                                                "patch migrations/status",
                                                "create ledgers",
                                                "patch ledgers",
                                                "patch deployments"};
    const Objects objects(evidence.changes);
    for (const auto& write : evidence.writes) {
        const auto& request = write.request;
        const auto what = request.verb + " " + ResourceWithSub(request);
        if (!kAllowed.contains(what)) {
            violations.push_back({"I9", "the operator may not do this: " + request.Describe()});
            continue;
        }
        if (request.verb == "delete") CheckDelete(write, objects, violations);
        if (request.verb == "create") CheckCreate(write, violations);
        if (request.verb == "patch" && !HasRevisionTest(Json::parse(request.body, nullptr, false))) {
            violations.push_back({"conditional writes", request.Describe() + " has no test of the revision"});
        }
        if (request.verb == "patch" && request.resource == "jobs") CheckJobPatch(evidence, write, objects, violations);
        if (request.resource == "deployments" && write.code == 200) CheckDeployment(evidence, write, violations);
    }
}

}  // namespace support::oracle
