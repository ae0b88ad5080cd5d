#include "control_plane/faults/scene.hpp"

#include <algorithm>
#include <thread>

#include "api/names.hpp"
#include "control_plane/faults/fixed_point.hpp"
#include "core/json_access.hpp"
#include "kube/client.hpp"
#include "support/administrator.hpp"

namespace faults {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAgain{50};
/// For one request: the API server is there all the time.
constexpr milliseconds kPatience{60000};

void Repeat(const std::string& what, milliseconds patience, const std::function<bool()>& action) {
    const auto end = std::chrono::steady_clock::now() + patience;
    std::string last;
    while (true) {
        try {
            if (action()) return;
        } catch (const std::exception& error) {
            last = error.what();
        }
        if (std::chrono::steady_clock::now() > end) throw Stuck(what + " does not succeed " + last);
        std::this_thread::sleep_for(kAgain);
    }
}

}  // namespace

bool HasCondition(const Json& object, const std::string& type, const std::string& status) {
    for (const auto& condition : core::ArrayAt(object, {"status", "conditions"})) {
        if (core::TextAt(condition, {"type"}) != type) continue;
        return core::TextAt(condition, {"status"}) == status &&
               core::NumberAt(condition, {"observedGeneration"}) == core::NumberAt(object, {"metadata", "generation"});
    }
    return false;
}

Scene::Scene(Settings settings)
    : ns_(settings.ns.name.empty() ? TakeNamespace() : settings.ns),
      node_(std::make_unique<PlayedNode>(ns_.name, ns_.history, databases_, settings.node)),
      victim_(settings.shared.process),
      proxy_(settings.shared.proxy) {
    if (victim_ != nullptr) return;
    own_proxy_ = std::make_unique<support::FaultProxy>();
    proxy_ = own_proxy_.get();
    own_victim_ =
        std::make_unique<Victim>(Victim::Settings{.namespaces = {ns_.name}, .kubeconfig = proxy_->Kubeconfig()});
    victim_ = own_victim_.get();
}

Scene::~Scene() {
    if (!OwnsOperator()) return;
    proxy_->SetRule(nullptr);
    victim_->Kill();
}

void Scene::KillAndRestart() {
    victim_->Restart([this] {
        proxy_->DropClients();
        proxy_->CountFrom();
    });
}

void Scene::Create(const kube::Resource& resource, Json object) {
    object["metadata"]["namespace"] = ns_.name;
    const auto what = "create " + std::string(resource.plural) + " " + object["metadata"]["name"].get<std::string>();
    Repeat(what, kPatience, [&] {
        const auto written = support::Administrator().requests.Create(resource, object);
        if (written.outcome == kube::Outcome::kRefused) throw Stuck(what + ": " + written.message);
        return true;
    });
}

void Scene::Patch(const kube::Resource& resource, const std::string& name, const Json& patch) {
    const auto what = "patch " + std::string(resource.plural) + " " + name;
    Repeat(what, kPatience, [&] {
        const auto written = support::Administrator().requests.MergePatch(resource, {ns_.name, name}, patch);
        if (!written.Done()) throw Stuck(written.message);
        return true;
    });
}

void Scene::Delete(const kube::Resource& resource, const std::string& name) {
    Repeat("delete " + name, kPatience, [&] {
        const int status = support::DeleteByName(resource, {ns_.name, name});
        return status == 200 || status == 202 || status == 404;
    });
    const std::string plural(resource.plural);
    Await(name + " is gone", [&] { return History().Find(plural, name) == nullptr; });
}

void Scene::Abort(const kube::Resource& resource, const std::string& name) {
    Patch(resource, name, {{"metadata", {{"annotations", {{std::string(api::kAbortAnnotation), "because"}}}}}});
    Delete(resource, name);
}

std::string Scene::ReasonOf(const std::string& resource, const std::string& name) const {
    const auto object = ns_.history->Find(resource, name);
    if (!object) return {};
    for (const auto& condition : core::ArrayAt(*object, {"status", "conditions"})) {
        const bool is_current =
            core::NumberAt(condition, {"observedGeneration"}) == core::NumberAt(*object, {"metadata", "generation"});
        if (core::TextAt(condition, {"type"}) == "Ready" && is_current) return core::TextAt(condition, {"reason"});
    }
    return {};
}

bool Scene::IsHeld(const std::string& deployment) const {
    const auto object = ns_.history->Find("deployments", deployment);
    return object && core::TextAt(*object, {"metadata", "labels", api::kGateLabel}) == api::kGateHeld;
}

bool Scene::HasBegun(const std::string& image) const {
    const auto runs = databases_.Story().runs;
    if (std::none_of(runs.begin(), runs.end(), [&](const auto& run) { return run.image == image; })) return false;
    const auto changes = ns_.history->Changes();
    return std::any_of(changes.begin(), changes.end(), [&](const auto& change) {
        if (change.resource != "pods" || core::TextAt(*change.object, {"status", "phase"}) == "Pending") return false;
        const auto containers = core::ArrayAt(*change.object, {"spec", "containers"});
        return std::any_of(containers.begin(), containers.end(),
                           [&](const auto& container) { return core::TextAt(container, {"image"}) == image; });
    });
}

void Scene::DeleteNewest(const kube::Resource& resource) {
    const std::string plural(resource.plural);
    std::string name;
    for (const auto& object : History().All(plural)) {
        if (core::TextAt(*object, {"metadata", "labels", api::kRoleLabel}) == api::kRoleMigrate)
            name = core::TextAt(*object, {"metadata", "name"});
    }
    if (name.empty()) return;
    if (resource == kube::kJobs) {
        const Json abort{{"metadata", {{"annotations", {{std::string(api::kAbortAnnotation), "because"}}}}}};
        support::Administrator().requests.MergePatch(resource, {ns_.name, name}, abort);
    }
    support::DeleteByName(resource, {ns_.name, name});
}

bool Scene::CleanUp() {
    Node().Release();
    Node().SetSecret(true);
    Node().Wake();
    // Owners first: nothing is made anew, and the garbage collector takes what they own.
    for (const auto& resource : {kube::kDeployments, kube::kMigrations, kube::kDatabases, kube::kJobs})
        support::DeleteAll(resource, ns_.name);
    const auto is_empty = [&] {
        for (const char* resource : {"deployments", "migrations", "databases", "jobs", "pods"}) {
            if (!History().All(resource).empty()) return false;
        }
        return true;
    };
    if (!History().WaitFor(is_empty, kPatience)) return false;
    // The operator would write it anew as long as there is a Database.
    support::DeleteAll(kube::kLedgers, ns_.name);
    if (!History().WaitFor([&] { return History().All("ledgers").empty(); }, kPatience)) return false;
    History().Clear();
    proxy_->Forget(ns_.name);
    return true;
}

bool Scene::HasOfMigrations(const std::string& resource) const {
    const auto objects = ns_.history->All(resource);
    return std::any_of(objects.begin(), objects.end(), [](const auto& object) {
        return core::TextAt(*object, {"metadata", "labels", api::kRoleLabel}) == api::kRoleMigrate;
    });
}

void Scene::Await(const std::string& what, const std::function<bool()>& condition) {
    // As long as something happens it may still come: see fixed_point.hpp.
    std::uint64_t newest = 0;
    auto changed = std::chrono::steady_clock::now();
    const auto end = changed + kFixedPointWithin;
    while (!ns_.history->WaitFor(condition, std::chrono::seconds{1})) {
        const auto now = std::chrono::steady_clock::now();
        if (const auto seen = ns_.history->Newest(); seen != newest) {
            newest = seen;
            changed = now;
        }
        if (now - changed > kStuckAfter || now > end) throw Stuck("stuck while waiting: " + what);
    }
}

void Scene::AwaitReason(const std::string& resource, const std::string& name, const std::string& reason) {
    Await(resource + " " + name + " says " + reason, [&] { return ReasonOf(resource, name) == reason; });
}

void Scene::AwaitStalled(const std::string& migration) {
    Await("Migration " + migration + " has failed for good", [&] {
        const auto object = ns_.history->Find("migrations", migration);
        return object && HasCondition(*object, "Stalled", "True");
    });
}

void Scene::AwaitStalledOrWaiting(const std::string& migration) {
    Await("Migration " + migration + " says what is the matter", [&] {
        const auto object = ns_.history->Find("migrations", migration);
        const auto reason = ReasonOf("migrations", migration);
        return object && (HasCondition(*object, "Stalled", "True") || reason.starts_with("Waiting"));
    });
}

void Scene::AwaitStalledOrWaitingOrReady(const std::string& migration) {
    Await("Migration " + migration + " says how it ended", [&] {
        const auto object = ns_.history->Find("migrations", migration);
        const auto reason = ReasonOf("migrations", migration);
        return object && (HasCondition(*object, "Stalled", "True") || HasCondition(*object, "Ready", "True") ||
                          reason.starts_with("Waiting") || reason == "Verifying");
    });
}

void Scene::AwaitCaughtUp() {
    if (const auto missing = AwaitFixedPoint(*this, [] { return true; }); !missing.empty()) throw Stuck(missing);
}

void Scene::AwaitBegin(const std::string& image) {
    Await("a migration of " + image + " begins", [&] { return HasBegun(image); });
}

support::Evidence Scene::Evidence() const {
    return {.changes = ns_.history->Changes(), .played = databases_.Story(), .writes = proxy_->Writes(ns_.name)};
}

}  // namespace faults
