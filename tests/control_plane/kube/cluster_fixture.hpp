#pragma once

#include <atomic>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "kube/clients.hpp"
#include "kube/connection.hpp"
#include "kube/kubeconfig.hpp"
#include "support/control_plane.hpp"
#include "support/eventually.hpp"

/// The client's and the runtime's tests against the real API server, by the client itself: a namespace for each case
/// costs two requests.
namespace test {

using support::Eventually;

/// Of no use to the product; for tests they are objects without a controller.
inline constexpr kube::Resource kConfigMaps{"", "v1", "configmaps", "ConfigMap"};
inline constexpr kube::Resource kQuotas{"", "v1", "resourcequotas", "ResourceQuota"};
inline constexpr kube::Resource kDefinitions{"apiextensions.k8s.io", "v1", "customresourcedefinitions",
                                             "CustomResourceDefinition", false};

inline kube::Clients ConnectTo(const kube::Connection& connection, kube::Observer* observer = nullptr) {
    kube::InitialiseThreadPool();
    return kube::Connect(connection, {"tidegate/test", "tidegate", observer});
}

/// A resource defined for one test, removed with the object.
class Things final {
public:
    /// `group_prefix` makes the group unique. Returns when the server serves it.
    Things(kube::Client client, const std::string& group_prefix)
        : client_(std::move(client)),
          group_(group_prefix + ".example.com"),
          resource_{group_, "v1", "things", "Thing", true} {
        const nlohmann::json names{{"plural", "things"}, {"singular", "thing"}, {"kind", "Thing"}};
        const nlohmann::json version{{"name", "v1"},
                                     {"served", true},
                                     {"storage", true},
                                     {"schema", {{"openAPIV3Schema", {{"type", "object"}}}}}};
        const auto made = client_.Create(
            kDefinitions,
            {{"apiVersion", "apiextensions.k8s.io/v1"},
             {"kind", "CustomResourceDefinition"},
             {"metadata", {{"name", resource_.QualifiedName()}}},
             {"spec", {{"group", group_}, {"scope", "Namespaced"}, {"names", names}, {"versions", {version}}}}});
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
    Things(const Things&) = delete;
    Things& operator=(const Things&) = delete;
    ~Things() { client_.Delete(kDefinitions, {"", resource_.QualifiedName()}, {uid_, {}, {}}); }

    const kube::Resource& Resource() const { return resource_; }

private:
    kube::Client client_;
    const std::string group_;
    const kube::Resource resource_;
    core::Uid uid_;
};

class ClusterFixture : public testing::Test {
protected:
    void SetUp() override {
        static std::atomic<int> number{0};
        connection_ = kube::LoadKubeconfig(support::ControlPlane::Get().AdminKubeconfig());
        clients_ = ConnectTo(connection_);
        namespace_ =
            "kube-" + std::to_string(time(nullptr)) + "-" + std::to_string(getpid()) + "-" + std::to_string(++number);
        const auto made = Client().Create(
            kube::kNamespaces, {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", namespace_}}}});
        ASSERT_TRUE(made.Done()) << made.message;
        uid_ = made.uid;
    }
    void TearDown() override { Client().Delete(kube::kNamespaces, {"", namespace_}, {uid_, {}, {}}); }

    nlohmann::json ConfigMap(const std::string& name) const {
        return {{"apiVersion", "v1"},
                {"kind", "ConfigMap"},
                {"metadata", {{"name", name}, {"namespace", namespace_}, {"labels", {{"kind", "test"}}}}},
                {"data", {{"answer", "42"}}}};
    }
    core::ObjectKey Key(const std::string& name) const { return {namespace_, name}; }
    const kube::Client& Client() const { return clients_->requests; }

    std::string namespace_;
    kube::Connection connection_;
    /// Set by SetUp.
    std::optional<kube::Clients> clients_;

private:
    core::Uid uid_;
};

}  // namespace test
