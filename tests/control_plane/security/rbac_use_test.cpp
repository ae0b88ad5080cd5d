#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "support/audit_log.hpp"
#include "support/chart.hpp"
#include "support/control_plane.hpp"

/// The operator's roles against what it did: the tests of the tier run it with exactly these, and the audit log has
/// every request. tests/run asks this last, after the tiers that leave the log.
namespace security {
namespace {

/// "patch databases.tidegate.io/status"
using Grants = std::set<std::string>;

Grants Granted(const std::vector<std::string>& options) {
    Grants granted;
    for (const auto& document : YAML::LoadAll(support::RenderChart(options))) {
        if (!document.IsMap()) continue;
        const auto name = document["metadata"]["name"].as<std::string>();
        const auto kind = document["kind"].as<std::string>();
        if ((kind != "Role" && kind != "ClusterRole") || (name != "tidegate" && name != "tidegate-leader-election"))
            continue;
        for (const auto& rule : document["rules"]) {
            for (const auto& group : rule["apiGroups"]) {
                for (const auto& resource : rule["resources"]) {
                    for (const auto& verb : rule["verbs"]) {
                        granted.insert(verb.as<std::string>() + " " + group.as<std::string>() + "/" +
                                       resource.as<std::string>());
                    }
                }
            }
        }
    }
    return granted;
}

/// "tidegate/0.1.0", also behind the fault proxy; not "tidegate/test".
bool IsOperator(const std::string& user_agent) {
    const std::string program = "tidegate/";
    return user_agent == program + "fault-proxy" ||
           (user_agent.starts_with(program) && user_agent.find_first_of("0123456789") == program.size());
}

std::string GrantOf(const support::AuditEntry& entry) {
    return entry.verb + " " + entry.group + "/" + entry.resource +
           (entry.subresource.empty() ? "" : "/" + entry.subresource);
}

class RbacUse : public testing::Test {
protected:
    /// Requests of the operator's own account. The cases that play its part with kubectl are not the operator.
    static std::vector<support::AuditEntry> Requests() {
        support::AuditLog log;
        log.FromTheBeginning();
        auto entries = log.Entries();
        std::erase_if(entries, [](const auto& entry) {
            return entry.user != support::kOperatorUser || !IsOperator(entry.user_agent);
        });
        return entries;
    }
};

TEST_F(RbacUse, WhatIsGrantedIsUsedAndNothingIsMissing) {
    const auto requests = Requests();
    ASSERT_GT(requests.size(), 1000U) << "run the tiers control-plane and faults on this control plane first";
    Grants used;
    for (const auto& entry : requests) {
        if (entry.code < 400 || entry.code == 404 || entry.code == 409 || entry.code == 422)
            used.insert(GrantOf(entry));
    }
    const auto granted = Granted({});
    for (const auto& grant : granted)
        EXPECT_TRUE(used.contains(grant)) << "granted and never used: " << grant << "; remove it from the chart's role";
    for (const auto& grant : used)
        EXPECT_TRUE(granted.contains(grant)) << "used by a right that the chart does not grant: " << grant;
}

TEST_F(RbacUse, ANamespacedInstallGrantsTheSame) {
    EXPECT_EQ(Granted({"--set=namespaces={shop}"}), Granted({}));
}

}  // namespace
}  // namespace security
