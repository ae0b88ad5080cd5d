#include "control_plane/kube/cluster_fixture.hpp"

#include <atomic>
#include <stdexcept>
#include <utility>

#include <unistd.h>

#include "kube/kubeconfig.hpp"
#include "support/control_plane.hpp"
#include "support/subprocess.hpp"

namespace test {

std::string Kubectl(const std::vector<std::string>& arguments) {
    const auto& cluster = support::ControlPlane::Get();
    support::Command command;
    command.argv = {cluster.Program("kubectl"), "--kubeconfig", cluster.AdminKubeconfig()};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    return support::RunOrThrow(command);
}

kube::Clients ConnectTo(const kube::Connection& connection, kube::Observer* observer) {
    kube::InitialiseThreadPool();
    return kube::Connect(connection, {"tidegate/test", "tidegate", observer});
}

namespace {

constexpr kube::Resource kDefinitions{"apiextensions.k8s.io", "v1", "customresourcedefinitions",
                                      "CustomResourceDefinition", false};

}  // namespace

Things::Things(kube::Client client, const std::string& group_prefix)
    : client_(std::move(client)),
      group_(group_prefix + ".example.com"),
      resource_{group_, "v1", "things", "Thing", true} {
    const auto made =
        client_.Create(kDefinitions, {{"apiVersion", "apiextensions.k8s.io/v1"},
                                      {"kind", "CustomResourceDefinition"},
                                      {"metadata", {{"name", resource_.QualifiedName()}}},
                                      {"spec",
                                       {{"group", group_},
                                        {"scope", "Namespaced"},
                                        {"names", {{"plural", "things"}, {"singular", "thing"}, {"kind", "Thing"}}},
                                        {"versions",
                                         {{{"name", "v1"},
                                           {"served", true},
                                           {"storage", true},
                                           {"schema", {{"openAPIV3Schema", {{"type", "object"}}}}}}}}}}});
    if (!made.Done()) throw std::runtime_error("cannot define " + resource_.QualifiedName() + ": " + made.message);
    uid_ = made.uid;
    const auto served = [&] {
        client_.List(resource_, {}, 1);
        return true;
    };
    if (const auto result = Eventually(served, resource_.QualifiedName() + " is served"); !result) {
        throw std::runtime_error(result.message());
    }
}

Things::~Things() {
    client_.Delete(kDefinitions, {"", resource_.QualifiedName()}, {uid_, {}, {}});
}

void ClusterFixture::SetUp() {
    static std::atomic<int> number{0};
    connection_ = kube::LoadKubeconfig(support::ControlPlane::Get().AdminKubeconfig());
    clients_ = ConnectTo(connection_);
    namespace_ = "kube-" + std::to_string(getpid()) + "-" + std::to_string(++number);
    const auto made = Client().Create(
        kube::kNamespaces, {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", namespace_}}}});
    ASSERT_TRUE(made.Done()) << made.message;
}

void ClusterFixture::TearDown() {
    if (const auto live = Client().Get(kube::kNamespaces, {"", namespace_})) {
        Client().Delete(kube::kNamespaces, {"", namespace_},
                        {{(*live)["metadata"]["uid"].get<std::string>()}, {}, kube::Propagation::kBackground});
    }
}

nlohmann::json ClusterFixture::ConfigMap(const std::string& name) const {
    return {{"apiVersion", "v1"},
            {"kind", "ConfigMap"},
            {"metadata", {{"name", name}, {"namespace", namespace_}, {"labels", {{"kind", "test"}}}}},
            {"data", {{"answer", "42"}}}};
}

}  // namespace test
