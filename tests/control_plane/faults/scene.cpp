#include "control_plane/faults/scene.hpp"

#include <thread>

#include "api/names.hpp"
#include "core/json_access.hpp"
#include "kube/client.hpp"
#include "support/administrator.hpp"

namespace faults {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAgain{50};

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

Scene::Scene(Settings settings)
    : settings_(settings),
      ns_(TakeNamespace()),
      node_(std::make_unique<PlayedNode>(ns_.name, ns_.history, databases_, settings.node)),
      victim_({.namespaces = {ns_.name}, .kubeconfig = proxy_.Kubeconfig()}) {}

Scene::~Scene() {
    proxy_.SetRule(nullptr);
    victim_.Kill();
}

void Scene::KillAndRestart() {
    victim_.Kill();
    proxy_.DropClients();
    proxy_.CountFrom();
    victim_.Start();
}

void Scene::Create(const kube::Resource& resource, Json object) {
    object["metadata"]["namespace"] = ns_.name;
    const auto what = "create " + std::string(resource.plural) + " " + object["metadata"]["name"].get<std::string>();
    Repeat(what, settings_.patience, [&] {
        const auto written = support::Administrator().requests.Create(resource, object);
        if (written.outcome == kube::Outcome::kRefused) throw Stuck(what + ": " + written.message);
        return true;
    });
}

void Scene::Patch(const kube::Resource& resource, const std::string& name, const Json& patch) {
    const auto what = "patch " + std::string(resource.plural) + " " + name;
    Repeat(what, settings_.patience, [&] {
        const auto written = support::Administrator().requests.MergePatch(resource, {ns_.name, name}, patch);
        if (!written.Done()) throw Stuck(written.message);
        return true;
    });
}

void Scene::Delete(const kube::Resource& resource, const std::string& name) {
    Repeat("delete " + name, settings_.patience, [&] {
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
    for (const auto& run : databases_.Story().runs) {
        if (run.image == image) return true;
    }
    return false;
}

void Scene::Await(const std::string& what, const std::function<bool()>& condition) {
    if (!ns_.history->WaitFor(condition, settings_.patience)) {
        throw Stuck("not within " + std::to_string(settings_.patience.count()) + " ms: " + what);
    }
}

void Scene::AwaitReason(const std::string& resource, const std::string& name, const std::string& reason) {
    Await(resource + " " + name + " says " + reason, [&] { return ReasonOf(resource, name) == reason; });
}

void Scene::AwaitBegin(const std::string& image) {
    Await("a migration of " + image + " begins", [&] { return HasBegun(image); });
}

support::Evidence Scene::Evidence() const {
    return {.changes = ns_.history->Changes(), .played = databases_.Story(), .writes = proxy_.Writes()};
}

}  // namespace faults
