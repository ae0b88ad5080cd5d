#include <algorithm>
#include <atomic>
#include <chrono>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "benchmark/figures.hpp"
#include "benchmark/operator_requests.hpp"
#include "control_plane/controllers/operator_fixture.hpp"
#include "support/administrator.hpp"
#include "support/audit_log.hpp"
#include "support/memory_sampler.hpp"

/// From "proven" to "goes on": the built operator on a real API server with the real Deployment and Job controllers.
/// The pods of the migrations are played.
namespace benchmark {
namespace {

using Steady = std::chrono::steady_clock;
using support::AuditEntry;
using support::DeploymentBuilder;
using support::JobBuilder;
using support::MigrationBuilder;
using Json = nlohmann::json;

constexpr int kMigrations = 200;
constexpr int kHeld = 1000;
/// As many people, or pipelines, as apply at the same time.
constexpr int kWriters = 8;
/// Of 1,000 releases on a machine that does other things, too.
constexpr std::chrono::minutes kPatience{5};
/// A namespace in which a case failed may stay for ever: a pod of it that runs has no kubelet that ends it.
constexpr std::chrono::minutes kForLeftovers{2};
constexpr std::chrono::milliseconds kMemoryEvery{20};
/// The operator has done all that it wants to do.
constexpr std::chrono::milliseconds kQuiet{2000};
constexpr std::chrono::milliseconds kLookEvery{250};

std::string Version(int number) {
    std::ostringstream text;
    text.width(4);
    text.fill('0');
    text << number;
    return text.str();
}

/// How many are held, by a watch of its own: listing a thousand objects again and again would be what is measured.
class HeldCount final {
public:
    HeldCount(const std::string& ns, const kube::Resource& resource)
        : resource_(resource),
          scope_{.ns = ns, .label_selector = "tidegate.io/gate=held", .field_selector = {}},
          // Before anything is created.
          from_(support::Administrator().requests.List(resource_, scope_, 1).at),
          thread_([this](const std::stop_token& stop) { Watch(stop); }) {}

    int Now() const { return count_; }

private:
    void Watch(const std::stop_token& stop) {
        const auto count = [this](const kube::WatchEvent& event) {
            if (event.type == kube::WatchEvent::Type::kAdded) ++count_;
            if (event.type == kube::WatchEvent::Type::kDeleted) --count_;
        };
        support::Administrator().watches.Watch(resource_, scope_, from_, kPatience, count, stop);
    }

    const kube::Resource resource_;
    const kube::Scope scope_;
    const core::Revision from_;
    std::atomic<int> count_{0};
    std::jthread thread_;
};

class ReleaseBenchmark : public test::OperatorFixture {
protected:
    /// What the case before has left is work for the controllers, and for the API server.
    void SetUp() override {
        const auto is_gone = [this] {
            for (const auto& ns : kubectl_.List({"namespaces"})) {
                if (ns["status"]["phase"] == "Terminating") return false;
            }
            return true;
        };
        const auto gone = support::Eventually(is_gone, "the namespaces of earlier cases are gone", kForLeftovers);
        if (!gone) Print(std::string("(not alone: ") + gone.message() + ")");
        OperatorFixture::SetUp();
    }
    void Create(const kube::Resource& resource, Json object) const {
        object["metadata"]["namespace"] = Ns();
        const auto written = client_.Create(resource, object);
        if (!written.Done()) throw std::runtime_error(object["metadata"]["name"].dump() + ": " + written.message);
    }
    void Patch(const kube::Resource& resource, const std::string& name, const Json& patch) const {
        const auto written = client_.MergePatch(resource, {Ns(), name}, patch);
        if (!written.Done()) throw std::runtime_error(name + ": " + written.message);
    }
    /// Priority and fairness of the API server, as far as the operator's requests are concerned.
    std::string Fairness() const {
        double waited = 0, requests = 0, rejected = 0;
        std::istringstream metrics(kubectl_.Must({"get", "--raw", "/metrics"}));
        for (std::string line; std::getline(metrics, line);) {
            if (line.find("flow_schema=\"service-accounts\"") == std::string::npos) continue;
            const double value = std::stod(line.substr(line.rfind(' ') + 1));
            if (line.starts_with("apiserver_flowcontrol_request_wait_duration_seconds_sum")) waited += value;
            if (line.starts_with("apiserver_flowcontrol_request_wait_duration_seconds_count")) requests += value;
            if (line.starts_with("apiserver_flowcontrol_rejected_requests_total")) rejected += value;
        }
        return Number(waited * 1000, 1) + " ms waited by " + Number(requests, 0) + " requests, " + Number(rejected, 0) +
               " rejected";
    }
    /// Each with a thread of its own's share.
    void CreateMany(int count, const std::function<void(int)>& create) const {
        std::atomic<int> next{0};
        std::vector<std::jthread> writers;
        for (int i = 0; i < kWriters; ++i) {
            writers.emplace_back([&] {
                for (int number = next++; number < count; number = next++)
                    create(number);
            });
        }
    }
    /// Waits until it asks for nothing more. Looks seldom: what looks takes the processor from what is looked at.
    void WaitUntilQuiet() const {
        const auto end = Steady::now() + kPatience;
        double requests = -1;
        for (auto since = Steady::now(); Steady::now() - since < kQuiet; std::this_thread::sleep_for(kLookEvery)) {
            if (Steady::now() > end) throw std::runtime_error("the operator does not come to rest");
            const auto now = operator_->Metric("rest_client_requests_total");
            if (now != requests || operator_->Metric("workqueue_depth") > 0) since = Steady::now();
            requests = now;
        }
    }
    std::string Passes() const {
        const auto of = [this](const std::string& controller) {
            return Number(operator_->Metric("controller_runtime_reconcile_total", "controller=\"" + controller + "\""),
                          0);
        };
        return "passes so far: gate " + of("gate") + ", database " + of("database");
    }
    double Processor() const { return operator_->Metric("process_cpu_seconds_total"); }
    /// Holds, then releases kHeld workloads by one Migration.
    void HoldAndRelease(const std::string& kind, const kube::Resource& resource,
                        const std::function<Json(int)>& object);
    /// The patch that proved it: the Migration's last one before the release.
    static AuditEntry ProofBefore(const AuditEntry& release, const std::vector<AuditEntry>& patches) {
        const auto after = std::find_if(patches.begin(), patches.end(),
                                        [&](const auto& patch) { return patch.received > release.received; });
        if (after == patches.begin()) throw std::runtime_error("released, and no Migration was Ready");
        return *std::prev(after);
    }
};

TEST_F(ReleaseBenchmark, ReadyToReleased) {
    MakeDatabase({});
    Create(kube::kDeployments, DeploymentBuilder("web").Requires("orders@0001").Replicas(1).Build());
    Create(kube::kMigrations, MigrationBuilder("orders").Version("0001").Image("orders:1").Build());
    Samples samples;
    PrintLoad();
    for (int number = 1; number <= kMigrations; ++number) {
        const support::AuditLog log;
        const auto version = Version(number);
        if (number > 1) {
            Patch(kube::kDeployments, "web",
                  DeploymentBuilder("web").Requires("orders@" + version).Revision(number).Replicas(1).Build());
            Patch(kube::kMigrations, "orders",
                  {{"spec", {{"version", version}, {"image", "orders:" + std::to_string(number)}}}});
        }
        std::string job;
        ASSERT_TRUE(support::Eventually(
            [&] {
                job = RunningJob();
                return Migration()["status"]["run"].value("version", "") == version;
            },
            "the migration to " + version + " runs"));
        ASSERT_TRUE(IsHeldWith("orders", "web"));
        const auto before = number > 1 ? test::Versions{Version(number - 1)} : test::Versions{};
        FinishMigration(job, {.before = before, .after = {version}});
        ASSERT_TRUE(IsOpen("web"));
        // Nothing else is written before the next round: the last of each.
        ASSERT_TRUE(support::Eventually(
            [&] {
                const OperatorRequests requests(log, Ns());
                const auto releases = requests.Patches("deployments");
                const auto proofs = requests.Patches("migrations", "status");
                if (releases.empty() || proofs.empty() || releases.back().received < proofs.back().received)
                    return false;
                samples.push_back(
                    std::chrono::duration_cast<Duration>(releases.back().answered - proofs.back().answered));
                return true;
            },
            "the release is in the audit log"));
    }
    Print("Ready to released: " + Summary(samples) + " (goal: p99 100 ms)");
    PrintLoad();
}

void ReleaseBenchmark::HoldAndRelease(const std::string& kind, const kube::Resource& resource,
                                      const std::function<Json(int)>& object) {
    MakeDatabase({});
    PrintLoad();
    const HeldCount held(Ns(), resource);
    const support::MemorySampler memory([this] { return operator_->Pid(); }, kMemoryEvery);
    support::AuditLog log;
    const auto begin = Steady::now();
    CreateMany(kHeld, [&](int number) { Create(resource, object(number)); });
    const double created = std::chrono::duration<double>(Steady::now() - begin).count();
    ASSERT_TRUE(support::Eventually([&] { return held.Now() == kHeld; }, "all are held", kPatience));
    WaitUntilQuiet();
    const double said = std::chrono::duration<double>(Steady::now() - begin - kQuiet).count();
    Print(std::to_string(kHeld) + " " + kind + " held: created in " + Number(created, 1) +
          " s, told what they wait for by " + Number(said, 1) + " s; processor " + Number(Processor()) + " s");
    Print("  the operator's requests: " + OperatorRequests(log, Ns()).Text());
    Print("  " + Passes());

    log.Restart();
    Create(kube::kMigrations, MigrationBuilder("orders").Version("0001").Image("orders:1").Build());
    const auto job = RunningJob();
    node_.Start(PodOf(job));
    ASSERT_TRUE(MigrationSays("MigrationRunning"));
    WaitUntilQuiet();
    Print("  ... while the Migration begins: " + OperatorRequests(log, Ns()).Text());
    Print("  " + Passes());

    log.Restart();
    const auto fairness = Fairness();
    const double processor = Processor();
    FinishMigration(job, {.before = {}, .after = {"0001"}});
    ASSERT_TRUE(support::Eventually([&] { return held.Now() == 0; }, "all are released", kPatience));
    WaitUntilQuiet();
    const OperatorRequests requests(log, Ns());
    const auto releases = requests.Patches(std::string(resource.plural));
    ASSERT_FALSE(releases.empty());
    const auto proof = ProofBefore(releases.front(), requests.Patches("migrations", "status"));
    const auto after = [&](const AuditEntry& entry) {
        return Number(std::chrono::duration<double, std::milli>(entry.answered - proof.answered).count(), 0) + " ms";
    };
    Print("  released by one Migration, " + std::to_string(releases.size()) + " patches; from Ready to the first " +
          after(releases.front()) + ", to the half " + after(releases[releases.size() / 2]) + ", to the last " +
          after(releases.back()) + "; processor " + Number(Processor() - processor) + " s");
    Print("  the operator's requests: " + requests.Text());
    Print("  " + Passes());
    Print("  conflicts: " + std::to_string(requests.WithCode(409) + requests.WithCode(422)) +
          ", too many requests: " + std::to_string(requests.WithCode(429)));
    Print("  priority and fairness before: " + fairness + "; after: " + Fairness());
    double most = 0, most_anonymous = 0;
    for (const auto& sample : memory.Samples()) {
        most = std::max(most, sample.rss_kib);
        most_anonymous = std::max(most_anonymous, sample.anonymous_kib);
    }
    Print("  the operator's memory at most: RSS " + Number(most / 1024, 1) + " MiB, RssAnon " +
          Number(most_anonymous / 1024, 1) + " MiB");
    PrintLoad();
}

TEST_F(ReleaseBenchmark, ThousandDeploymentsByOneMigration) {
    HoldAndRelease("Deployments", kube::kDeployments, [](int number) {
        return DeploymentBuilder("web-" + std::to_string(number)).Requires("orders@0001").Replicas(1).Build();
    });
}

TEST_F(ReleaseBenchmark, ThousandJobsByOneMigration) {
    HoldAndRelease("Jobs", kube::kJobs, [](int number) {
        return JobBuilder("report-" + std::to_string(number)).Requires("orders@0001").Build();
    });
}

}  // namespace
}  // namespace benchmark
