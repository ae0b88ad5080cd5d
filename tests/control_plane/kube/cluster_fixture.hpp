#pragma once

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "kube/clients.hpp"
#include "kube/connection.hpp"
#include "support/eventually.hpp"

/// The client's and the runtime's tests against the real API server: one connection, and a namespace for each case.
namespace test {

/// ConfigMaps are of no use to the product; for tests they are objects without a controller.
inline constexpr kube::Resource kConfigMaps{"", "v1", "configmaps", "ConfigMap"};
inline constexpr kube::Resource kQuotas{"", "v1", "resourcequotas", "ResourceQuota"};

using support::Eventually;

/// Standard output of kubectl as administrator; throws when it fails.
std::string Kubectl(const std::vector<std::string>& arguments);

kube::Clients ConnectTo(const kube::Connection& connection, kube::Observer* observer = nullptr);

/// A resource defined for one test, removed with the object.
class Things final {
public:
    /// `group_prefix` makes the group unique. Returns when the server serves it.
    Things(kube::Client client, const std::string& group_prefix);
    Things(const Things&) = delete;
    Things& operator=(const Things&) = delete;
    ~Things();

    const kube::Resource& Resource() const { return resource_; }

private:
    kube::Client client_;
    const std::string group_;
    const kube::Resource resource_;
    core::Uid uid_;
};

class ClusterFixture : public testing::Test {
protected:
    void SetUp() override;
    void TearDown() override;

    nlohmann::json ConfigMap(const std::string& name) const;
    core::ObjectKey Key(const std::string& name) const { return {namespace_, name}; }

    std::string namespace_;
    kube::Connection connection_;
    /// Set by SetUp.
    std::optional<kube::Clients> clients_;

    const kube::Client& Client() const { return clients_->requests; }
};

}  // namespace test
