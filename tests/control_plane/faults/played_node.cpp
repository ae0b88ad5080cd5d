#include "control_plane/faults/played_node.hpp"

#include <set>

#include "api/agent_report.hpp"
#include "api/names.hpp"
#include "core/json_access.hpp"
#include "kube/client.hpp"
#include "support/administrator.hpp"

namespace faults {
namespace {

using Json = nlohmann::json;
using core::TextAt;
using std::chrono::milliseconds;

constexpr char kNodeName[] = "played-node";
constexpr char kIdentity[] = "7381234567890123456/16384";
/// A request that failed, a fence that is held: looked at again after this.
constexpr milliseconds kAgain{30};

core::Time Now() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

version::Reading ReadingOf(const std::string& version) {
    version::Reading reading;
    reading.initialised = !version.empty();
    if (!version.empty()) reading.versions = {version};
    return reading;
}

Json State(const Json& container, Json state, bool ready) {
    return {{"name", container["name"]},
            {"image", container["image"]},
            {"imageID", container["image"].get<std::string>() + "@sha256:" + std::string(64, '0')},
            {"ready", ready},
            {"started", ready},
            {"restartCount", 0},
            {"state", std::move(state)}};
}

Json Running(const Json& container, bool ready) {
    return State(container, {{"running", {{"startedAt", core::FormatTime(Now())}}}}, ready);
}

Json Waiting(const Json& container, const std::string& reason, const std::string& message = {}) {
    Json waiting{{"reason", reason}};
    if (!message.empty()) waiting["message"] = message;
    return State(container, {{"waiting", waiting}}, false);
}

Json Ended(const Json& container, int exit_code, const std::string& message) {
    Json terminated{{"exitCode", exit_code},
                    {"reason", exit_code == 0 ? "Completed" : "Error"},
                    {"startedAt", core::FormatTime(Now())},
                    {"finishedAt", core::FormatTime(Now())}};
    if (!message.empty()) terminated["message"] = message;
    return State(container, {{"terminated", terminated}}, false);
}

Json Conditions(const Json& pod, bool initialized, bool ready) {
    const auto condition = [](const char* type, bool holds) {
        return Json{
            {"type", type}, {"status", holds ? "True" : "False"}, {"lastTransitionTime", core::FormatTime(Now())}};
    };
    Json conditions = Json::array({condition("PodScheduled", true), condition("Initialized", initialized),
                                   condition("ContainersReady", ready), condition("Ready", ready)});
    static const std::set<std::string> kOurs{"PodScheduled", "Initialized", "ContainersReady", "Ready"};
    for (const auto& other : core::ArrayAt(pod, {"status", "conditions"})) {
        if (!kOurs.contains(TextAt(other, {"type"}))) conditions.push_back(other);
    }
    return conditions;
}

bool IsMigration(const Json& pod) {
    return !core::ArrayAt(pod, {"spec", "initContainers"}).empty();
}

std::string DatabaseOf(const Json& pod) {
    return TextAt(pod, {"metadata", "annotations", api::kDatabaseAnnotation});
}

}  // namespace

PlayedNode::PlayedNode(std::string ns, std::shared_ptr<support::History> history, PlayedDatabase& databases,
                       Settings settings)
    : ns_(std::move(ns)), history_(std::move(history)), databases_(databases), settings_(settings) {
    history_->SetListener([this](const support::RecordedChange& change) {
        if (change.resource != "pods" || DatabaseOf(*change.object).empty()) return;
        const std::lock_guard lock(mutex_);
        pending_.insert(TextAt(*change.object, {"metadata", "name"}));
        changed_.notify_all();
    });
    worker_ = std::jthread([this](const std::stop_token& stop) { Work(stop); });
}

PlayedNode::~PlayedNode() {
    history_->SetListener(nullptr);
    worker_.request_stop();
    worker_.join();
}

void PlayedNode::Hold() {
    const std::lock_guard lock(mutex_);
    holds_ = true;
}

void PlayedNode::Release() {
    const std::lock_guard lock(mutex_);
    holds_ = false;
    changed_.notify_all();
}

void PlayedNode::SetSecret(bool is_there) {
    const std::lock_guard lock(mutex_);
    secret_ = is_there;
    changed_.notify_all();
}

void PlayedNode::Sleep() {
    const std::lock_guard lock(mutex_);
    sleeps_ = true;
}

void PlayedNode::Wake() {
    const std::lock_guard lock(mutex_);
    sleeps_ = false;
    changed_.notify_all();
}

void PlayedNode::Work(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        std::string name;
        {
            std::unique_lock lock(mutex_);
            const auto has_work = [&] {
                return !sleeps_ && (!pending_.empty() || (!later_.empty() && later_.begin()->first <= Steady::now()));
            };
            while (!has_work() && !stop.stop_requested()) {
                if (later_.empty() || sleeps_) {
                    changed_.wait(lock, stop, has_work);
                } else {
                    changed_.wait_until(lock, stop, later_.begin()->first, has_work);
                }
            }
            if (stop.stop_requested()) return;
            if (!pending_.empty()) {
                name = *pending_.begin();
                pending_.erase(pending_.begin());
            } else {
                name = later_.begin()->second;
                later_.erase(later_.begin());
            }
        }
        std::optional<milliseconds> again;
        try {
            again = Look(name);
        } catch (const std::exception&) {
            again = kAgain;  // the API server did not answer; a kubelet tries again
        }
        if (!again) continue;
        const std::lock_guard lock(mutex_);
        later_.emplace(Steady::now() + *again, name);
    }
}

std::optional<milliseconds> PlayedNode::Look(const std::string& name) {
    const auto pod = history_->Find("pods", name);
    if (!pod) return std::nullopt;
    auto& played = pods_[TextAt(*pod, {"metadata", "uid"})];
    if (core::FindAt(*pod, {"metadata", "deletionTimestamp"}) != nullptr) {
        Terminate(*pod, played);
        return std::nullopt;
    }
    if (played.final_status) {
        Report(*pod, played);
        return std::nullopt;
    }
    return Advance(*pod, played);
}

std::optional<milliseconds> PlayedNode::Advance(const Json& pod, Pod& played) {
    if (!played.bound) {
        Bind(pod);
        played.bound = true;
    }
    bool secret = false, holds = false;
    {
        const std::lock_guard lock(mutex_);
        secret = secret_;
        holds = holds_;
    }
    const auto database = DatabaseOf(pod);
    if (!secret && !played.run) {
        WriteWaiting(pod, played, std::string(api::kAgentContainer), "CreateContainerConfigError",
                     "secret \"" + database + "-db\" not found");
        return kAgain;
    }
    const auto& container = pod["spec"]["containers"][0];
    if (!IsMigration(pod)) {
        played.final_status = {{"phase", "Succeeded"},
                               {"conditions", Conditions(pod, true, false)},
                               {"containerStatuses", Json::array({Ended(container, 0, AgentReport(database, ""))})}};
        Report(pod, played);
        return std::nullopt;
    }
    const auto& agent = pod["spec"]["initContainers"][0];
    if (ParseScript(container["image"]).kind == Script::Kind::kAbsent) {
        WriteWaiting(pod, played, std::string(api::kMigrationContainer), "ImagePullBackOff", "no such image");
        return std::nullopt;
    }
    if (!played.run) {
        if (settings_.fence && databases_.Busy(database)) {
            WriteWaiting(pod, played, "", "PodInitializing", "");
            return kAgain;
        }
        played.before = databases_.Version(database);
        played.run = databases_.Began({.database = database,
                                       .job = TextAt(pod, {"metadata", "labels", api::kJobNameLabel}),
                                       .job_uid = TextAt(pod, {"metadata", "labels", api::kControllerUidLabel}),
                                       .pod_uid = TextAt(pod, {"metadata", "uid"}),
                                       .image = container["image"]});
        databases_.NoteBegin(*played.run, history_->Newest());
        Write(pod, {{"phase", "Running"},
                    {"conditions", Conditions(pod, true, true)},
                    {"initContainerStatuses", Json::array({Running(agent, true)})},
                    {"containerStatuses", Json::array({Running(container, true)})}});
        history_->Poke();
        // Its own status brings it back; what is deleted in between is seen.
        return milliseconds{0};
    }
    if (holds) return kAgain;
    const auto end = databases_.Ended(*played.run, history_->Newest());
    played.final_status = {
        {"phase", end.exit_code == 0 ? "Succeeded" : "Failed"},
        {"conditions", Conditions(pod, true, false)},
        {"initContainerStatuses", Json::array({Ended(agent, 0, AgentReport(database, played.before))})},
        {"containerStatuses", Json::array({Ended(container, end.exit_code, end.tail)})}};
    Report(pod, played);
    return std::nullopt;
}

void PlayedNode::Report(const Json& pod, Pod& played) {
    if (played.reported) return;
    const auto revision = Write(pod, *played.final_status);
    if (played.run) databases_.NoteEnd(*played.run, revision);
    played.reported = true;
    history_->Poke();
}

void PlayedNode::Terminate(const Json& pod, Pod& played) {
    if (!played.final_status && played.bound) {
        const auto& containers = pod["spec"]["containers"];
        Json status{{"phase", "Failed"}, {"conditions", Conditions(pod, played.run.has_value(), false)}};
        if (IsMigration(pod)) {
            const auto& agent = pod["spec"]["initContainers"][0];
            if (played.run) {
                const auto end = databases_.Killed(*played.run);
                status["containerStatuses"] = Json::array({Ended(containers[0], end.exit_code, end.tail)});
            } else {
                status["containerStatuses"] = Json::array({Waiting(containers[0], "PodInitializing")});
            }
            const auto report = played.run ? AgentReport(DatabaseOf(pod), played.before) : std::string();
            status["initContainerStatuses"] = Json::array({Ended(agent, 0, report)});
        } else {
            status["containerStatuses"] = Json::array({Ended(containers[0], 137, "")});
        }
        played.final_status = std::move(status);
    }
    if (played.final_status) Report(pod, played);
    if (core::NumberAt(pod, {"metadata", "deletionGracePeriodSeconds"}).value_or(1) == 0)
        return;  // only finalizers hold it
    // As the kubelet does when all containers have ended.
    support::DeleteNow(kube::kPods, {ns_, TextAt(pod, {"metadata", "name"})}, TextAt(pod, {"metadata", "uid"}));
}

void PlayedNode::Bind(const Json& pod) {
    if (!TextAt(pod, {"spec", "nodeName"}).empty()) return;
    const auto name = TextAt(pod, {"metadata", "name"});
    support::BindPod({ns_, name}, kNodeName);
}

std::uint64_t PlayedNode::Write(const Json& pod, const Json& status) {
    const core::ObjectKey key{ns_, TextAt(pod, {"metadata", "name"})};
    // Of this pod and no other of its name.
    const Json patch{{"metadata", {{"uid", pod["metadata"]["uid"]}}}, {"status", status}};
    const auto written =
        support::Administrator().requests.MergePatch(kube::kPods, key, patch, kube::Subresource::kStatus);
    return written.Done() ? written.revision.value : history_->Newest();
}

void PlayedNode::WriteWaiting(const Json& pod, Pod& played, const std::string& container, const std::string& reason,
                              const std::string& message) {
    if (played.written == reason) return;
    played.written = reason;
    Json status{{"phase", "Pending"}, {"conditions", Conditions(pod, false, false)}};
    for (const auto& [kind, field] :
         {std::pair{"initContainers", "initContainerStatuses"}, std::pair{"containers", "containerStatuses"}}) {
        for (const auto& one : core::ArrayAt(pod, {"spec", kind})) {
            const bool is_it = one["name"] == container;
            const bool is_agent = kind == std::string("initContainers");
            status[field].push_back(is_it      ? Waiting(one, reason, message)
                                    : is_agent ? Running(one, !container.empty())
                                               : Waiting(one, "PodInitializing"));
        }
    }
    Write(pod, status);
}

std::string PlayedNode::AgentReport(const std::string& database, const std::string& before) const {
    api::AgentReport report;
    report.phase = api::AgentPhase::Done;
    report.tool = "Alembic";
    report.identity = kIdentity;
    report.before = ReadingOf(before);
    report.after = ReadingOf(databases_.Version(database));
    report.start_time = report.fence_time = report.end_time = Now();
    return api::Print(report);
}

}  // namespace faults
