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
