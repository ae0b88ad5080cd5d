#include "control_plane/faults/random_story.hpp"

#include <random>
#include <thread>

#include "api/names.hpp"
#include "control_plane/faults/workloads.hpp"
#include "core/json_access.hpp"
#include "kube/client.hpp"
#include "support/administrator.hpp"
#include "support/builders.hpp"

namespace faults {
namespace {

using std::chrono::milliseconds;

class Story final {
public:
    Story(Scene& scene, std::uint64_t seed, const std::function<void()>& disturb)
        : scene_(scene), random_(seed), disturb_(disturb) {}

    void Play() {
        const int steps = 4 + Below(7);
        Apply("a");
        for (int i = 0; i < steps; ++i) {
            Step();
            // Users act at any moment, also between two writes of the operator.
            std::this_thread::sleep_for(milliseconds{Below(10) < 7 ? Below(250) : Below(1500)});
        }
        scene_.Node().Release();
        scene_.Node().SetSecret(true);
        for (const auto& migration : scene_.History().All("migrations")) {
            if (core::BoolAt(*migration, {"spec", "suspend"}))
                Patch(NameOf(*migration), {{"spec", {{"suspend", false}}}});
        }
    }

private:
    int Below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }

    static std::string NameOf(const Json& object) { return core::TextAt(object, {"metadata", "name"}); }

    std::string Name() { return Below(3) == 0 ? "b" : "a"; }

    std::string Version() { return "000" + std::to_string(2 + Below(4)); }

    std::string Image(const std::string& version) {
        static const char* const kKinds[] = {"ok",     "ok",     "ok",   "broken",  "broken",
                                             "flaky1", "flaky2", "lies", "crashes", "locked"};
        return std::string("orders:") + kKinds[Below(std::size(kKinds))] + "-" + version;
    }

    Json Migration(const std::string& name) {
        const auto version = Version();
        auto object = MigrationTo(version, Image(version), name);
        object["spec"]["attempts"] = {{"max", 1 + Below(3)}, {"backoffSeconds", 1}, {"retryExitCodes", {kTryAgain}}};
        if (Below(8) == 0) object["spec"]["suspend"] = true;
        if (Below(8) == 0) object["spec"]["historyLimit"] = 1;
        if (Below(6) == 0) object["metadata"]["annotations"]["tidegate.io/retry"] = Token();
        return object;
    }

    std::string Token() { return "token-" + std::to_string(Below(3)); }

    void Patch(const std::string& name, const Json& patch) {
        if (scene_.History().Find("migrations", name)) scene_.Patch(kube::kMigrations, name, patch);
    }

    void Apply(const std::string& name) {
        auto object = Migration(name);
        if (!scene_.History().Find("migrations", name)) return scene_.Create(kube::kMigrations, object);
        object.erase("kind");
        object.erase("apiVersion");
        Patch(name, object);
    }

    void ThereAndBack(const std::string& name) {
        const auto before = scene_.History().Find("migrations", name);
        if (!before) return;
        const auto version = Version();
        Patch(name, {{"spec", {{"version", version}, {"image", Image(version)}}}});
        std::this_thread::sleep_for(milliseconds{Below(300)});
        Patch(name, {{"spec", {{"version", (*before)["spec"]["version"]}, {"image", (*before)["spec"]["image"]}}}});
    }

    void Require() {
        const auto name = std::string("app-") + std::to_string(Below(2));
        const auto requires_text = "orders@" + Version();
        if (!scene_.History().Find("deployments", name)) {
            return scene_.Create(kube::kDeployments,
                                 support::DeploymentBuilder(name).Requires(requires_text).Replicas(0).Build());
        }
        scene_.Patch(
            kube::kDeployments, name,
            {{"spec", {{"template", {{"metadata", {{"annotations", {{"tidegate.io/requires", requires_text}}}}}}}}}});
    }

    void Step() {
        const auto name = Name();
        switch (Below(17)) {
            case 0:
            case 1:
            case 2:
                return Apply(name);
            case 3:
                return ThereAndBack(name);
            case 4:
                if (scene_.History().Find("migrations", name)) scene_.Abort(kube::kMigrations, name);
                return;
            case 5: {  // created anew as it was
                const auto before = scene_.History().Find("migrations", name);
                if (!before) return;
                auto object = MigrationTo("0002", "", name);
                object["spec"] = (*before)["spec"];
                scene_.Abort(kube::kMigrations, name);
                return scene_.Create(kube::kMigrations, object);
            }
            case 6:
            case 7:
                return Patch(name, {{"metadata", {{"annotations", {{"tidegate.io/retry", Token()}}}}}});
            case 8:
                return Patch(name, {{"spec", {{"suspend", Below(2) == 0}}}});
            case 9:
            case 10:
                return Require();
            case 11:
                return Below(2) == 0 ? scene_.Node().Hold() : scene_.Node().Release();
            case 12:
                return scene_.Node().SetSecret(Below(2) == 0);
            case 13:
                return scene_.DeleteNewest(kube::kPods);
            case 14:
                return scene_.DeleteNewest(kube::kJobs);
            case 15:
                return DuplicatePod(scene_);
            default:
                return disturb_();
        }
    }

    Scene& scene_;
    std::mt19937_64 random_;
    const std::function<void()>& disturb_;
};

}  // namespace

void DuplicatePod(Scene& scene) {
    for (const auto& pod : scene.History().All("pods")) {
        const auto name = core::TextAt(*pod, {"metadata", "name"});
        const auto phase = core::TextAt(*pod, {"status", "phase"});
        const bool is_live = phase == "Pending" || phase == "Running";
        if (core::TextAt(*pod, {"metadata", "labels", api::kRoleLabel}) != api::kRoleMigrate || !is_live) continue;
        // The history keeps no whole spec.
        auto copy = support::Administrator().requests.Get(kube::kPods, {scene.Ns(), name});
        if (!copy) continue;
        const auto& old = (*copy)["metadata"];
        Json metadata{{"namespace", scene.Ns()}, {"name", name.substr(0, name.size() - 2) + "zz"}};
        for (const char* field : {"labels", "annotations", "ownerReferences", "finalizers"}) {
            if (old.contains(field)) metadata[field] = old[field];
        }
        (*copy)["metadata"] = std::move(metadata);
        (*copy)["spec"].erase("nodeName");
        copy->erase("status");
        support::Administrator().requests.Create(kube::kPods, *copy);
        return;
    }
}

void PlayRandomStory(Scene& scene, std::uint64_t seed, const std::function<void()>& disturb) {
    Story(scene, seed, disturb).Play();
}

}  // namespace faults
