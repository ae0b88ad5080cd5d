#include <csignal>

#include <gmock/gmock.h>

#include "support/database_test.hpp"

namespace testing_support {
namespace {

using testing::HasSubstr;
using testing::Not;

/// `tidegate-agent wait` as the init container of a pod that Tidegate knows nothing of.
class WaitForARequirement : public DatabaseTest {
protected:
    std::unique_ptr<AgentPod> InitContainer() const {
        auto pod = Pod("app");
        pod->environment.erase("TIDEGATE_JOB_UID");
        pod->environment.erase("TIDEGATE_WANTED");
        return pod;
    }
};

TEST_F(WaitForARequirement, EndsWhenTheMigrationHasBroughtIt) {
    ASSERT_EQ(Alembic("0001_initial"), 0);
    const auto pod = InitContainer();
    auto& wait = pod->Wait({"orders@0002"});
    ASSERT_TRUE(Eventually([&] { return pod->Output().find("it is at 0001_initial") != std::string::npos; }))
        << pod->Output();
    EXPECT_TRUE(wait.IsRunning());
    ASSERT_EQ(Alembic("0002_email"), 0);
    EXPECT_EQ(wait.Wait(), 0) << pod->Output();
    EXPECT_THAT(pod->Output(), HasSubstr("orders@0002 is reached"));
}

TEST_F(WaitForARequirement, EndsAtOnceWhenTheDatabaseIsAhead) {
    ASSERT_EQ(Alembic("0002_email"), 0);
    const auto pod = InitContainer();
    EXPECT_EQ(pod->Wait({"orders@0001"}).Wait(), 0) << pod->Output();
    EXPECT_THAT(pod->Output(), Not(HasSubstr("waits for")));
}

TEST_F(WaitForARequirement, GivesUpInTimeAndSaysWhatWasMissing) {
    const auto pod = InitContainer();
    EXPECT_EQ(pod->Wait({"orders@0002", "--timeout=1"}).Wait(), 1);
    EXPECT_THAT(pod->Output(), HasSubstr("waits for orders@0002: the history table is not there yet"));
    EXPECT_THAT(pod->Output(), HasSubstr("gives up after 1 s"));
}

TEST_F(WaitForARequirement, SaysThatANameDoesNotTell) {
    ASSERT_EQ(Alembic("0001_initial"), 0);
    const auto pod = InitContainer();
    EXPECT_EQ(pod->Wait({"orders@ae1027a6acf0", "--timeout=1"}).Wait(), 1);
    EXPECT_THAT(pod->Output(), HasSubstr("does not tell whether the version is contained"));
}

TEST_F(WaitForARequirement, WaitsOutAnErrorAndEndsWithItsCodeWhenItLasts) {
    const auto pod = InitContainer();
    pod->environment["TIDEGATE_PASSWORD"] = "another";
    EXPECT_EQ(pod->Wait({"orders@0002", "--timeout=1"}).Wait(), 11);
    EXPECT_THAT(pod->Output(), HasSubstr("waits for orders@0002: "));

    ASSERT_EQ(Alembic("0002_email"), 0);
    Execute("ALTER ROLE \"" + database_.user + "\" NOLOGIN");
    const auto other = InitContainer();
    auto& wait = other->Wait({"orders@0002"});
    ASSERT_TRUE(Eventually([&] { return other->Output().find("waits for") != std::string::npos; }));
    Execute("ALTER ROLE \"" + database_.user + "\" LOGIN");
    EXPECT_EQ(wait.Wait(), 0) << other->Output();
}

TEST_F(WaitForARequirement, RefusesWhatNoTableCanAnswer) {
    for (const std::string requirement : {"orders", "orders@image", "orders@0001,billing@0002", "@0001"}) {
        const auto pod = InitContainer();
        EXPECT_EQ(pod->Wait({requirement}).Wait(), 2) << requirement;
        EXPECT_THAT(pod->Output(), HasSubstr("write DATABASE@VERSION"));
    }
    const auto pod = InitContainer();
    pod->environment.erase("TIDEGATE_TOOL");
    EXPECT_EQ(pod->Wait({"orders@0001"}).Wait(), 2);
    EXPECT_THAT(pod->Output(), HasSubstr("TIDEGATE_TOOL"));
}

TEST_F(WaitForARequirement, EndsWhenThePodIsDeleted) {
    const auto pod = InitContainer();
    auto& wait = pod->Wait({"orders@0002"});
    ASSERT_TRUE(Eventually([&] { return pod->Output().find("waits for") != std::string::npos; }));
    wait.Signal(SIGTERM);
    EXPECT_EQ(wait.Wait(), 3);
}

}  // namespace
}  // namespace testing_support
