#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/run_id.hpp"
#include "control_plane/controllers/operator_fixture.hpp"
#include "control_plane/controllers/operator_writes.hpp"

namespace test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// What users get wrong: each answer names the object, the cause and the next step, nothing runs, and what was waiting
/// goes on once it is mended.
class BadInput : public OperatorFixture {
protected:
    std::string Apply(const std::string& version, const std::string& image = "orders:2") {
        kubectl_.MustApply(MigrationBuilder("orders").Version(version).Image(image).Build());
        return PodOf(RunningJob());
    }

    void Wait(const std::string& pod, const std::string& container, const std::string& reason,
              const std::string& message) const {
        node_.NeverStart(pod, container, reason, message);
    }

    /// Somebody else's Job.
    static Json Foreign(const std::string& name, const Json& labels) {
        Json pod{{"restartPolicy", "Never"}, {"containers", {{{"name", "c"}, {"image", "i"}}}}};
        Json job{{"apiVersion", "batch/v1"},
                 {"kind", "Job"},
                 {"metadata", {{"name", name}}},
                 {"spec", {{"template", {{"spec", std::move(pod)}}}}}};
        if (!labels.is_null()) job["metadata"]["labels"] = labels;
        return job;
    }

    static core::Time Now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

    static Json Container(const std::string& name, Json state, int restarts = 0) {
        return {{"name", name},
                {"image", name},
                {"imageID", ""},
                {"ready", false},
                {"started", false},
                {"restartCount", restarts},
                {"state", std::move(state)}};
    }
};

TEST_F(BadInput, AnUnknownDatabaseIsNamedAndAwaited) {
    kubectl_.MustApply(MigrationBuilder("orders").Version("0001").Build());
    EXPECT_TRUE(MigrationSays("DatabaseNotFound"));
    EXPECT_THAT(MessageOf(Migration()),
                AllOf(HasSubstr("no Database orders"), HasSubstr(Ns()), HasSubstr("spec.databaseRef.name")));
    EXPECT_TRUE(Eventually([&] { return HasEvent("Migration", "orders", "DatabaseNotFound"); }, "event"));
    EXPECT_TRUE(IsQuiet());
    EXPECT_TRUE(List(kube::kJobs).empty()) << "neither migration nor probe";
    MakeDatabase({});
    FinishMigration(RunningJob(), {.after = {"0001"}});
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
}

TEST_F(BadInput, AMissingSecretIsNamedInTheProbeAndItGoesOn) {
    kubectl_.MustApply(DatabaseBuilder("orders").Build());
    Wait(ProbePod(), "tidegate-agent", "CreateContainerConfigError", "secret \"orders-db\" not found");
    EXPECT_TRUE(DatabaseSays("SecretOrKeyMissing"));
    EXPECT_THAT(MessageOf(Database()),
                AllOf(HasSubstr("secret \"orders-db\" not found"), HasSubstr("goes on by itself")));
    kubectl_.MustApply(MigrationBuilder("orders").Version("0001").Build());
    EXPECT_TRUE(MigrationSays("WaitingForDatabase"));
    EXPECT_THAT(MessageOf(Migration()),
                AllOf(HasSubstr("Database orders"), HasSubstr("secret \"orders-db\" not found")));

    // The Secret is there now, but not the key: that is another thing to mend.
    Wait(ProbePod(), "tidegate-agent", "CreateContainerConfigError", "couldn't find key uri in Secret shop/orders-db");
    EXPECT_TRUE(
        Eventually([&] { return MessageOf(Database()).find("key uri") != std::string::npos; }, "the new cause"));
    AnswerProbe({"0001"});
    EXPECT_TRUE(DatabaseSays("VersionKnown"));
    EXPECT_TRUE(IsReady("AlreadyReached"));
}

TEST_F(BadInput, AMissingSecretOfTheMigrationIsNamedAndItGoesOn) {
    MakeDatabase({});
    const auto pod = Apply("0001");
    Wait(pod, "migrate", "CreateContainerConfigError", "couldn't find key token in Secret shop/extra");
    EXPECT_TRUE(MigrationSays("SecretOrKeyMissing"));
    EXPECT_THAT(MessageOf(Migration()), AllOf(HasSubstr("migrate"), HasSubstr(pod), HasSubstr("key token"),
                                              HasSubstr("Create what is missing")));
    EXPECT_TRUE(Eventually([&] { return HasEvent("Migration", "orders", "SecretOrKeyMissing"); }, "event"));
    FinishMigration(RunningJob(), {.after = {"0001"}});
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
    EXPECT_EQ(MigrationJobs().size(), 1U);
}

TEST_F(BadInput, AnImageThatDoesNotExistIsWrittenOnceHoweverOftenItAlternates) {
    MakeDatabase({});
    const auto pod = Apply("0001", "orders:typo");
    ASSERT_TRUE(MigrationSays("MigrationRunning"));
    const OperatorWrites writes(Ns());
    for (int i = 0; i < 5; ++i) {
        Wait(pod, "migrate", "ErrImagePull", "rpc error: code = NotFound desc = orders:typo: not found");
        ASSERT_TRUE(MigrationSays("ImagePullFailed"));
        Wait(pod, "migrate", "ImagePullBackOff", "Back-off pulling image \"orders:typo\"");
    }
    EXPECT_THAT(MessageOf(Migration()), AllOf(HasSubstr("orders:typo"), HasSubstr("Correct the image")));
    EXPECT_TRUE(IsQuiet());
    EXPECT_EQ(writes.Lines(true).size(), 1U) << testing::PrintToString(writes.Lines(true));
}

TEST_F(BadInput, ACorrectedImageEndsTheWaitingLaunchAndRuns) {
    MakeDatabase({});
    const auto pod = Apply("0001", "orders:typo");
    const auto first = RunningJob();
    Wait(pod, "migrate", "ImagePullBackOff", "Back-off pulling image \"orders:typo\"");
    ASSERT_TRUE(MigrationSays("ImagePullFailed"));
    kubectl_.MustApply(MigrationBuilder("orders").Version("0001").Image("orders:right").Build());
    ASSERT_TRUE(Eventually([&] { return Get(kube::kPods, pod)["metadata"].contains("deletionTimestamp"); },
                           "the launch is ended by deleting its pod"));
    EXPECT_TRUE(Exists(kube::kJobs, first)) << "never by deleting the Job";
    EXPECT_TRUE(Eventually([&] { return HasEvent("Migration", "orders", "LaunchEnded"); }, "event"));
    node_.FinishDeleted(pod);

    std::string second;
    ASSERT_TRUE(Eventually([&] { return (second = RunningJob()) != first; }, "the new image runs"));
    FinishMigration(second, {.after = {"0001"}});
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
    const auto runs = Database()["status"]["runs"];
    ASSERT_EQ(runs.size(), 2U);
    EXPECT_EQ(runs[1]["reason"], "Superseded");
    EXPECT_EQ(runs[1]["attempts"], 0);
}

TEST_F(BadInput, AWordOfTheNodeInAnotherAlphabetIsShown) {
    MakeDatabase({});
    const auto pod = Apply("0001");
    std::string words;
    while (words.size() < 700)
        words += "образ не найден, ";
    Wait(pod, "migrate", "ErrImagePull", "x" + words);
    EXPECT_TRUE(MigrationSays("ImagePullFailed"));
    EXPECT_THAT(MessageOf(Migration()), HasSubstr("образ не найден"));
}

struct Refusal {
    const char* reason;
    const char* message;
    const char* shown;
};

void PrintTo(const Refusal& refusal, std::ostream* out) {
    *out << refusal.reason;
}

class BadConnection : public BadInput, public testing::WithParamInterface<Refusal> {};

INSTANTIATE_TEST_SUITE_P(
    Causes, BadConnection,
    testing::Values(Refusal{"Unreachable",
                            "cannot connect to database orders at db.shop:5432: connection refused; check that the "
                            "server runs, that host and port in the Secret are right",
                            "DatabaseUnreachable"},
                    Refusal{"AuthenticationFailed",
                            "cannot connect to database orders at db.shop:5432: password authentication failed for "
                            "user orders; correct user and password in the Secret, or the server's pg_hba.conf",
                            "DatabaseAuthenticationFailed"},
                    Refusal{"DatabaseDoesNotExist",
                            "cannot connect to database orders at db.shop:5432: database orders does not exist; create "
                            "the database, or correct its name in the Secret",
                            "DatabaseDoesNotExist"}),
    [](const auto& info) { return std::string(info.param.reason); });

TEST_P(BadConnection, IsNamedByTheProbeWhichComesBack) {
    kubectl_.MustApply(DatabaseBuilder("orders").Build());
    kubectl_.MustApply(MigrationBuilder("orders").Version("0001").Build());
    node_.Finish(ProbePod(), {{"tidegate-agent",
                               {.exit_code = 1,
                                .message = ReportOfError(GetParam().reason, GetParam().message),
                                .reason = {},
                                .signal = {}}}});
    EXPECT_TRUE(DatabaseSays(GetParam().shown));
    const std::string all = GetParam().message + std::string(". It is tried again within a minute.");
    EXPECT_EQ(MessageOf(Database()), all);
    const std::string repeated = "Database orders must be read first (" + std::string(GetParam().shown) + "): " + all;
    EXPECT_TRUE(Eventually([&] { return MessageOf(Migration()) == repeated; }, "on the Migration: " + repeated,
                           support::kPatience, [this] { return MessageOf(Migration()); }));
    EXPECT_TRUE(IsQuiet()) << "at most one probe a minute";
    EXPECT_TRUE(MigrationJobs().empty());
}

TEST_P(BadConnection, IsNamedByTheSidecarWhichGoesOn) {
    MakeDatabase({});
    const auto pod = Apply("0001");
    node_.Bind(pod);
    const Json refused{{"terminated",
                        {{"exitCode", 1},
                         {"reason", "Error"},
                         {"message", ReportOfError(GetParam().reason, GetParam().message)},
                         {"startedAt", "2026-11-22T00:00:00Z"},
                         {"finishedAt", "2026-11-22T00:00:05Z"}}}};
    const Json waits{{"waiting", {{"reason", "PodInitializing"}}}};
    const OperatorWrites writes(Ns());
    for (int restarts = 1; restarts < 4; ++restarts) {
        auto agent = Container("tidegate-agent",
                               {{"waiting", {{"reason", "CrashLoopBackOff"}, {"message", "back-off"}}}}, restarts);
        agent["lastState"] = refused;
        PatchPodStatus(pod, {{"phase", "Pending"},
                             {"initContainerStatuses", {agent}},
                             {"containerStatuses", {Container("migrate", waits)}}});
        ASSERT_TRUE(MigrationSays(GetParam().shown));
        agent["state"] = {{"running", {{"startedAt", core::FormatTime(Now())}}}};
        PatchPodStatus(pod, {{"initContainerStatuses", {agent}}});
    }
    EXPECT_EQ(MessageOf(Migration()), GetParam().message + std::string(". It is tried again."));
    EXPECT_EQ(ReadyOf(Migration()), "Unknown") << "it goes on by itself";
    EXPECT_TRUE(Eventually([&] { return HasEvent("Migration", "orders", GetParam().shown); }, "event"));
    EXPECT_TRUE(IsQuiet());
    EXPECT_LE(writes.Lines().size(), 1U) << testing::PrintToString(writes.Lines());
    FinishMigration(RunningJob(), {.after = {"0001"}});
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
}

TEST_F(BadInput, ARequirementThatNamesNoDatabaseIsHeldAndSaysSo) {
    kubectl_.MustApply(DeploymentBuilder("orders").Requires("nosuch@0001").Build());
    EXPECT_TRUE(IsHeldWith("nosuch@0001: there is no Database nosuch in namespace " + Ns()));
    EXPECT_THAT(WaitingFor(), HasSubstr("create it or correct the annotation"));
    EXPECT_TRUE(Eventually([&] { return HasEvent("Deployment", "orders", "RolloutHeld"); }, "event"));
    MakeDatabase({"0001"}, "nosuch");
    EXPECT_TRUE(IsOpen());
}

TEST_F(BadInput, NoVersionYetAndNoMigrationSaysWhatToDo) {
    MakeDatabase({});
    kubectl_.MustApply(DeploymentBuilder("orders").Requires("orders@0001").Build());
    EXPECT_TRUE(IsHeldWith("create one"));
    EXPECT_THAT(WaitingFor(), HasSubstr("Database orders has no version yet"));
}

TEST_F(BadInput, NamesOfTheLongestLengthWork) {
    // 253 characters of a DNS name: labels of at most 63.
    const std::string part(62, 'n');
    const std::string name = part + "." + part + "." + part + "." + part + ".z";
    ASSERT_EQ(name.size(), 253U);
    const std::string version = std::string(250, 'v') + "001";
    kubectl_.MustApply(DatabaseBuilder(name).Secret("db").Build());
    AnswerProbe({"0000"}, name);
    ASSERT_TRUE(DatabaseSays("VersionKnown", name));
    kubectl_.MustApply(MigrationBuilder(name).Version(version).Image(std::string(500, 'i')).Build());
    kubectl_.MustApply(DeploymentBuilder("orders").Requires(name + "@" + version).Build());
    FinishMigration(RunningJob(name), {.exit_code = 1, .before = {"0000"}, .after = {std::string(250, 'w') + "001"}});
    EXPECT_TRUE(IsStalled("MigrationFailed", name));
    EXPECT_TRUE(IsHeldWith(name + "@" + version + ": Database " + name));
    kubectl_.MustApply(MigrationBuilder(name).Version(version).Build());
    FinishMigration(RunningJob(name), {.before = {"0000"}, .after = {version}});
    EXPECT_TRUE(IsReady("MigrationSucceeded", name));
    EXPECT_TRUE(IsOpen());
    EXPECT_TRUE(Eventually([&] { return HasEvent("Migration", name, "MigrationSucceeded"); }, "event"));
}

TEST_F(BadInput, AQuotaOnJobsIsNamedAndItGoesOn) {
    MakeDatabase({});
    kubectl_.MustApply({{"apiVersion", "v1"},
                        {"kind", "ResourceQuota"},
                        {"metadata", {{"name", "no-jobs"}}},
                        {"spec", {{"hard", {{"count/jobs.batch", "1"}}}}}});
    ASSERT_TRUE(Eventually(
        [&] { return kubectl_.GetJson("resourcequota/no-jobs")["status"]["used"]["count/jobs.batch"] == "1"; },
        "the quota is in effect"));
    kubectl_.MustApply(MigrationBuilder("orders").Version("0001").Build());
    EXPECT_TRUE(MigrationSays("JobRefused"));
    EXPECT_THAT(MessageOf(Migration()),
                AllOf(HasSubstr("The API server refuses Job "), HasSubstr("exceeded quota: no-jobs"),
                      HasSubstr("Mend the cause; it is tried again")));
    EXPECT_EQ(ReadyOf(Migration()), "Unknown");
    const OperatorWrites writes(Ns());
    EXPECT_TRUE(IsQuiet());
    EXPECT_TRUE(writes.Lines().empty()) << testing::PrintToString(writes.Lines());
    kubectl_.Must({"delete", "resourcequota/no-jobs"});
    FinishMigration(RunningJob(), {.after = {"0001"}});
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
}

TEST_F(BadInput, AJobNameThatIsTakenStopsTheRun) {
    MakeDatabase({});
    kubectl_.MustApply(MigrationBuilder("orders").Version("0001").Spec("suspend", true).Build());
    ASSERT_TRUE(MigrationSays("Suspended"));
    const std::string key = Migration()["status"]["run"]["key"];
    const auto name = api::JobName({.migration = "orders",
                                    .migration_uid = {Migration()["metadata"]["uid"]},
                                    .key = key,
                                    .launch = 1,
                                    .database = "orders"});
    kubectl_.MustApply(Foreign(name, {}));
    kubectl_.MergePatch("tgm/orders", {{"spec", {{"suspend", false}}}});
    EXPECT_TRUE(IsStalled("JobNameTaken"));
    EXPECT_THAT(MessageOf(Migration()), AllOf(HasSubstr(name), HasSubstr("Delete")));
    EXPECT_TRUE(Eventually([&] { return HasEvent("Migration", "orders", "JobNameTaken"); }, "event"));

    kubectl_.Must({"delete", "job/" + name});
    kubectl_.MustApply(MigrationBuilder("orders").Version("0001").Image("orders:again").Build());
    FinishMigration(RunningJob(), {.after = {"0001"}});
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
}

TEST_F(BadInput, AJobThatLooksLikeOursIsWaitedFor) {
    MakeDatabase({});
    // Whoever copies a manifest copies our labels too. Nobody knows what such a Job does to the database.
    auto job = Foreign("copied", {{"tidegate.io/role", "migrate"}, {"tidegate.io/database", "orders"}});
    job["metadata"]["annotations"]["tidegate.io/database-name"] = "orders";
    kubectl_.MustApply(job);
    kubectl_.MustApply(MigrationBuilder("orders").Version("0001").Build());
    EXPECT_TRUE(MigrationSays("WaitingForTurn"));
    EXPECT_TRUE(Eventually([&] { return MessageOf(Migration()).find("Job copied") != std::string::npos; }, "named"));
    EXPECT_TRUE(IsQuiet());
    const auto pod = PodOf("copied");
    node_.Finish(pod, {});
    FinishMigration(RunningJob(), {.after = {"0001"}});
    EXPECT_TRUE(IsReady("MigrationSucceeded"));
}

TEST_F(BadInput, AStatusThatSomebodyElsesPolicyRefusesIsNoStorm) {
    const std::string name = "refuse-status." + Ns();
    const auto policies = [&](const Json& spec, const std::string& kind) {
        return Json{{"apiVersion", "admissionregistration.k8s.io/v1"},
                    {"kind", kind},
                    {"metadata", {{"name", name}}},
                    {"spec", spec}};
    };
    kubectl_.MustApply(policies({{"matchConstraints",
                                  {{"namespaceSelector", {{"matchLabels", {{"kubernetes.io/metadata.name", Ns()}}}}},
                                   {"resourceRules",
                                    {{{"apiGroups", {"tidegate.io"}},
                                      {"apiVersions", {"*"}},
                                      {"operations", {"UPDATE"}},
                                      {"resources", {"migrations/status"}}}}}}},
                                 {"validations", {{{"expression", "false"}, {"message", "not here"}}}}},
                                "ValidatingAdmissionPolicy"));
    kubectl_.MustApply(
        policies({{"policyName", name}, {"validationActions", {"Deny"}}}, "ValidatingAdmissionPolicyBinding"));
    ASSERT_TRUE(Eventually(
        [&] {
            kubectl_.MustApply(MigrationBuilder("probe").Version(std::to_string(time(nullptr))).Build());
            return operator_->Log().find("not here") != std::string::npos;
        },
        "the policy is in effect"));
    const auto tried = [&] { return operator_->Metric("rest_client_requests_total", "method=\"PATCH\""); };
    const auto before = tried();
    const auto began = std::chrono::steady_clock::now();
    ASSERT_TRUE(Eventually([&] { return std::chrono::steady_clock::now() - began > std::chrono::seconds{4}; }, "time"));
    EXPECT_LE(tried() - before, 2);
    EXPECT_TRUE(operator_->Log().find("it is tried again") != std::string::npos);
    kubectl_.Must({"delete", "validatingadmissionpolicybinding/" + name, "validatingadmissionpolicy/" + name});
}

TEST_F(BadInput, ANamespaceThatGoesAwayTakesEverythingAlong) {
    MakeDatabase({});
    const auto pod = Apply("0001");
    node_.Start(pod);
    kubectl_.Must({"delete", "namespace/" + Ns(), "--wait=false"});
    ASSERT_TRUE(Eventually([&] { return Get(kube::kPods, pod)["metadata"].contains("deletionTimestamp"); }, "pod"));
    node_.FinishDeleted(pod);
    EXPECT_TRUE(Eventually([&] { return !client_.Get(kube::kNamespaces, {"", Ns()}); }, "the namespace is gone"));
    EXPECT_TRUE(IsQuiet());
    EXPECT_EQ(operator_->Metric("controller_runtime_reconcile_panics_total"), 0);
    EXPECT_TRUE(operator_->Running());
}

}  // namespace
}  // namespace test
