#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/builders.hpp"
#include "support/kubectl.hpp"
#include "support/namespace.hpp"

namespace gate {
namespace {

using support::DatabaseBuilder;
using support::MigrationBuilder;
using testing::HasSubstr;
using Json = nlohmann::json;

/// A user with all verbs on our kinds, and no other right in the namespace.
class Requester : public testing::Test {
protected:
    void SetUp() override {
        kubectl_.Must({"create", "role", "ours", "--verb=get,list,watch,create,update,patch,delete",
                       "--resource=migrations.tidegate.io,databases.tidegate.io"});
        kubectl_.Must({"create", "rolebinding", "ours", "--role=ours", "--user=mallory"});
    }

    void GrantJobs() const {
        kubectl_.Must({"create", "role", "jobs", "--verb=create", "--resource=jobs.batch"});
        kubectl_.Must({"create", "rolebinding", "jobs", "--role=jobs", "--user=mallory"});
    }

    support::CommandResult Create(const support::Kubectl& kubectl, const Json& object) const {
        return kubectl.Run({"create", "--dry-run=server", "--filename=-"}, object.dump());
    }

    support::Namespace namespace_;
    support::Kubectl kubectl_{namespace_.Name()};
    support::Kubectl mallory_ = kubectl_.As("mallory");
};

TEST_F(Requester, WhoMayNotCreateJobsIsRefused) {
    const auto migration = Create(mallory_, MigrationBuilder("orders").Build());
    EXPECT_FALSE(migration.Ok());
    EXPECT_THAT(migration.error, HasSubstr("mallory may not create Jobs in namespace " + namespace_.Name()));
    EXPECT_THAT(migration.error, HasSubstr("ask for \"create\" on \"jobs\""));
    EXPECT_FALSE(Create(mallory_, DatabaseBuilder("orders").Build()).Ok())
        << "a Database decides which Secret a pod is given";
}

TEST_F(Requester, WhoMayNotCreateJobsMayNotChangeWhatRuns) {
    kubectl_.MustApply(MigrationBuilder("orders").Build());
    EXPECT_FALSE(
        mallory_
            .Run({"patch", "migration.tidegate.io/orders", "--type=merge", R"(--patch={"spec":{"image":"evil:1"}})"})
            .Ok());
    const auto label = mallory_.Run({"label", "migration.tidegate.io/orders", "team=shop"});
    EXPECT_TRUE(label.Ok()) << label.error;
}

TEST_F(Requester, WhoMayCreateJobsIsNot) {
    GrantJobs();
    const auto migration = Create(mallory_, MigrationBuilder("orders").Build());
    EXPECT_TRUE(migration.Ok()) << migration.error;
    EXPECT_TRUE(Create(mallory_, DatabaseBuilder("orders").Build()).Ok());
    EXPECT_TRUE(Create(kubectl_, MigrationBuilder("orders").Build()).Ok()) << "the administrator";
}

}  // namespace
}  // namespace gate
