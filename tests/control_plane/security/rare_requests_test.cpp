#include <gtest/gtest.h>

#include "control_plane/controllers/operator_fixture.hpp"
#include "support/audit_log.hpp"
#include "support/control_plane.hpp"

/// What the operator asks for on rare occasions: so rarely that nothing else here does. Without these its role would
/// seem to grant more than is used (rbac_use_test.cpp).
namespace security {
namespace {

using support::Eventually;

class RareRequests : public test::OperatorFixture {
protected:
    testing::AssertionResult IsAsked(const std::string& verb, const std::string& resource) const {
        return Eventually(
            [&] {
                return log_.Count([&](const support::AuditEntry& entry) {
                    return entry.user == support::kOperatorUser && entry.ns == Ns() && entry.verb == verb &&
                           entry.resource == resource && entry.Done();
                }) > 0;
            },
            "the operator may " + verb + " " + resource);
    }

    const support::AuditLog log_;
};

TEST_F(RareRequests, AnEventThatIsRepeatedIsCounted) {
    MakeDatabase({});
    kubectl_.MustApply(test::DeploymentBuilder("orders").Requires("orders@0009").Build());
    ASSERT_TRUE(IsHeldWith("orders@0009"));
    ASSERT_TRUE(Eventually([&] { return HasEvent("Deployment", "orders", "RolloutHeld"); }, "event"));
    const auto line = WaitingFor();
    ASSERT_TRUE(kubectl_.Annotate("deployment/orders", "tidegate.io/waiting-for-").Ok());
    EXPECT_TRUE(IsHeldWith(line)) << "it is written again";
    EXPECT_TRUE(IsAsked("patch", "events"));
}

}  // namespace
}  // namespace security
