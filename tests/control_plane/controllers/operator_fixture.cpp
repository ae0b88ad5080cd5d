#include "control_plane/controllers/operator_fixture.hpp"

#include <algorithm>
#include <stdexcept>

#include "api/names.hpp"
#include "control_plane/controllers/operator_writes.hpp"
#include "kube/clients.hpp"
#include "kube/kubeconfig.hpp"
#include "support/control_plane.hpp"

namespace test {
namespace {

constexpr kube::Resource kCoreEvents{"", "v1", "events", "Event"};

/// One connection for all cases of the process.
const kube::Client& Administrator() {
    static const kube::Clients clients = [] {
        kube::InitialiseThreadPool();
        return kube::Connect(kube::LoadKubeconfig(support::ControlPlane::Get().AdminKubeconfig()),
                             {.user_agent = "tidegate/test", .field_manager = "test"});
    }();
    return clients.requests;
}

version::Reading ReadingOf(const Versions& versions) {
    version::Reading reading;
    reading.initialised = !versions.empty();
    reading.versions = versions;
    return reading;
}

core::Time Now() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

/// A container's last status, as Node writes it too; it began when its pod says that it began.
Json Ended(const Json& pod, const std::string& field, const Json& container, const support::ContainerEnd& end) {
    std::string started = core::FormatTime(Now());
    for (const auto& known : pod["status"].value(field, Json::array())) {
        if (known["name"] == container["name"] && known["state"].contains("running"))
            started = known["state"]["running"]["startedAt"];
    }
    Json terminated{{"exitCode", end.exit_code},
                    {"reason", !end.reason.empty()  ? end.reason
                               : end.exit_code == 0 ? "Completed"
                                                    : "Error"},
                    {"startedAt", started},
                    {"finishedAt", core::FormatTime(Now())}};
    if (!end.message.empty()) terminated["message"] = end.message;
    return {{"name", container["name"]},
            {"image", container["image"]},
            {"imageID", end.image_id.empty() ? container["image"].get<std::string>() + "@sha256:" + std::string(64, '0')
                                             : end.image_id},
            {"ready", false},
            {"started", false},
            {"restartCount", 0},
            {"state", {{"terminated", terminated}}}};
}

}  // namespace

std::string ReportOf(const Versions& before, const Versions& after) {
    api::AgentReport report;
    report.phase = api::AgentPhase::Done;
    report.tool = "Alembic";
    report.identity = "7381234567890123456/16384";
    report.before = ReadingOf(before);
    report.after = ReadingOf(after);
    report.start_time = report.fence_time = report.end_time = Now();
    return api::Print(report);
}

std::string ReportOfError(std::string_view reason, const std::string& message) {
    api::AgentReport report;
    report.phase = api::AgentPhase::Refused;
    report.tool = "Alembic";
    report.error = {.reason = std::string(reason), .message = message};
    report.start_time = report.end_time = Now();
    return api::Print(report);
}

OperatorFixture::OperatorFixture(std::vector<std::string> extra_arguments)
    : kubectl_(namespace_.Name()), node_(kubectl_), client_(Administrator()) {
    OperatorProcess::Settings settings;
    settings.ns = Ns();
    settings.extra_arguments = std::move(extra_arguments);
    operator_ = std::make_unique<OperatorProcess>(std::move(settings));
}

OperatorFixture::~OperatorFixture() {
    if (HasFailure()) std::fprintf(stderr, "%s\n", Picture().c_str());
}

void OperatorFixture::SetUp() {
    StartOperator();
}

Json OperatorFixture::Get(const kube::Resource& resource, const std::string& name) const {
    auto object = client_.Get(resource, {Ns(), name});
    if (!object) throw std::runtime_error("there is no " + std::string(resource.kind) + " " + name + " in " + Ns());
    return std::move(*object);
}

bool OperatorFixture::Exists(const kube::Resource& resource, const std::string& name) const {
    return client_.Get(resource, {Ns(), name}).has_value();
}

std::vector<Json> OperatorFixture::List(const kube::Resource& resource, const std::string& selector) const {
    auto items = client_.List(resource, {.ns = Ns(), .label_selector = selector, .field_selector = {}}, 500).items;
    std::stable_sort(items.begin(), items.end(), [](const Json& a, const Json& b) {
        return a["metadata"]["creationTimestamp"] < b["metadata"]["creationTimestamp"];
    });
    return items;
}

Json OperatorFixture::Migration(const std::string& name) const {
    return Get(kube::kMigrations, name);
}

Json OperatorFixture::Database(const std::string& name) const {
    return Get(kube::kDatabases, name);
}

Json OperatorFixture::Deployment(const std::string& name) const {
    return Get(kube::kDeployments, name);
}

std::vector<Json> OperatorFixture::MigrationJobs() const {
    return List(kube::kJobs, "tidegate.io/role=migrate");
}

Json OperatorFixture::Condition(const Json& object, const std::string& type) {
    if (!object.contains("status")) return nullptr;
    for (const auto& condition : object["status"].value("conditions", Json::array())) {
        if (condition["type"] == type) return condition;
    }
    return nullptr;
}

std::string OperatorFixture::ReadyOf(const Json& object) {
    const auto ready = Condition(object, "Ready");
    return ready.is_null() ? "" : ready["status"].get<std::string>();
}

std::string OperatorFixture::MessageOf(const Json& object) {
    const auto ready = Condition(object, "Ready");
    return ready.is_null() ? "" : ready["message"].get<std::string>();
}

bool OperatorFixture::IsHeld(const Json& deployment) {
    return deployment["spec"].value("paused", false) &&
           deployment["metadata"].value("labels", Json::object()).value("tidegate.io/gate", "") == "held";
}

std::string OperatorFixture::WaitingFor(const std::string& deployment) const {
    return Deployment(deployment)["metadata"]
        .value("annotations", Json::object())
        .value(std::string(api::kWaitingForAnnotation), "");
}

std::vector<Json> OperatorFixture::EventsOf(const std::string& kind, const std::string& name) const {
    std::vector<Json> events;
    for (auto& event : List(kCoreEvents)) {
        if (event["involvedObject"]["kind"] == kind && event["involvedObject"]["name"] == name)
            events.push_back(std::move(event));
    }
    return events;
}

bool OperatorFixture::HasEvent(const std::string& kind, const std::string& name, const std::string& reason) const {
    const auto events = EventsOf(kind, name);
    return std::any_of(events.begin(), events.end(), [&](const Json& event) { return event["reason"] == reason; });
}

testing::AssertionResult OperatorFixture::Says(const kube::Resource& resource, const std::string& name,
                                               const std::string& reason) const {
    return Eventually(
        [&] {
            const auto object = Get(resource, name);
            const auto ready = Condition(object, "Ready");
            return !ready.is_null() && ready["reason"] == reason &&
                   ready["observedGeneration"] == object["metadata"]["generation"];
        },
        std::string(resource.kind) + " " + name + " says " + reason);
}

testing::AssertionResult OperatorFixture::MigrationSays(const std::string& reason, const std::string& name) const {
    return Says(kube::kMigrations, name, reason);
}

testing::AssertionResult OperatorFixture::DatabaseSays(const std::string& reason, const std::string& name) const {
    return Says(kube::kDatabases, name, reason);
}

testing::AssertionResult OperatorFixture::IsReady(const std::string& reason, const std::string& name) const {
    auto said = MigrationSays(reason, name);
    if (!said) return said;
    const auto object = Migration(name);
    if (ReadyOf(object) == "True" && Condition(object, "Stalled")["status"] == "False" &&
        Condition(object, "Reconciling")["status"] == "False")
        return testing::AssertionSuccess();
    return testing::AssertionFailure() << "Migration " << name << " is not ready: " << object["status"].dump(1);
}

testing::AssertionResult OperatorFixture::IsStalled(const std::string& reason, const std::string& name) const {
    auto said = MigrationSays(reason, name);
    if (!said) return said;
    const auto object = Migration(name);
    if (ReadyOf(object) == "False" && Condition(object, "Stalled")["status"] == "True" &&
        Condition(object, "Reconciling")["status"] == "False")
        return testing::AssertionSuccess();
    return testing::AssertionFailure() << "Migration " << name << " is not stalled: " << object["status"].dump(1);
}

testing::AssertionResult OperatorFixture::IsOpen(const std::string& deployment) const {
    return Eventually(
        [&] {
            const auto object = Deployment(deployment);
            return !object["spec"].value("paused", false) && !IsHeld(object);
        },
        "Deployment " + deployment + " is open");
}

testing::AssertionResult OperatorFixture::IsHeldWith(const std::string& words, const std::string& deployment) const {
    return Eventually(
        [&] { return IsHeld(Deployment(deployment)) && WaitingFor(deployment).find(words) != std::string::npos; },
        "Deployment " + deployment + " is held, with the words: " + words, support::kPatience,
        [&] { return "it waits for: " + WaitingFor(deployment); });
}

std::string OperatorFixture::ProbePod(const std::string& database) const {
    std::string found;
    const auto there = Eventually(
        [&] {
            const auto job = Database(database)["status"].value("probe", Json::object());
            if (job.contains("completionTime")) return false;
            for (const auto& pod : List(kube::kPods, "batch.kubernetes.io/job-name=" + job.value("jobName", "none")))
                found = pod["metadata"]["name"];
            return !found.empty();
        },
        "Database " + database + " is probed");
    if (!there) throw std::runtime_error(there.message());
    return found;
}

void OperatorFixture::AnswerProbe(const Versions& versions, const std::string& database) const {
    Finish(ProbePod(database), {{std::string(api::kAgentContainer), {.message = ReportOf({}, versions)}}});
}

std::string OperatorFixture::RunningJob(const std::string& migration) const {
    std::string job;
    const auto there = Eventually(
        [&] {
            const auto run = Migration(migration)["status"].value("run", Json::object());
            job = run.value("jobName", "");
            return run.value("active", false) && !job.empty() && Exists(kube::kJobs, job);
        },
        "Migration " + migration + " runs", support::kPatience, [this] { return Picture(); });
    if (!there) throw std::runtime_error(there.message());
    return job;
}

std::string OperatorFixture::PodOf(const std::string& job) const {
    std::string pod;
    const auto there = Eventually(
        [&] {
            const auto pods = List(kube::kPods, "batch.kubernetes.io/job-name=" + job);
            if (!pods.empty()) pod = pods.back()["metadata"]["name"];
            return !pods.empty();
        },
        "Job " + job + " has a pod");
    if (!there) throw std::runtime_error(there.message());
    return pod;
}

void OperatorFixture::FinishMigration(const std::string& job, const End& end) const {
    const std::string report = end.silent_agent ? "" : ReportOf(end.before, end.after);
    Finish(PodOf(job), {{std::string(api::kAgentContainer), {.message = report}},
                        {std::string(api::kMigrationContainer),
                         {.exit_code = end.exit_code,
                          .message = end.tail,
                          .reason = end.reason,
                          .signal = {},
                          .image_id = end.image_id}}});
}

void OperatorFixture::Finish(const std::string& pod, const std::map<std::string, support::ContainerEnd>& ends) const {
    const auto object = Get(kube::kPods, pod);
    Json status{{"phase", "Succeeded"}};
    for (const auto& [kind, field] :
         {std::pair{"initContainers", "initContainerStatuses"}, std::pair{"containers", "containerStatuses"}}) {
        for (const auto& container : object["spec"].value(kind, Json::array())) {
            const auto& end = ends.at(container["name"]);
            status[field].push_back(Ended(object, field, container, end));
            if (kind == std::string("containers") && end.exit_code != 0) status["phase"] = "Failed";
        }
    }
    PatchPodStatus(pod, status);
}

void OperatorFixture::PatchPodStatus(const std::string& pod, const Json& status) const {
    const auto written = client_.MergePatch(kube::kPods, {Ns(), pod}, {{"status", status}}, kube::Subresource::kStatus);
    if (!written.Done()) throw std::runtime_error("pod " + pod + ": " + written.message);
}

void OperatorFixture::MakeDatabase(const Versions& versions, const std::string& name) {
    auto object = DatabaseBuilder(name).Build();
    object["metadata"]["namespace"] = Ns();
    const auto made = client_.Create(kube::kDatabases, object);
    if (!made.Done()) throw std::runtime_error("Database " + name + ": " + made.message);
    AnswerProbe(versions, name);
    const auto read = DatabaseSays("VersionKnown", name);
    if (!read) throw std::runtime_error(read.message());
}

void OperatorFixture::Migrate(const std::string& version, const Versions& before, const std::string& name) {
    kubectl_.MustApply(MigrationBuilder(name).Version(version).Image("orders:" + version).Build());
    FinishMigration(RunningJob(name), {.before = before, .after = {version}});
    const auto done = IsReady("MigrationSucceeded", name);
    if (!done) throw std::runtime_error(done.message());
}

testing::AssertionResult OperatorFixture::RollsOut(const std::string& deployment) const {
    return Eventually(
        [&] {
            for (const auto& pod : List(kube::kPods, "app=" + deployment)) {
                const std::string name = pod["metadata"]["name"];
                if (pod["metadata"].contains("deletionTimestamp")) {
                    node_.FinishDeleted(name);
                } else if (pod["status"].value("phase", "") != "Running") {
                    node_.Start(name);
                }
            }
            const auto object = Deployment(deployment);
            const auto& status = object["status"];
            const int replicas = object["spec"]["replicas"];
            return status.value("observedGeneration", 0) == object["metadata"]["generation"] &&
                   status.value("updatedReplicas", 0) == replicas && status.value("replicas", 0) == replicas &&
                   status.value("availableReplicas", 0) == replicas;
        },
        deployment + " rolls out");
}

testing::AssertionResult OperatorFixture::IsQuiet(std::chrono::milliseconds quiet) const {
    std::size_t seen = 0;
    auto since = std::chrono::steady_clock::now();
    const OperatorWrites writes(Ns());
    return Eventually(
        [&] {
            const auto count = writes.Lines().size();
            const bool idle = operator_->Metric("workqueue_depth") == 0;
            const auto now = std::chrono::steady_clock::now();
            if (count != seen || !idle) {
                seen = count;
                since = now;
            }
            return now - since >= quiet;
        },
        "the operator writes nothing for " + std::to_string(quiet.count()) + " ms");
}

std::string OperatorFixture::Picture() const {
    std::string text = "--- namespace " + Ns() + "\n";
    try {
        for (const auto& resource : {kube::kDatabases, kube::kMigrations}) {
            for (const auto& object : List(resource)) {
                text += std::string(resource.kind) + " " + object["metadata"]["name"].get<std::string>() + " " +
                        object.value("status", Json::object()).dump(1) + "\n";
            }
        }
        for (const auto& job : List(kube::kJobs)) {
            text += "Job " + job["metadata"]["name"].get<std::string>() + " " +
                    job.value("status", Json::object()).dump() + "\n";
        }
        for (const auto& pod : List(kube::kPods)) {
            text += "Pod " + pod["metadata"]["name"].get<std::string>() + " " +
                    pod["metadata"].value("deletionTimestamp", "") + pod.value("status", Json::object()).dump() + "\n";
        }
        text += operator_->Log();
    } catch (const std::exception& exception) {
        text += exception.what();
    }
    return text;
}

}  // namespace test
