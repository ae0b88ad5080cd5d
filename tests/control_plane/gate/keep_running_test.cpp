#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/builders.hpp"
#include "support/eventually.hpp"
#include "support/kubectl.hpp"
#include "support/namespace.hpp"

namespace gate {
namespace {

using support::DatabaseBuilder;
using support::Eventually;
using support::MigrationBuilder;
using testing::HasSubstr;
using Json = nlohmann::json;

class KeepRunning : public testing::Test {
protected:
    /// A Job of ours, as far as the policy knows: its label says so. It runs, because nothing plays the node.
    void CreateJob(const std::string& name, const Json& owners = Json::array()) const {
        Json job{
            {"apiVersion", "batch/v1"},
            {"kind", "Job"},
            {"metadata",
             {{"name", name}, {"labels", {{"tidegate.io/run", "0123456789"}}}, {"ownerReferences", owners}}},
            {"spec",
             {{"backoffLimit", 0},
              {"template",
               {{"spec",
                 {{"restartPolicy", "Never"}, {"containers", {{{"name", "migrate"}, {"image", "orders:1"}}}}}}}}}}};
        kubectl_.Must({"create", "--filename=-"}, job.dump());
    }

    support::CommandResult Delete(const std::string& what, const std::string& user = {}) const {
        return (user.empty() ? kubectl_ : kubectl_.As(user)).Run({"delete", what, "--wait=false", "--dry-run=server"});
    }

    support::Namespace namespace_;
    support::Kubectl kubectl_{namespace_.Name()};
};

TEST_F(KeepRunning, RefusesToDeleteTheJobOfAnActiveRun) {
    CreateJob("orders");
    const auto refused = Delete("job/orders");
    EXPECT_FALSE(refused.Ok());
    EXPECT_THAT(refused.error, HasSubstr("a migration is running: Job orders can be deleted when it has ended"));
    EXPECT_THAT(refused.error, HasSubstr("annotate it first: tidegate.io/abort=<reason>"));
    EXPECT_FALSE(kubectl_.Run({"delete", "jobs", "--all", "--wait=false"}).Ok()) << "nor together with others";

    kubectl_.Must({"annotate", "job/orders", "tidegate.io/abort= "});
    EXPECT_FALSE(Delete("job/orders").Ok()) << "a blank is no reason";
    kubectl_.Must({"annotate", "--overwrite", "job/orders", "tidegate.io/abort=wrong image"});
    EXPECT_TRUE(Delete("job/orders").Ok());
}

TEST_F(KeepRunning, LetsAFinishedJobGo) {
    CreateJob("orders");
    kubectl_.MergePatch("job/orders", {{"spec", {{"activeDeadlineSeconds", 1}}}});
    ASSERT_TRUE(Eventually(
        [&] {
            return kubectl_.Must({"get", "job/orders", "--output=json"}).find("\"DeadlineExceeded\"") !=
                       std::string::npos &&
                   Delete("job/orders").Ok();
        },
        "the Job fails and can be deleted"));
}

TEST_F(KeepRunning, LeavesOtherJobsAlone) {
    kubectl_.Must({"create", "job", "other", "--image=other:1"});
    EXPECT_TRUE(Delete("job/other").Ok());
}

TEST_F(KeepRunning, RefusesToDeleteAMigrationWhoseRunIsActive) {
    kubectl_.MustApply(MigrationBuilder("orders").Build());
    EXPECT_TRUE(Delete("migration.tidegate.io/orders").Ok()) << "nothing runs yet";
    kubectl_.MergePatch("migration.tidegate.io/orders", {{"status", {{"run", {{"active", true}}}}}}, "status");
    const auto refused = Delete("migration.tidegate.io/orders");
    EXPECT_FALSE(refused.Ok());
    EXPECT_THAT(refused.error, HasSubstr("a migration is running: Migration orders can be deleted when it has ended"));
    kubectl_.Must({"annotate", "migration.tidegate.io/orders", "tidegate.io/abort=wrong image"});
    EXPECT_TRUE(Delete("migration.tidegate.io/orders").Ok());
}

TEST_F(KeepRunning, RefusesToDeleteADatabaseWithAnActiveRun) {
    kubectl_.MustApply(DatabaseBuilder("orders").Build());
    EXPECT_TRUE(Delete("database.tidegate.io/orders").Ok());
    kubectl_.MergePatch("database.tidegate.io/orders", {{"status", {{"active", true}}}}, "status");
    const auto refused = Delete("database.tidegate.io/orders");
    EXPECT_FALSE(refused.Ok());
    EXPECT_THAT(refused.error, HasSubstr("a migration is running: Database orders"));
    kubectl_.MergePatch("database.tidegate.io/orders", {{"status", {{"active", false}}}}, "status");
    EXPECT_TRUE(Delete("database.tidegate.io/orders").Ok());
}

TEST_F(KeepRunning, LetsThoseWhoCleanUpPass) {
    CreateJob("orders");
    for (const char* user :
         {"system:serviceaccount:tidegate-system:tidegate",
          "system:serviceaccount:kube-system:generic-garbage-collector",
          "system:serviceaccount:kube-system:namespace-controller", "system:kube-controller-manager"}) {
        const auto result = Delete("job/orders", user);
        // The last one has no right to delete Jobs on this control plane; it must not be our policy that refuses.
        EXPECT_EQ(result.error.find("a migration is running"), std::string::npos) << user << ": " << result.error;
    }
    const auto refused = Delete("job/orders", "system:admin");
    EXPECT_FALSE(refused.Ok());
}

TEST_F(KeepRunning, GarbageCollectionOfAnAbortedMigrationTakesItsJob) {
    kubectl_.MustApply(MigrationBuilder("orders").Build());
    const Json migration = kubectl_.GetJson("migration.tidegate.io/orders");
    CreateJob("orders-1", {{{"apiVersion", migration["apiVersion"]},
                            {"kind", migration["kind"]},
                            {"name", "orders"},
                            {"uid", migration["metadata"]["uid"]},
                            {"controller", true},
                            {"blockOwnerDeletion", false}}});
    kubectl_.MergePatch("migration.tidegate.io/orders", {{"status", {{"run", {{"active", true}}}}}}, "status");
    kubectl_.Must({"annotate", "migration.tidegate.io/orders", "tidegate.io/abort=wrong image"});
    kubectl_.Must({"delete", "migration.tidegate.io/orders", "--wait=false"});
    EXPECT_TRUE(Eventually([&] { return !kubectl_.Exists("job/orders-1"); }, "the garbage collector deletes the Job"));
}

TEST_F(KeepRunning, DeletingTheNamespaceDeletesWhatRunsInIt) {
    std::string name;
    {
        const support::Namespace doomed;
        name = doomed.Name();
        const support::Kubectl kubectl(name);
        kubectl.MustApply(MigrationBuilder("orders").Build());
        kubectl.MergePatch("migration.tidegate.io/orders", {{"status", {{"run", {{"active", true}}}}}}, "status");
        kubectl.Must({"create", "job", "orders", "--image=orders:1"});
        kubectl.Must({"label", "job/orders", "tidegate.io/run=0123456789"});
        ASSERT_FALSE(kubectl.Run({"delete", "job/orders", "--wait=false"}).Ok());
    }
    EXPECT_TRUE(Eventually([&] { return !kubectl_.Exists("namespace/" + name); }, "the namespace goes"));
}

}  // namespace
}  // namespace gate
