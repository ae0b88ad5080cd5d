#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/eventually.hpp"
#include "support/kubectl.hpp"
#include "support/namespace.hpp"

namespace security {
namespace {

/// The cluster's own roles view, edit and admin, which the chart's are aggregated into: what the API server answers to
/// whoever is bound to them in one namespace.
class UserRoles : public testing::Test {
protected:
    void SetUp() override {
        for (const char* role : {"view", "edit", "admin"}) {
            kubectl_.Must(
                {"create", "rolebinding", role, std::string("--clusterrole=") + role, std::string("--user=") + role});
            // Aggregation is a controller's work.
            ASSERT_TRUE(support::Eventually([&] { return May(role, "get", "migrations.tidegate.io"); },
                                            std::string(role) + " has our rules"));
        }
    }

    bool May(const std::string& role, const std::string& verb, const std::string& resource,
             const std::string& subresource = {}, const std::string& ns = {}) const {
        std::vector<std::string> arguments{"auth", "can-i", "--quiet", verb, resource};
        if (!subresource.empty()) arguments.push_back("--subresource=" + subresource);
        return (ns.empty() ? kubectl_ : kubectl_.In(ns)).As(role).Run(arguments).Ok();
    }

    support::Namespace namespace_;
    support::Kubectl kubectl_{namespace_.Name()};
    const std::vector<std::string> read_{"get", "list", "watch"};
    const std::vector<std::string> write_{"create", "update", "patch", "delete", "deletecollection"};
};

TEST_F(UserRoles, ViewReadsAndWritesNothing) {
    for (const char* kind : {"migrations.tidegate.io", "databases.tidegate.io", "ledgers.tidegate.io"}) {
        for (const auto& verb : read_)
            EXPECT_TRUE(May("view", verb, kind)) << verb << " " << kind;
        for (const auto& verb : write_)
            EXPECT_FALSE(May("view", verb, kind)) << verb << " " << kind;
    }
}

TEST_F(UserRoles, EditAndAdminWriteMigrationsAndDatabases) {
    for (const char* role : {"edit", "admin"}) {
        for (const char* kind : {"migrations.tidegate.io", "databases.tidegate.io"}) {
            for (const auto* verbs : {&read_, &write_}) {
                for (const auto& verb : *verbs)
                    EXPECT_TRUE(May(role, verb, kind)) << role << " " << verb << " " << kind;
            }
        }
        for (const auto& verb : read_)
            EXPECT_TRUE(May(role, verb, "ledgers.tidegate.io")) << role << " " << verb;
    }
}

TEST_F(UserRoles, NobodyWritesWhatIsTheOperators) {
    for (const char* role : {"view", "edit", "admin"}) {
        for (const auto& verb : write_)
            EXPECT_FALSE(May(role, verb, "ledgers.tidegate.io")) << role << " " << verb;
        for (const char* kind : {"migrations.tidegate.io", "databases.tidegate.io"}) {
            for (const char* verb : {"update", "patch"})
                EXPECT_FALSE(May(role, verb, kind, "status")) << role << " " << verb << " " << kind;
        }
        EXPECT_FALSE(May(role, "delete", "mutatingadmissionpolicybindings.admissionregistration.k8s.io")) << role;
    }
}

TEST_F(UserRoles, ARoleInOneNamespaceSaysNothingOfAnother) {
    const support::Namespace other;
    EXPECT_FALSE(May("admin", "get", "migrations.tidegate.io", {}, other.Name()));
}

}  // namespace
}  // namespace security
