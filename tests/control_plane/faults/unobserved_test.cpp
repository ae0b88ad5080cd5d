#include <gtest/gtest.h>

#include "api/names.hpp"
#include "control_plane/faults/runner.hpp"
#include "core/json_access.hpp"
#include "support/builders.hpp"

namespace faults {
namespace {

using support::ProxiedRequest;
using support::WatchGate;

/// What happens while the operator sees nothing of it; all its watches are held back meanwhile.
struct Unobserved {
    std::string name;
    /// Up to the moment from which nothing is seen.
    std::function<void(Scene&)> before;
    std::function<void(Scene&)> unseen;
    std::function<void(Scene&)> after;
    /// Jobs of migrations in all, and how often a migration may have begun.
    int jobs = 1;
    std::string outcome;
};

Json Broken() {
    return MigrationTo("0002", "orders:broken-0002");
}

Json Fine() {
    return MigrationTo("0002", "orders:ok-0002");
}

void Nothing(Scene&) {}

void Begin(Scene& scene, const Json& migration) {
    scene.Node().Hold();
    scene.Create(kube::kMigrations, migration);
    scene.AwaitBegin(migration["spec"]["image"]);
    scene.AwaitReason("migrations", "orders", "MigrationRunning");
}

void LetItEnd(Scene& scene) {
    scene.Node().Release();
    scene.Await("the Job has ended", [&] {
        for (const auto& job : scene.History().All("jobs")) {
            const bool is_ours = core::TextAt(*job, {"metadata", "labels", api::kRoleLabel}) == api::kRoleMigrate;
            if (is_ours && core::ArrayAt(*job, {"status", "conditions"}).size() >= 2) return true;
        }
        return false;
    });
}

void LoseJob(Scene& scene) {
    scene.DeleteNewest(kube::kJobs);
    scene.Await("Job and pod are gone",
                [&] { return !scene.HasOfMigrations("jobs") && !scene.HasOfMigrations("pods"); });
}

std::vector<Unobserved> Cases() {
    return {
        {"spec changed there and back while it runs", [](Scene& s) { Begin(s, Fine()); },
         [](Scene& s) {
             s.Patch(kube::kMigrations, "orders", {{"spec", {{"version", "0003"}, {"image", "orders:ok-0003"}}}});
             s.Patch(kube::kMigrations, "orders", {{"spec", {{"version", "0002"}, {"image", "orders:ok-0002"}}}});
             s.Node().Release();
         },
         Nothing, 1, "Succeeded"},
        {"Job succeeded and deleted", [](Scene& s) { Begin(s, Fine()); },
         [](Scene& s) {
             LetItEnd(s);
             LoseJob(s);
         },
         Nothing, 1, "Succeeded"},
        {"Job failed and deleted", [](Scene& s) { Begin(s, Broken()); },
         [](Scene& s) {
             LetItEnd(s);
             LoseJob(s);
         },
         Nothing, 1, "Failed"},
        {"Job deleted in the middle", [](Scene& s) { Begin(s, Fine()); }, [](Scene& s) { LoseJob(s); },
         [](Scene& s) { s.Node().Release(); }, 1, "Failed"},
        {"pod running and gone", [](Scene& s) { Begin(s, Fine()); },
         [](Scene& s) {
             s.DeleteNewest(kube::kPods);
             s.Await("the pod is gone", [&] { return !s.HasOfMigrations("pods"); });
         },
         [](Scene& s) { s.Node().Release(); }, 1, "Failed"},
        {"Secret deleted and created anew",
         [](Scene& s) {
             s.Node().SetSecret(false);
             s.Create(kube::kMigrations, Fine());
             s.AwaitReason("migrations", "orders", "SecretOrKeyMissing");
         },
         [](Scene& s) {
             s.Node().SetSecret(true);
             s.AwaitBegin("orders:ok-0002");
         },
         Nothing, 1, "Succeeded"},
        {"failed Migration deleted and created anew",
         [](Scene& s) {
             s.Create(kube::kMigrations, Broken());
             s.AwaitStalled("orders");
             s.Await("it is recorded", [&] {
                 return !core::BoolAt(*s.History().Find("databases", "orders"), {"status", "active"});
             });
         },
         [](Scene& s) {
             s.Delete(kube::kMigrations, "orders");
             s.Create(kube::kMigrations, Broken());
         },
         Nothing, 1, "Failed"},
        {"Migration that runs deleted and created anew", [](Scene& s) { Begin(s, Fine()); },
         [](Scene& s) {
             s.Abort(kube::kMigrations, "orders");
             s.Await("its pod is gone", [&] { return !s.HasOfMigrations("pods"); });
             s.Node().Release();
             s.Create(kube::kMigrations, Fine());
         },
         Nothing, 1, "Failed"},
        {"failed, and a retry token given and taken back",
         [](Scene& s) {
             s.Create(kube::kMigrations, Broken());
             s.AwaitStalled("orders");
             s.Await("it is recorded", [&] {
                 return !core::BoolAt(*s.History().Find("databases", "orders"), {"status", "active"});
             });
         },
         [](Scene& s) {
             const std::string retry(api::kRetryAnnotation);
             s.Patch(kube::kMigrations, "orders", {{"metadata", {{"annotations", {{retry, "one"}}}}}});
             s.Patch(kube::kMigrations, "orders", {{"metadata", {{"annotations", {{retry, nullptr}}}}}});
         },
         Nothing, 1, "Failed"},
        {"suspended and resumed before it began", [](Scene& s) { s.Node().SetSecret(false); },
         [](Scene& s) {
             s.Create(kube::kMigrations, Fine());
             s.Patch(kube::kMigrations, "orders", {{"spec", {{"suspend", true}}}});
             s.Patch(kube::kMigrations, "orders", {{"spec", {{"suspend", false}}}});
         },
         [](Scene& s) { s.Node().SetSecret(true); }, 1, "Succeeded"},
    };
}

/// Holds back what all watches tell, from `unseen` on.
class Blindfold final {
public:
    explicit Blindfold(Scene& scene) {
        scene.Proxy().SetRule([this](const ProxiedRequest& request) -> support::FaultAction {
            if (request.verb != "watch") return {};
            return support::fault::Watch(gate);
        });
    }
    const std::shared_ptr<WatchGate> gate = std::make_shared<WatchGate>();
};

std::string CheckEnd(const CaseResult& result, const Unobserved& unobserved) {
    const int jobs = result.seen.counts.value("create jobs", 0);
    if (jobs != unobserved.jobs) return std::to_string(jobs) + " Jobs of migrations were created";
    const auto& runs = result.seen.end_state["databases"]["orders"]["runs"];
    if (runs.size() != 1) return "the record has " + std::to_string(runs.size()) + " runs";
    const auto outcome = runs[0].value("outcome", "");
    return outcome == unobserved.outcome ? "" : "the record says " + outcome + ", not " + unobserved.outcome;
}

TEST(UnobservedState, EndsAsForWhoeverSawEverything) {
    SuiteReport report("unobserved-state");
    std::vector<NamedCase> cases;
    const auto unobserved = Cases();
    for (const auto& one : unobserved) {
        for (const bool restarts : {false, true}) {
            Workload workload;
            workload.name = one.name + (restarts ? ", then killed" : "");
            // Watches that are there already pass no rule: they have to begin under it.
            workload.prelude = [](Scene& scene) { ReadDatabase(scene, "0001"); };
            workload.play = [one, restarts](Scene& scene) {
                Blindfold blindfold(scene);
                scene.KillAndRestart();
                scene.Await("the operator works", [&] { return scene.Operator().Ready(); });
                one.before(scene);
                blindfold.gate->Pause();
                one.unseen(scene);
                if (restarts) scene.KillAndRestart();
                blindfold.gate->Resume();
                one.after(scene);
                // The gate stays in the watches until they end.
                scene.Proxy().SetRule(
                    [gate = blindfold.gate](const ProxiedRequest&) { return support::FaultAction{}; });
            };
            cases.push_back({workload.name, workload, {}, [one](const CaseResult& r) { return CheckEnd(r, one); }});
        }
    }
    RunAll(cases, report);
    report.Print(std::to_string(cases.size()) + " transitions unseen, " + report.Slowest());
    EXPECT_EQ(report.Violations(), 0U);
}

}  // namespace
}  // namespace faults
