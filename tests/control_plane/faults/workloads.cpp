#include "control_plane/faults/workloads.hpp"

#include <algorithm>

#include "core/json_access.hpp"
#include "support/builders.hpp"

namespace faults {
namespace {

using support::DatabaseBuilder;
using support::DeploymentBuilder;
using support::MigrationBuilder;

constexpr kube::Resource kSecrets{"", "v1", "secrets", "Secret"};

Json SecretOf(const std::string& password) {
    return {{"apiVersion", "v1"},
            {"kind", "Secret"},
            {"metadata", {{"name", "orders-db"}}},
            {"stringData", {{"uri", "postgresql://orders:" + password + "@db/orders"}}}};
}

/// Without pods: what is looked at is the gate.
Json AppThatRequires(const std::string& name, const std::string& version) {
    return DeploymentBuilder(name).Requires("orders@" + version).Replicas(0).Build();
}

void AtVersionOne(Scene& scene) {
    ReadDatabase(scene, "0001");
}

void OperatorOnly(Scene& scene) {
    scene.Operator().Start();
}

void AwaitRecorded(Scene& scene) {
    scene.Await("the run is recorded", [&] {
        const auto database = scene.History().Find("databases", "orders");
        return database && !core::BoolAt(*database, {"status", "active"});
    });
}

void W1(Scene& scene) {
    scene.Databases().Set("orders", "0001");
    scene.Create(kube::kDeployments, AppThatRequires("orders", "0002"));
    scene.Create(kube::kMigrations, MigrationTo("0002", "orders:ok-0002"));
    scene.Create(kube::kDatabases, DatabaseBuilder("orders").Build());
    scene.AwaitReason("migrations", "orders", "MigrationSucceeded");
}

void W2(Scene& scene) {
    auto migration = MigrationTo("0002", "orders:flaky1-0002");
    migration["spec"]["attempts"] = {{"max", 3}, {"backoffSeconds", 1}, {"retryExitCodes", {kTryAgain}}};
    scene.Create(kube::kMigrations, migration);
    scene.AwaitReason("migrations", "orders", "MigrationSucceeded");
}

void W3(Scene& scene) {
    scene.Create(kube::kMigrations, MigrationTo("0002", "orders:broken-0002"));
    scene.AwaitReason("migrations", "orders", "MigrationFailed");
    // Neither of these is a reason to run again.
    scene.Patch(kube::kMigrations, "orders", {{"metadata", {{"labels", {{"team", "a"}}}}}});
    scene.Patch(kube::kMigrations, "orders", {{"spec", {{"historyLimit", 5}}}});
}

void W4(Scene& scene) {
    scene.Node().Hold();
    scene.Create(kube::kMigrations, MigrationTo("0002", "orders:ok-0002"));
    scene.AwaitBegin("orders:ok-0002");
    scene.Abort(kube::kMigrations, "orders");
    // The garbage collector takes the Job, and with it the pod in the middle of its work.
    scene.Await("its Job and pod are gone",
                [&] { return !scene.HasOfMigrations("jobs") && !scene.HasOfMigrations("pods"); });
    scene.Node().Release();
    AwaitRecorded(scene);
}

/// How a pod ended is on the record if that was written before its Migration, and with it its Job, was deleted.
void MaskLostEvidence(Json& state) {
    for (auto& run : state["databases"]["orders"]["runs"])
        run.erase("reason");
}

void W5(Scene& scene) {
    const auto broken = MigrationTo("0002", "orders:broken-0002");
    scene.Create(kube::kMigrations, broken);
    scene.AwaitStalled("orders");
    scene.Delete(kube::kMigrations, "orders");
    scene.Await("its Job is collected", [&] { return !scene.HasOfMigrations("jobs"); });
    scene.Create(kube::kMigrations, broken);
    scene.AwaitStalled("orders");
    scene.Patch(kube::kMigrations, "orders", {{"spec", {{"image", "orders:ok-0002"}}}});
    scene.AwaitReason("migrations", "orders", "MigrationSucceeded");
}

void W6(Scene& scene) {
    scene.Node().Hold();
    scene.Create(kube::kMigrations, MigrationTo("0002", "orders:ok-0002"));
    scene.AwaitBegin("orders:ok-0002");
    scene.Patch(kube::kMigrations, "orders", {{"spec", {{"version", "0003"}, {"image", "orders:ok-0003"}}}});
    scene.Node().Release();
    scene.AwaitReason("migrations", "orders", "MigrationSucceeded");
}

void W7(Scene& scene) {
    scene.Node().Hold();
    auto migration = MigrationTo("0002", "orders:ok-0002");
    migration["spec"]["suspend"] = true;
    scene.Create(kube::kMigrations, migration);
    scene.AwaitReason("migrations", "orders", "Suspended");
    scene.Patch(kube::kMigrations, "orders", {{"spec", {{"suspend", false}}}});
    scene.AwaitBegin("orders:ok-0002");
    // What runs goes on.
    scene.Patch(kube::kMigrations, "orders", {{"spec", {{"suspend", true}}}});
    scene.Node().Release();
    scene.AwaitReason("migrations", "orders", "MigrationSucceeded");
    scene.Patch(kube::kMigrations, "orders", {{"spec", {{"suspend", false}}}});
    scene.AwaitReason("migrations", "orders", "MigrationSucceeded");
}

/// By the migration's pod; or, after a crash, by the probe that is sent first.
void AwaitSecretMissed(Scene& scene) {
    scene.Await("the Secret is missed", [&] {
        const auto reason = scene.ReasonOf("migrations", "orders");
        return reason == "SecretOrKeyMissing" || reason == "Verifying";
    });
}

void W8(Scene& scene) {
    scene.Node().SetSecret(false);
    scene.Create(kube::kMigrations, MigrationTo("0002", "orders:ok-0002"));
    AwaitSecretMissed(scene);
    scene.Create(kSecrets, SecretOf("first"));
    scene.Node().SetSecret(true);
    scene.AwaitReason("migrations", "orders", "MigrationSucceeded");
    AwaitRecorded(scene);
    scene.Node().SetSecret(false);
    scene.Patch(kSecrets, "orders-db", {{"stringData", {{"uri", "postgresql://orders:second@db/orders"}}}});
    scene.Patch(kube::kMigrations, "orders", {{"spec", {{"version", "0003"}, {"image", "orders:ok-0003"}}}});
    AwaitSecretMissed(scene);
    scene.Node().SetSecret(true);
    scene.AwaitReason("migrations", "orders", "MigrationSucceeded");
}

void W9(Scene& scene) {
    scene.Databases().Set("orders", "0001");
    // Both wait for the Database: then the lower version goes first, whichever came first.
    scene.Create(kube::kMigrations, MigrationTo("0003", "orders:ok-0003", "later"));
    scene.Create(kube::kMigrations, MigrationTo("0002", "orders:ok-0002", "earlier"));
    scene.AwaitReason("migrations", "later", "DatabaseNotFound");
    scene.AwaitReason("migrations", "earlier", "DatabaseNotFound");
    scene.Create(kube::kDatabases, DatabaseBuilder("orders").Build());
    scene.AwaitReason("migrations", "later", "MigrationSucceeded");
    scene.AwaitReason("migrations", "earlier", "MigrationSucceeded");
}

void W10(Scene& scene) {
    scene.Node().Hold();
    scene.Create(kube::kDeployments, AppThatRequires("never", "0009"));
    scene.Create(kube::kDeployments, AppThatRequires("before", "0002"));
    scene.Create(kube::kMigrations, MigrationTo("0002", "orders:ok-0002"));
    scene.AwaitBegin("orders:ok-0002");
    scene.Create(kube::kDeployments, AppThatRequires("during", "0002"));
    scene.Node().Release();
    scene.AwaitReason("migrations", "orders", "MigrationSucceeded");
    scene.Await("the rollouts go on", [&] { return !scene.IsHeld("before") && !scene.IsHeld("during"); });
    scene.Create(kube::kDeployments, AppThatRequires("after", "0002"));
    scene.Await("a satisfied rollout is open", [&] { return !scene.IsHeld("after"); });
}

}  // namespace

Json MigrationTo(const std::string& version, const std::string& image, const std::string& name) {
    return MigrationBuilder(name).Database("orders").Version(version).Image(image).Build();
}

void ReadDatabase(Scene& scene, const std::string& version, const std::string& name) {
    scene.Databases().Set(name, version);
    scene.Create(kube::kDatabases, DatabaseBuilder(name).Build());
    if (scene.OwnsOperator()) scene.Operator().Start();
    scene.AwaitReason("databases", name, "VersionKnown");
    scene.Await("the Ledger is there", [&] { return scene.History().Find("ledgers", "tidegate") != nullptr; });
}

const std::vector<Workload>& Workloads() {
    static const std::vector<Workload> workloads{
        {"W1", "create, succeed", OperatorOnly, W1},
        {"W2", "fail, retry, succeed", AtVersionOne, W2},
        {"W3", "fail for good", AtVersionOne, W3},
        {"W4", "delete while it runs", AtVersionOne, W4, MaskLostEvidence},
        {"W5", "re-create the same name", AtVersionOne, W5, MaskLostEvidence},
        {"W6", "change the target while it runs", AtVersionOne, W6},
        {"W7", "suspend and resume", AtVersionOne, W7},
        {"W8", "rotate the Secret", AtVersionOne, W8},
        {"W9", "two Migrations, one Database", OperatorOnly, W9},
        {"W10", "Deployments before, during and after", AtVersionOne, W10},
    };
    return workloads;
}

const Workload& FindWorkload(const std::string& name) {
    return *std::find_if(Workloads().begin(), Workloads().end(),
                         [&](const auto& workload) { return workload.name == name; });
}

}  // namespace faults
