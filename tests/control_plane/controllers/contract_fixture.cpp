#include "control_plane/controllers/contract_fixture.hpp"

namespace test {

ContractFixture::ContractFixture(int wait_seconds)
    : OperatorFixture({"--in-flight-wait-seconds=" + std::to_string(wait_seconds)}) {}

void ContractFixture::SetUp() {
    OperatorFixture::SetUp();
    MakeDatabase({"0002"});
}

void ContractFixture::ApplyContract(const Json& changes) {
    auto object = MigrationBuilder("contract")
                      .Database("orders")
                      .Version("0003")
                      .Image("orders:3")
                      .Spec("phase", "Contract")
                      .Spec("minimumVersion", "0002")
                      .Build();
    object["spec"].merge_patch(changes);
    kubectl_.MustApply(object);
}

void ContractFixture::ApplyDown() {
    kubectl_.MustApply(MigrationBuilder("down")
                           .Database("orders")
                           .Version("0001")
                           .Image("orders:2")
                           .Command({"alembic", "downgrade", "0001"})
                           .Spec("phase", "Down")
                           .Build());
}

void ContractFixture::Deploy(const std::string& name, const std::string& requirement, int replicas) {
    auto deployment = DeploymentBuilder(name).Replicas(replicas);
    if (!requirement.empty()) deployment.Requires(requirement);
    kubectl_.MustApply(deployment.Build());
}

testing::AssertionResult ContractFixture::RollsOut(const std::string& deployment) const {
    return Eventually(
        [&] {
            for (const auto& pod : List(kube::kPods, "app=" + deployment)) {
                const std::string name = pod["metadata"]["name"];
                if (pod["metadata"].contains("deletionTimestamp")) {
                    node_.FinishDeleted(name);
                } else if (pod["status"].value("phase", "") != "Running") {
                    node_.Start(name);
                }
            }
            const auto object = Deployment(deployment);
            const auto& status = object["status"];
            const int replicas = object["spec"]["replicas"];
            return status.value("observedGeneration", 0) == object["metadata"]["generation"] &&
                   status.value("updatedReplicas", 0) == replicas && status.value("replicas", 0) == replicas &&
                   status.value("availableReplicas", 0) == replicas;
        },
        deployment + " rolls out");
}

testing::AssertionResult ContractFixture::Waits(const std::string& migration, const std::string& reason,
                                                const std::string& words) const {
    return Eventually(
        [&] {
            const auto object = Migration(migration);
            const auto ready = Condition(object, "Ready");
            return !ready.is_null() && ready["reason"] == reason &&
                   ready["message"].get<std::string>().find(words) != std::string::npos;
        },
        "Migration " + migration + " says " + reason + ": " + words, support::kPatience,
        [&] { return MessageOf(Migration(migration)); });
}

std::vector<std::string> ContractFixture::Satisfied() const {
    return Get(kube::kLedgers, "tidegate")["satisfied"];
}

}  // namespace test
