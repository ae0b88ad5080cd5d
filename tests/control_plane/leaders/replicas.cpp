#include "control_plane/leaders/replicas.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "core/json_access.hpp"
#include "kube/kubeconfig.hpp"
#include "support/control_plane.hpp"

namespace test {
namespace {

using std::chrono::milliseconds;

constexpr kube::Resource kRoles{"rbac.authorization.k8s.io", "v1", "roles", "Role"};
constexpr kube::Resource kRoleBindings{"rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"};

/// Less than the real agent takes, so that the operator has less time here.
constexpr milliseconds kSettle{1000};

/// A hand-over, a probe and a run, on a machine that is busy with all scenarios at once.
constexpr milliseconds kUntilReady{120000};

kube::Clients Connect() {
    kube::InitialiseThreadPool();
    return kube::Connect(kube::LoadKubeconfig(support::ControlPlane::Get().AdminKubeconfig()),
                         {.user_agent = "tidegate/test", .field_manager = "test"});
}

/// Now, as the audit log prints times.
std::string Now() {
    const auto now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
    std::string text = core::FormatTime(seconds);
    text.pop_back();  // Z
    const auto micros = std::to_string((now - seconds).count());
    return text + "." + std::string(6 - micros.size(), '0') + micros + "Z";
}

void Must(const kube::Written& written, const std::string& what) {
    if (!written.Done()) throw std::runtime_error(what + ": " + written.message);
}

Json InNamespace(Json object, const std::string& ns) {
    object["metadata"]["namespace"] = ns;
    return object;
}

}  // namespace

void Findings::Violation(const std::string& scenario, const std::string& text) {
    const std::lock_guard lock(mutex_);
    violations_.push_back(scenario + ": " + text);
}

void Findings::HandOver(const std::string& kind, milliseconds took) {
    const std::lock_guard lock(mutex_);
    hand_overs_[kind].push_back(took);
}

void Findings::Note(const std::string& text) {
    const std::lock_guard lock(mutex_);
    notes_.push_back(text);
}

std::vector<std::string> Findings::Violations() const {
    const std::lock_guard lock(mutex_);
    return violations_;
}

std::vector<milliseconds> Findings::HandOvers(const std::string& kind) const {
    const std::lock_guard lock(mutex_);
    const auto found = hand_overs_.find(kind);
    return found == hand_overs_.end() ? std::vector<milliseconds>{} : found->second;
}

std::vector<std::string> Findings::Notes() const {
    const std::lock_guard lock(mutex_);
    return notes_;
}

Replicas::Replicas(std::string scenario, Findings& findings)
    : scenario_(std::move(scenario)),
      findings_(findings),
      clients_(Connect()),
      client_(clients_.requests),
      history_(namespace_.Name()) {
    GrantLease();
    for (const auto& [name, source] : {std::pair{"replica-a", "127.0.0.2"}, std::pair{"replica-b", "127.0.0.3"}}) {
        Replica replica{name, std::make_unique<Wire>(source), nullptr};
        OperatorProcess::Settings settings;
        settings.ns = Ns();
        settings.kubeconfig = replica.wire->Kubeconfig();
        settings.extra_arguments = {"--leader-elect=true"};
        settings.environment = {{"POD_NAMESPACE", Ns()}, {"POD_NAME", name}};
        replica.process = std::make_unique<OperatorProcess>(std::move(settings));
        replicas_.push_back(std::move(replica));
    }
    node_ = std::make_unique<PlayedNode>(
        clients_.watches, Ns(),
        [](const Json& pod, const Versions&) {
            return PlayedNode::Effect{.exit_code = 0, .versions = Versions{WantedVersion(pod)}};
        },
        kSettle);
}

/// As the chart does for the operator's own namespace.
void Replicas::GrantLease() const {
    const std::string group = "rbac.authorization.k8s.io";
    Must(client_.Create(kRoles, {{"apiVersion", group + "/v1"},
                                 {"kind", "Role"},
                                 {"metadata", {{"name", "leases"}, {"namespace", Ns()}}},
                                 {"rules", Json::array({{{"apiGroups", {"coordination.k8s.io"}},
                                                         {"resources", {"leases"}},
                                                         {"verbs", {"get", "create", "update"}}}})}}),
         "Role");
    Must(client_.Create(
             kRoleBindings,
             {{"apiVersion", group + "/v1"},
              {"kind", "RoleBinding"},
              {"metadata", {{"name", "leases"}, {"namespace", Ns()}}},
              {"roleRef", {{"apiGroup", group}, {"kind", "Role"}, {"name", "leases"}}},
              {"subjects",
               Json::array({{{"kind", "User"}, {"apiGroup", group}, {"name", std::string(support::kOperatorUser)}}})}}),
         "RoleBinding");
}

void Replicas::Wait(const std::function<bool()>& condition, const std::string& what, milliseconds patience) const {
    const auto result = support::Eventually(condition, what, patience);
    if (!result) throw std::runtime_error(result.message());
}

std::string Replicas::Holder() const {
    const auto lease = client_.Get(kube::kLeases, {Ns(), "tidegate"});
    return lease ? core::TextAt(*lease, {"spec", "holderIdentity"}) : "";
}

Replica& Replicas::Leader() {
    return Holder().starts_with(A().name) ? A() : B();
}

Replica& Replicas::Follower() {
    return Holder().starts_with(A().name) ? B() : A();
}

void Replicas::Start() {
    A().process->Start();
    WaitForLeader(A(), Steady::now());
    B().process->Start();
}

Replicas::Succeeded Replicas::WaitForLeader(const Replica& replica, Steady::time_point from,
                                            milliseconds patience) const {
    Steady::duration slowest{};
    Wait(
        [&] {
            const auto asked = Steady::now();
            const auto holder = Holder();
            slowest = std::max(slowest, Steady::now() - asked);
            return holder.starts_with(replica.name);
        },
        replica.name + " holds the Lease", patience);
    return {std::chrono::duration_cast<milliseconds>(Steady::now() - from),
            std::chrono::duration_cast<milliseconds>(slowest)};
}

void Replicas::WaitForEnd(Replica& replica, milliseconds patience) const {
    Wait([&] { return !replica.process->Running(); }, replica.name + " ends", patience);
}

void Replicas::CreateDatabase(const std::string& name) const {
    Must(client_.Create(kube::kDatabases, InNamespace(support::DatabaseBuilder(name).Build(), Ns())), "Database");
}

void Replicas::MakeDatabase(const std::string& name) const {
    CreateDatabase(name);
    WaitUntilRead(name);
}

void Replicas::WaitUntilRead(const std::string& name) const {
    Wait(
        [&] {
            const auto database = client_.Get(kube::kDatabases, {Ns(), name});
            return database && !core::TextAt(*database, {"status", "verifiedTime"}).empty();
        },
        "Database " + name + " is read");
}

void Replicas::Apply(const std::string& version, const std::string& name) const {
    const auto object =
        InNamespace(support::MigrationBuilder(name).Version(version).Image("orders:" + version).Build(), Ns());
    const auto made = client_.Create(kube::kMigrations, object);
    if (made.outcome == kube::Outcome::kAlreadyExists) {
        Must(client_.MergePatch(kube::kMigrations, {Ns(), name}, {{"spec", object["spec"]}}), "Migration");
        return;
    }
    Must(made, "Migration");
}

void Replicas::Require(const std::string& requirement, const std::string& name) const {
    Must(client_.Create(kube::kDeployments,
                        InNamespace(support::DeploymentBuilder(name).Requires(requirement).Build(), Ns())),
         "Deployment");
}

void Replicas::WaitForRunningPod(const std::string& name) const {
    Wait(
        [&] {
            for (const auto& pod :
                 client_
                     .List(kube::kPods,
                           {.ns = Ns(), .label_selector = "tidegate.io/role=migrate", .field_selector = {}}, 100)
                     .items) {
                if (pod["metadata"]["annotations"].value("tidegate.io/migration-name", "") == name &&
                    core::TextAt(pod, {"status", "phase"}) == "Running")
                    return true;
            }
            return false;
        },
        "a pod of Migration " + name + " runs", kUntilReady);
}

void Replicas::WaitUntilReady(const std::string& name) const {
    Wait(
        [&] {
            const auto migration = client_.Get(kube::kMigrations, {Ns(), name});
            if (!migration) return false;
            const auto ready = ConditionOf(*migration, "Ready");
            const auto database =
                client_.Get(kube::kDatabases, {Ns(), core::TextAt(*migration, {"spec", "databaseRef", "name"})});
            return !ready.is_null() && ready["status"] == "True" &&
                   ready["observedGeneration"] == (*migration)["metadata"]["generation"] && database &&
                   !core::BoolAt(*database, {"status", "active"});
        },
        "Migration " + name + " is Ready", kUntilReady);
}

void Replicas::Supersedes(const Replica& successor, const Replica& former) {
    successions_.push_back({former.wire->Source(), successor.name, Now(), ""});
}

void Replicas::Restart(Replica& replica) {
    for (auto& succession : successions_) {
        if (succession.former == replica.wire->Source() && succession.until.empty()) succession.until = Now();
    }
    replica.process->Start();
}

}  // namespace test
