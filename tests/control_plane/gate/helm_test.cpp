#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "control_plane/gate/job_fixture.hpp"
#include "support/chart.hpp"

namespace gate {
namespace {

using support::DeploymentBuilder;
using support::JobBuilder;
using Json = nlohmann::json;

/// A user's chart, a revision of it per manifest. No operator runs.
class HelmRelease : public JobFixture {
protected:
    HelmRelease() {
        std::string folder = std::filesystem::temp_directory_path() / "tidegate-helm-chart-XXXXXX";
        if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("cannot make the folder " + folder);
        folder_ = folder;
        std::filesystem::create_directory(folder_ + "/templates");
        std::ofstream(folder_ + "/Chart.yaml") << "apiVersion: v2\nname: shop\nversion: 1.0.0\n";
    }
    ~HelmRelease() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    support::CommandResult Upgrade(const Json& manifest, const std::vector<std::string>& options = {}) const {
        std::ofstream(folder_ + "/templates/app.yaml") << manifest.dump() << '\n';
        return Helm({"upgrade", "--install", "shop", folder_}, options);
    }
    support::CommandResult RollBack(const std::vector<std::string>& options = {}) const {
        return Helm({"rollback", "shop"}, options);
    }

private:
    support::CommandResult Helm(std::vector<std::string> arguments, const std::vector<std::string>& options) const {
        arguments.insert(arguments.end(), options.begin(), options.end());
        return support::HelmIn(kubectl_.Ns(), arguments);
    }

    std::string folder_;
};

TEST_F(HelmRelease, OfADeploymentIsHeldAtTheUpgradeAndOpenedByTheRollback) {
    Satisfy({"orders@1"});
    const auto first = Upgrade(DeploymentBuilder("a").Requires("orders@1").Build());
    ASSERT_TRUE(first.Ok()) << first.error;
    ASSERT_TRUE(RollsOut("a"));
    const auto second =
        Upgrade(DeploymentBuilder("a").Requires("orders@2").Revision(2).Build(), {"--wait", "--timeout=60s"});
    EXPECT_TRUE(second.Ok()) << "a held Deployment is not waited for: " << second.error;
    EXPECT_EQ(State("a"), kHeld);
    const auto newest = DeploymentBuilder("a").Requires("orders@3").Revision(3).Build();
    const auto third = Upgrade(newest);
    EXPECT_TRUE(third.Ok()) << "upgraded again while held: " << third.error;
    EXPECT_EQ(State("a"), kHeld);
    const auto generation = [&] { return kubectl_.GetJson("deployment/a").at("metadata").at("generation"); };
    const auto before = generation();
    const auto unchanged = Upgrade(newest);
    EXPECT_TRUE(unchanged.Ok()) << unchanged.error;
    EXPECT_EQ(generation(), before) << "the same manifest again changes nothing";
    ASSERT_TRUE(support::HelmIn(kubectl_.Ns(), {"rollback", "shop", "1"}).Ok());
    EXPECT_EQ(State("a"), kOpen);
    EXPECT_TRUE(RollsOut("a"));
}

TEST_F(HelmRelease, OfAJobIsHeldAndWaitedForAndGoesBackByAnotherName) {
    Satisfy({"orders@1"});
    ASSERT_TRUE(Upgrade(JobBuilder("report-1").Requires("orders@1").Build()).Ok());
    ASSERT_EQ(JobState("report-1"), kOpen);
    const auto held = Upgrade(JobBuilder("report-2").Requires("orders@2").Build(), {"--wait", "--timeout=3s"});
    EXPECT_FALSE(held.Ok()) << "helm --wait waits for a held Job, until its timeout";
    EXPECT_EQ(JobState("report-2"), kHeld);
    const auto back = RollBack();
    ASSERT_TRUE(back.Ok()) << back.error;
    EXPECT_EQ(JobState("report-1"), kOpen);
    EXPECT_FALSE(kubectl_.Exists("job/report-2"));
}

TEST_F(HelmRelease, OfAHeldJobGoesOnWithoutItsRequirement) {
    JobBuilder without("report");
    without.Object()["spec"]["template"]["metadata"]["annotations"] = {{"team", "shop"}};
    ASSERT_TRUE(Upgrade(JobBuilder("report").Requires("orders@2").Build()).Ok());
    ASSERT_EQ(JobState("report"), kHeld);
    ASSERT_TRUE(IsSeenSuspended("report"));
    const auto upgraded = Upgrade(without.Build());
    ASSERT_TRUE(upgraded.Ok()) << upgraded.error;
    EXPECT_EQ(JobState("report"), kOpen);
}

}  // namespace
}  // namespace gate
