#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control_plane/controllers/operator_fixture.hpp"
#include "control_plane/controllers/operator_writes.hpp"
#include "support/control_plane.hpp"
#include "support/process.hpp"
#include "support/subprocess.hpp"

namespace test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Switches : public OperatorFixture {};

TEST_F(Switches, NamespacesConfineIt) {
    const support::Namespace other;
    const support::Kubectl elsewhere(other.Name());
    const OperatorWrites writes(other.Name());
    elsewhere.MustApply(DatabaseBuilder("orders").Build());
    elsewhere.MustApply(MigrationBuilder("orders").Version("0001").Build());
    elsewhere.MustApply(DeploymentBuilder("orders").Requires("orders@0001").Build());
    MakeDatabase({});
    kubectl_.MustApply(MigrationBuilder("orders").Version("0001").Build());
    RunningJob();
    EXPECT_TRUE(IsQuiet());
    EXPECT_TRUE(writes.Lines(true).empty()) << testing::PrintToString(writes.Lines(true));
    EXPECT_EQ(elsewhere.GetJson("tgm/orders")["status"]["observedGeneration"], -1);
}

TEST_F(Switches, SeveralNamespacesAreWatched) {
    const support::Namespace other;
    OperatorProcess::Settings settings;
    settings.ns = Ns() + "," + other.Name();
    operator_->Stop();
    operator_ = std::make_unique<OperatorProcess>(settings);
    StartOperator();
    const support::Kubectl elsewhere(other.Name());
    elsewhere.MustApply(DatabaseBuilder("orders").Build());
    kubectl_.MustApply(DatabaseBuilder("orders").Build());
    EXPECT_TRUE(DatabaseSays("Probing"));
    EXPECT_TRUE(
        Eventually([&] { return elsewhere.GetJson("tgd/orders")["status"]["conditions"][0]["reason"] == "Probing"; },
                   "there too"));
}

TEST_F(Switches, AnswersHealthAndReadiness) {
    EXPECT_THAT(operator_->Address(), testing::StartsWith("127.0.0.1:"));
    EXPECT_NE(operator_->Address(), "127.0.0.1:0");
    EXPECT_NO_THROW(operator_->Get("/healthz"));
    EXPECT_NO_THROW(operator_->Get("/readyz"));
}

TEST_F(Switches, MetricsHaveTheFamiliesThatDashboardsKnow) {
    MakeDatabase({});
    const auto text = operator_->Get("/metrics");
    for (const auto* family : {"workqueue_depth", "workqueue_adds_total", "workqueue_queue_duration_seconds",
                               "workqueue_work_duration_seconds", "workqueue_unfinished_work_seconds",
                               "workqueue_longest_running_processor_seconds", "controller_runtime_reconcile_total",
                               "controller_runtime_reconcile_errors_total", "controller_runtime_reconcile_time_seconds",
                               "controller_runtime_active_workers", "controller_runtime_max_concurrent_reconciles",
                               "rest_client_requests_total", "rest_client_request_duration_seconds",
                               "process_resident_memory_bytes", "process_cpu_seconds_total"}) {
        EXPECT_THAT(text, HasSubstr("# TYPE " + std::string(family) + " "));
    }
    EXPECT_GT(operator_->Metric("controller_runtime_reconcile_total", "controller=\"database\""), 0);
    EXPECT_EQ(operator_->Metric("controller_runtime_reconcile_errors_total"), 0) << operator_->Log();
}

TEST_F(Switches, SigtermEndsItAtOnceWithZero) {
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(operator_->Stop(), 0);
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{2});
    EXPECT_THAT(operator_->Log(), HasSubstr("tidegate stops"));
}

TEST_F(Switches, EveryLineOfItsLogIsAJsonObject) {
    MakeDatabase({});
    operator_->Stop();
    std::istringstream log(operator_->Log());
    for (std::string line; std::getline(log, line);) {
        const auto object = Json::parse(line, nullptr, false);
        ASSERT_TRUE(object.is_object()) << line;
        for (const auto* field : {"time", "level", "message"})
            EXPECT_TRUE(object.contains(field)) << line;
    }
}

class LeaderElection : public OperatorFixture {
protected:
    LeaderElection() : OperatorFixture({"--leader-elect=true"}) {}

    Json Lease() const { return *client_.Get(kube::kLeases, {support::kOperatorNamespace, "tidegate"}); }
};

TEST_F(LeaderElection, TakesALeaseWorksAndGivesItBack) {
    kubectl_.MustApply(DatabaseBuilder("orders").Build());
    EXPECT_TRUE(DatabaseSays("Probing"));
    EXPECT_THAT(Lease()["spec"]["holderIdentity"].get<std::string>(), testing::StartsWith("test"));
    EXPECT_EQ(operator_->Stop(), 0);
    EXPECT_EQ(Lease()["spec"].value("holderIdentity", ""), "") << "the next one need not wait";
}

/// What is wrong on the command line.
class BadStart : public testing::Test {
protected:
    struct Outcome {
        int exit_code;
        std::string log;
    };

    BadStart() {
        folder_ = std::filesystem::temp_directory_path() / "tidegate-bad-start-XXXXXX";
        if (mkdtemp(folder_.data()) == nullptr) throw std::runtime_error("no folder " + folder_);
    }
    ~BadStart() override { std::filesystem::remove_all(folder_); }

    Outcome Start(const std::vector<std::string>& arguments) const {
        support::Process::Settings settings;
        settings.argv = {support::OperatorBinary(), "--leader-elect=false", "--bind=127.0.0.1:0", "--agent-image=i",
                         // It may come to work before it ends; other cases have the same control plane.
                         "--namespaces=no-such-namespace"};
        settings.argv.insert(settings.argv.end(), arguments.begin(), arguments.end());
        settings.log_file = folder_ + "/log";
        support::Process process(settings);
        const auto exit_code = process.Wait(std::chrono::seconds{20});
        std::ifstream file(settings.log_file);
        std::ostringstream text;
        text << file.rdbuf();
        return {exit_code.value_or(-1), text.str()};
    }

    std::string Write(const std::string& name, const std::string& text) const {
        std::ofstream(folder_ + "/" + name) << text;
        return folder_ + "/" + name;
    }

    static void ExpectOneLine(const Outcome& outcome) {
        EXPECT_EQ(outcome.exit_code, 1);
        EXPECT_EQ(std::count(outcome.log.begin(), outcome.log.end(), '\n'), 1) << outcome.log;
    }

    std::string folder_;
};

TEST_F(BadStart, NamesAKubeconfigThatIsNotThere) {
    const auto outcome = Start({"--kubeconfig=" + folder_ + "/nowhere"});
    ExpectOneLine(outcome);
    EXPECT_THAT(outcome.log, AllOf(HasSubstr("cannot start"), HasSubstr(folder_ + "/nowhere")));
}

TEST_F(BadStart, NamesAKubeconfigThatIsNone) {
    const auto outcome = Start({"--kubeconfig=" + Write("config", "clusters: [")});
    ExpectOneLine(outcome);
    EXPECT_THAT(outcome.log, HasSubstr(folder_ + "/config"));
}

TEST_F(BadStart, NamesAnAddressThatCannotBeBound) {
    const auto outcome =
        Start({"--kubeconfig=" + support::ControlPlane::Get().OperatorKubeconfig(), "--bind=203.0.113.7:80"});
    ExpectOneLine(outcome);
    EXPECT_THAT(outcome.log, HasSubstr("203.0.113.7:80"));
}

TEST_F(BadStart, NamesAReadyFileThatCannotBeWritten) {
    const auto outcome = Start({"--kubeconfig=" + support::ControlPlane::Get().OperatorKubeconfig(),
                                "--ready-file=" + folder_ + "/no/such/folder/ready"});
    EXPECT_EQ(outcome.exit_code, 1) << outcome.log;
    EXPECT_THAT(outcome.log,
                AllOf(HasSubstr("--ready-file"), HasSubstr("no/such/folder"), Not(HasSubstr("terminate called"))));
}

}  // namespace
}  // namespace test
