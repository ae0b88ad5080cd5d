#include "control_plane/fuzz/played_node.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

#include "api/names.hpp"
#include "core/json_access.hpp"
#include "kube/errors.hpp"
#include "kube/resources.hpp"

namespace test {
namespace {

constexpr std::chrono::seconds kWatchTime{240};
constexpr int kKilled = 137;

std::string Now() {
    return core::FormatTime(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
}

bool IsMigration(const Json& pod) {
    return pod["metadata"]["labels"].value(std::string(api::kRoleLabel), "") == api::kRoleMigrate;
}

bool IsOver(const Json& pod) {
    const auto phase = core::TextAt(pod, {"status", "phase"});
    return phase == "Succeeded" || phase == "Failed";
}

bool IsRunning(const Json& pod) {
    return core::TextAt(pod, {"status", "phase"}) == "Running";
}

std::string JobOf(const Json& pod) {
    return pod["metadata"]["labels"].value(std::string(api::kJobNameLabel), "");
}

std::string DatabaseOf(const Json& pod) {
    return pod["metadata"]["annotations"].value(std::string(api::kDatabaseAnnotation), "");
}

Json Status(const Json& container, const Json& state) {
    return {{"name", container["name"]},
            {"image", container["image"]},
            {"imageID", container["image"].get<std::string>() + "@sha256:" + std::string(64, '0')},
            {"ready", state.contains("running")},
            {"started", state.contains("running")},
            {"restartCount", 0},
            {"state", state}};
}

/// The status of all containers; `state` is asked for each.
Json Statuses(const Json& pod, const std::string& phase, const std::function<Json(const std::string&)>& state) {
    Json status{{"phase", phase}, {"startTime", Now()}};
    for (const auto& [kind, field] :
         {std::pair{"initContainers", "initContainerStatuses"}, std::pair{"containers", "containerStatuses"}}) {
        for (const auto& container : pod["spec"].value(kind, Json::array()))
            status[field].push_back(Status(container, state(container["name"])));
    }
    return status;
}

Json Terminated(const Json& pod, int exit_code, const std::string& message) {
    const auto began = core::TextAt(pod, {"status", "startTime"});
    Json terminated{{"exitCode", exit_code},
                    {"reason", exit_code == 0 ? "Completed" : "Error"},
                    {"startedAt", began.empty() ? Now() : began},
                    {"finishedAt", Now()}};
    if (!message.empty()) terminated["message"] = message;
    return {{"terminated", terminated}};
}

}  // namespace

std::string WantedVersion(const Json& pod) {
    for (const char* kind : {"initContainers", "containers"}) {
        for (const auto& container : pod["spec"].value(kind, Json::array())) {
            for (const auto& variable : container.value("env", Json::array())) {
                if (variable["name"] == api::kAgentWanted) return variable.value("value", "");
            }
        }
    }
    return {};
}

PlayedNode::PlayedNode(kube::Client client, std::string ns, Command command, std::chrono::milliseconds settle)
    : client_(std::move(client)), ns_(std::move(ns)), command_(std::move(command)), settle_(settle) {
    watcher_ = std::jthread([this](const std::stop_token& stop) { Watch(stop); });
    player_ = std::jthread([this](const std::stop_token& stop) { Play(stop); });
}

PlayedNode::~PlayedNode() {
    watcher_ = {};
    player_ = {};
}

void PlayedNode::KeepRunning() {
    const std::lock_guard lock(mutex_);
    keep_running_ = true;
}

void PlayedNode::LetEnd() {
    const std::lock_guard lock(mutex_);
    keep_running_ = false;
    for (const auto& [name, pod] : pods_)
        due_.insert(name);
    changed_.notify_all();
}

std::vector<PlayedNode::Run> PlayedNode::Runs() const {
    const std::lock_guard lock(mutex_);
    return runs_;
}

Versions PlayedNode::VersionsOf(const std::string& database) const {
    const std::lock_guard lock(mutex_);
    const auto found = databases_.find(database);
    return found == databases_.end() ? Versions{} : found->second;
}

void PlayedNode::Watch(const std::stop_token& stop) {
    const kube::Scope scope{.ns = ns_, .label_selector = std::string(api::kRoleLabel), .field_selector = {}};
    const auto note = [this](const Json& pod, bool is_gone) {
        const std::lock_guard lock(mutex_);
        const std::string name = pod["metadata"]["name"];
        if (is_gone) {
            pods_.erase(name);
            return;
        }
        pods_[name] = pod;
        due_.insert(name);
        changed_.notify_all();
    };
    while (!stop.stop_requested()) {
        try {
            const auto page = client_.List(kube::kPods, scope, 500, {}, stop);
            for (const auto& pod : page.items)
                note(pod, false);
            client_.Watch(
                kube::kPods, scope, page.at, kWatchTime,
                [&](const kube::WatchEvent& event) {
                    if (event.type == kube::WatchEvent::Type::kBookmark) return;
                    note(event.object, event.type == kube::WatchEvent::Type::kDeleted);
                },
                stop);
        } catch (const kube::Error&) {
            // Listed again.
        }
    }
}

void PlayedNode::Play(const std::stop_token& stop) {
    while (true) {
        std::string name;
        {
            std::unique_lock lock(mutex_);
            const auto next = std::min_element(settling_.begin(), settling_.end(),
                                               [](const auto& a, const auto& b) { return a.second < b.second; });
            const auto is_due = [this] { return !due_.empty(); };
            if (next == settling_.end()) {
                changed_.wait(lock, stop, is_due);
            } else if (!changed_.wait_until(lock, stop, next->second, is_due)) {
                due_.insert(next->first);
            }
            if (stop.stop_requested()) return;
            name = *due_.begin();
            due_.erase(due_.begin());
        }
        bool again = false;
        try {
            again = Step(name);
        } catch (const kube::Error&) {
            again = true;
        }
        if (!again) continue;
        const std::lock_guard lock(mutex_);
        due_.insert(name);
    }
}

/// Binds the pod and lets its agent look at the fence; true once it has seen enough.
bool PlayedNode::HasSettled(const Json& pod) {
    const std::string name = pod["metadata"]["name"];
    if (settle_.count() == 0 || !IsMigration(pod)) {
        Bind(pod);
        return true;
    }
    bool is_new = false;
    {
        const std::lock_guard lock(mutex_);
        const auto now = std::chrono::steady_clock::now();
        const auto [place, inserted] = settling_.emplace(name, now + settle_);
        is_new = inserted;
        if (!inserted && place->second <= now) {
            // Stays known as settled: its entry may not wake anybody any more.
            settled_.insert(name);
            settling_.erase(place);
            return true;
        }
        if (settled_.contains(name)) {
            settling_.erase(name);
            return true;
        }
    }
    if (is_new) {
        Bind(pod);
        StartAgent(pod);
    }
    return false;
}

/// True: to be looked at again although no event comes.
bool PlayedNode::Step(const std::string& name) {
    Json pod;
    bool keeps_running = false;
    {
        const std::lock_guard lock(mutex_);
        const auto found = pods_.find(name);
        const bool is_waiting =
            found != pods_.end() && !IsOver(found->second) && !found->second["metadata"].contains("deletionTimestamp");
        if (!is_waiting) settling_.erase(name);
        if (found == pods_.end()) return false;
        pod = found->second;
        keeps_running = keep_running_;
        // An ended container stays as it ended, whatever older event is looked at again.
        if (ended_.contains(name) && !pod["metadata"].contains("deletionTimestamp")) return false;
    }
    if (pod["metadata"].contains("deletionTimestamp")) {
        if (!IsOver(pod)) EndDeleted(pod);
        client_.Delete(kube::kPods, {ns_, name}, {.uid = {core::TextAt(pod, {"metadata", "uid"})}, .revision = {}});
    } else if (IsOver(pod)) {
        return false;
    } else if (!IsRunning(pod)) {
        if (!HasSettled(pod)) return false;
        Start(pod);
    } else if (!IsMigration(pod) || !keeps_running) {
        End(pod);
    }
    return false;
}

void PlayedNode::Bind(const Json& pod) const {
    const std::string name = pod["metadata"]["name"];
    if (pod["spec"].contains("nodeName")) return;
    // A subresource that the client has no word for: only nodes and schedulers bind.
    const std::string binding = "pods/" + name + "/binding";
    client_.Create({"", "v1", binding.c_str(), "Binding"}, {{"apiVersion", "v1"},
                                                            {"kind", "Binding"},
                                                            {"metadata", {{"namespace", ns_}, {"name", name}}},
                                                            {"target", {{"kind", "Node"}, {"name", "played"}}}});
}

/// The agent runs and the migration waits for it.
void PlayedNode::StartAgent(const Json& pod) const {
    const std::string now = Now();
    auto status = Statuses(pod, "Pending", [&](const std::string& container) {
        if (container == api::kMigrationContainer) return Json{{"waiting", {{"reason", "PodInitializing"}}}};
        return Json{{"running", {{"startedAt", now}}}};
    });
    for (auto& agent : status["initContainerStatuses"])
        agent["started"] = false;
    WriteStatus(pod, status);
}

void PlayedNode::Start(const Json& pod) const {
    const std::string now = Now();
    WriteStatus(pod, Statuses(pod, "Running", [&](const std::string&) {
                    return Json{{"running", {{"startedAt", now}}}};
                }));
}

void PlayedNode::End(const Json& pod) {
    const auto database = DatabaseOf(pod);
    const auto before = VersionsOf(database);
    {
        const std::lock_guard lock(mutex_);
        ended_.insert(pod["metadata"]["name"]);
    }
    if (!IsMigration(pod)) {
        WriteStatus(pod, Statuses(pod, "Succeeded",
                                  [&](const std::string&) { return Terminated(pod, 0, ReportOf({}, before)); }));
        return;
    }
    const auto effect = command_(pod, before);
    const auto after = effect.versions.value_or(before);
    {
        const std::lock_guard lock(mutex_);
        runs_.push_back({JobOf(pod), pod["metadata"]["name"], database, WantedVersion(pod), effect.exit_code});
        databases_[database] = after;
    }
    WriteStatus(pod, Statuses(pod, effect.exit_code == 0 ? "Succeeded" : "Failed", [&](const std::string& container) {
                    const bool is_ours = container == api::kMigrationContainer;
                    return Terminated(pod, is_ours ? effect.exit_code : 0,
                                      container == api::kAgentContainer ? ReportOf(before, after) : "");
                }));
}

void PlayedNode::EndDeleted(const Json& pod) const {
    const bool was_running = IsRunning(pod);
    WriteStatus(pod, Statuses(pod, "Failed", [&](const std::string& container) {
                    const bool is_ours = container == api::kMigrationContainer;
                    if (is_ours && !was_running) return Json{{"waiting", {{"reason", "PodInitializing"}}}};
                    return Terminated(pod, is_ours ? kKilled : 0, "");
                }));
}

void PlayedNode::WriteStatus(const Json& pod, const Json& status) const {
    client_.MergePatch(kube::kPods, {ns_, pod["metadata"]["name"]}, {{"status", status}}, kube::Subresource::kStatus);
}

}  // namespace test
