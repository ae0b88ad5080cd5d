#include <gtest/gtest.h>

#include "api/names.hpp"
#include "control_plane/faults/random_story.hpp"
#include "control_plane/faults/runner.hpp"
#include "core/json_access.hpp"
#include "kube/client.hpp"
#include "support/administrator.hpp"

namespace faults {
namespace {

/// Somebody, or something, changes one field of an object while its migration runs.
struct Corruption {
    std::string name;
    kube::Resource resource;
    /// JSON merge patch, made when the run's objects are known.
    std::function<Json(const Json& object)> patch;
    kube::Subresource subresource = kube::Subresource::kNone;
};

constexpr char kGarbage[] = "garbage";
constexpr char kForgedSuccess[] = "Database record Succeeded";

Json Metadata(const char* field, const std::string& key, const Json& value) {
    return {{"metadata", {{field, {{key, value}}}}}};
}

/// Each of these is gone, or says something else.
std::vector<Corruption> OfMetadata() {
    std::vector<Corruption> all;
    for (const auto& [resource, kind] : {std::pair{kube::kJobs, "Job"}, std::pair{kube::kPods, "pod"}}) {
        for (const auto label : {api::kRoleLabel, api::kDatabaseLabel, api::kRunLabel, api::kControllerUidLabel,
                                 api::kJobNameLabel, std::string_view("app.kubernetes.io/managed-by")}) {
            for (const Json& value : {Json(nullptr), Json(kGarbage)}) {
                all.push_back({std::string(kind) + " label " + std::string(label) + " = " + value.dump(), resource,
                               [=](const Json&) { return Metadata("labels", std::string(label), value); }});
            }
        }
        for (const auto annotation : {api::kDatabaseAnnotation, api::kMigrationAnnotation, api::kLaunchAnnotation,
                                      api::kDatabaseGenerationAnnotation}) {
            for (const Json& value : {Json(nullptr), Json(kGarbage), Json("7")}) {
                all.push_back({std::string(kind) + " annotation " + std::string(annotation) + " = " + value.dump(),
                               resource,
                               [=](const Json&) { return Metadata("annotations", std::string(annotation), value); }});
            }
        }
        all.push_back({std::string(kind) + " without owner", resource, [](const Json&) {
                           return Json{{"metadata", {{"ownerReferences", nullptr}}}};
                       }});
        all.push_back({std::string(kind) + " whose owner controls it no more", resource, [](const Json& object) {
                           auto owners = object["metadata"]["ownerReferences"];
                           owners[0]["controller"] = false;
                           return Json{{"metadata", {{"ownerReferences", owners}}}};
                       }});
    }
    return all;
}

Corruption OfStatus(const std::string& name, const kube::Resource& resource,
                    const std::function<void(Json& status)>& change) {
    return {name, resource,
            [change](const Json& object) {
                auto status = object["status"];
                change(status);
                // Merge patches merge: what is gone has to be named.
                Json patch = status;
                for (const auto& [key, value] : object["status"].items()) {
                    if (!status.contains(key)) patch[key] = nullptr;
                }
                return Json{{"status", patch}};
            },
            kube::Subresource::kStatus};
}

std::vector<Corruption> OfStatuses() {
    const auto run = [](const std::string& name, const std::string& field, const Json& value) {
        return OfStatus("Database record " + name, kube::kDatabases,
                        [=](Json& status) { status["runs"][0][field] = value; });
    };
    return {
        OfStatus("Migration status.run gone", kube::kMigrations, [](Json& status) { status.erase("run"); }),
        OfStatus("Migration status.run.jobName other", kube::kMigrations,
                 [](Json& status) { status["run"]["jobName"] = kGarbage; }),
        OfStatus("Migration status.run.active false", kube::kMigrations,
                 [](Json& status) { status["run"]["active"] = false; }),
        OfStatus("Migration status.run.launch 9", kube::kMigrations, [](Json& status) { status["run"]["launch"] = 9; }),
        OfStatus("Migration conditions gone", kube::kMigrations, [](Json& status) { status.erase("conditions"); }),
        OfStatus("Database conditions gone", kube::kDatabases, [](Json& status) { status.erase("conditions"); }),
        OfStatus("Database active false", kube::kDatabases, [](Json& status) { status["active"] = false; }),
        OfStatus("Database probe gone", kube::kDatabases, [](Json& status) { status.erase("probe"); }),
        OfStatus("Database version other", kube::kDatabases, [](Json& status) { status["version"] = "0000"; }),
        OfStatus("Database record gone", kube::kDatabases, [](Json& status) { status["runs"] = Json::array(); }),
        OfStatus("Database identity other", kube::kDatabases, [](Json& status) { status["identity"] = "1/1"; }),
        run("attempts 5", "attempts", 5),
        run("launches 3", "launches", 3),
        run("another Job", "jobName", kGarbage),
        run("Failed", "outcome", "Failed"),
        run("Succeeded", "outcome", "Succeeded"),
        run("NeverStarted", "outcome", "NeverStarted"),
        run("another Migration's UID", "migrationUid", "11111111-1111-1111-1111-111111111111"),
    };
}

/// The object of that kind that belongs to the run.
std::string NameOf(Scene& scene, const kube::Resource& resource) {
    if (resource == kube::kMigrations || resource == kube::kDatabases) return "orders";
    for (const auto& object : scene.History().All(std::string(resource.plural))) {
        if (core::TextAt(*object, {"metadata", "labels", api::kRoleLabel}) == api::kRoleMigrate)
            return core::TextAt(*object, {"metadata", "name"});
    }
    throw Stuck("there is no " + std::string(resource.kind) + " to corrupt");
}

void Corrupt(Scene& scene, const Corruption& corruption) {
    const core::ObjectKey key{scene.Ns(), NameOf(scene, corruption.resource)};
    const auto object = support::Administrator().requests.Get(corruption.resource, key);
    if (!object) throw Stuck(key.ToString() + " is gone");
    const auto written = support::Administrator().requests.MergePatch(
        corruption.resource, key, corruption.patch(*object), corruption.subresource);
    // What the API server does not let anybody do cannot happen.
    if (!written.Done() && written.outcome != kube::Outcome::kRefused) throw Stuck(written.message);
}

Workload CorruptedRun(const Corruption& corruption, bool restarts) {
    Workload workload;
    workload.name = corruption.name + (restarts ? ", then killed" : "");
    workload.prelude = [](Scene& scene) { ReadDatabase(scene, "0001"); };
    workload.play = [corruption, restarts](Scene& scene) {
        scene.Node().Hold();
        scene.Create(kube::kMigrations, MigrationTo("0002", "orders:ok-0002"));
        scene.AwaitBegin("orders:ok-0002");
        scene.AwaitReason("migrations", "orders", "MigrationRunning");
        Corrupt(scene, corruption);
        if (restarts) scene.KillAndRestart();
        scene.AwaitCaughtUp();
        scene.Node().Release();
        scene.Await("the migration has ended", [&] {
            const auto runs = scene.Databases().Story().runs;
            return !runs.empty() && runs.front().end_revision <= scene.History().Newest();
        });
        scene.AwaitStalledOrWaitingOrReady("orders");
    };
    return workload;
}

TEST(CorruptedObjects, NeverRunAnythingTwiceAndNeverTouchWhatIsNotOurs) {
    SuiteReport report("corrupted-objects");
    std::vector<NamedCase> cases;
    auto corruptions = OfMetadata();
    for (auto& one : OfStatuses())
        corruptions.push_back(std::move(one));
    bool restarts = false;
    for (const auto& corruption : corruptions) {
        restarts = !restarts;
        NamedCase one{corruption.name, CorruptedRun(corruption, restarts), {}, {}};
        one.options.may_stay_unsettled = true;
        // It says that the version is there; who may write the record can lie in it. Nothing runs twice for it.
        if (corruption.name == kForgedSuccess) one.options.not_judged = "I4";
        // A pod that its Job controller does not know any more gets a successor: then the fence alone keeps them apart.
        one.options.scene.node.fence = corruption.resource == kube::kPods;
        one.expect = [](const CaseResult& result) -> std::string {
            const int jobs = result.seen.counts.value("create jobs", 0);
            return jobs == 1 ? "" : std::to_string(jobs) + " Jobs of migrations were created";
        };
        cases.push_back(std::move(one));
    }
    RunAll(cases, report);
    report.Print(std::to_string(cases.size()) + " corruptions, " + report.Slowest());
    EXPECT_EQ(report.Violations(), 0U);
}

TEST(DuplicatePods, AreTheAffairOfOneLaunch) {
    SuiteReport report("duplicate-pods");
    std::vector<NamedCase> cases;
    for (const auto* const image : {"orders:ok-0002", "orders:broken-0002", "orders:flaky1-0002"}) {
        for (const bool running : {false, true}) {
            for (const bool restarts : {false, true}) {
                Workload workload;
                workload.name = std::string(image) + (running ? ", while it runs" : ", before it runs") +
                                (restarts ? ", then killed" : "");
                workload.prelude = [](Scene& scene) { ReadDatabase(scene, "0001"); };
                workload.play = [=](Scene& scene) {
                    scene.Node().Hold();
                    if (!running) scene.Node().SetSecret(false);
                    auto migration = MigrationTo("0002", image);
                    migration["spec"]["attempts"] = {
                        {"max", 2}, {"backoffSeconds", 1}, {"retryExitCodes", {kTryAgain}}};
                    scene.Create(kube::kMigrations, migration);
                    scene.Await("there is a pod", [&] { return scene.HasOfMigrations("pods"); });
                    if (running) scene.AwaitBegin(image);
                    DuplicatePod(scene);
                    if (restarts) scene.KillAndRestart();
                    scene.Node().SetSecret(true);
                    scene.Node().Release();
                };
                NamedCase one{workload.name, workload, {}, {}};
                one.options.scene.node.fence = true;
                one.expect = [](const CaseResult& result) -> std::string {
                    const int jobs = result.seen.counts.value("create jobs", 0);
                    return jobs <= 2 ? "" : std::to_string(jobs) + " Jobs of migrations were created";
                };
                cases.push_back(std::move(one));
            }
        }
    }
    RunAll(cases, report);
    report.Print(std::to_string(cases.size()) + " Jobs with two pods, " + report.Slowest());
    EXPECT_EQ(report.Violations(), 0U);
}

}  // namespace
}  // namespace faults
