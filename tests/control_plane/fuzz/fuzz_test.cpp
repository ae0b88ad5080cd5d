// Walks over valid and invalid Databases and Migrations, made from the CRDs' schemas, on the real API server with the
// real operator. TIDEGATE_FUZZ_WALKS walks (100) of 10 steps from seed TIDEGATE_FUZZ_SEED (1) on.
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <gtest/gtest.h>

#include "control_plane/fuzz/mirror.hpp"
#include "control_plane/fuzz/persisted.hpp"
#include "control_plane/fuzz/played_node.hpp"
#include "control_plane/fuzz/walk.hpp"
#include "control_plane/leaders/history.hpp"
#include "kube/clients.hpp"
#include "kube/kubeconfig.hpp"
#include "support/control_plane.hpp"

namespace test {
namespace {

constexpr kube::Resource kDefinitions{"apiextensions.k8s.io", "v1", "customresourcedefinitions",
                                      "CustomResourceDefinition", false};
/// Each namespace costs the operator six watches and the test two.
constexpr std::size_t kNamespaces = 6;
/// Walks at a time: most of a walk is waiting for the Job controller, which looks at an ended pod after a second.
constexpr std::size_t kWalkers = 24;
constexpr int kSteps = 10;
/// A successful run has five writes of its own, a probe two, a condition one; a step makes less than one of each, and
/// the first and final specs make one each.
constexpr std::size_t kMostWritesPerStep = 12;

int FromEnvironment(const char* name, int otherwise) {
    const char* text = std::getenv(name);
    return text != nullptr ? std::atoi(text) : otherwise;
}

/// The rule of the played migrations: ["migrate", ...] reaches the version that is asked for, with "fail" it does not,
/// anything else is no command.
PlayedNode::Effect Play(const Json& pod, const Versions&) {
    const auto& command = pod["spec"]["containers"][0]["command"];
    if (command[0] != "migrate") return {.exit_code = 127, .versions = {}};
    for (const auto& word : command) {
        if (word == "fail") return {.exit_code = 3, .versions = {}};
    }
    const auto wanted = WantedVersion(pod);
    if (wanted.empty()) return {.exit_code = 0, .versions = {}};
    return {.exit_code = 0, .versions = Versions{wanted}};
}

/// Namespaces with a node each, and one operator for all of them.
class Ground final {
public:
    Ground() : clients_(Connect()) {
        std::string names;
        for (std::size_t i = 0; i < kNamespaces; ++i) {
            namespaces_.push_back(std::make_unique<support::Namespace>());
            const auto& name = namespaces_.back()->Name();
            nodes_.push_back(std::make_unique<PlayedNode>(clients_.watches, name, Play));
            histories_.emplace_back(name);
            mirrors_.push_back(std::make_unique<Mirror>(clients_.watches, name));
            names += (names.empty() ? "" : ",") + name;
        }
        operator_ = std::make_unique<OperatorProcess>(OperatorProcess::Settings{.ns = names});
        operator_->Start();
        pid_ = operator_->Pid();
    }

    const std::string& Namespace(std::size_t i) const { return namespaces_[i % kNamespaces]->Name(); }
    const Mirror& MirrorOf(std::size_t i) const { return *mirrors_[i % kNamespaces]; }
    FuzzedKind Kind(const kube::Resource& resource) const {
        return {resource, *clients_.requests.Get(kDefinitions, {"", resource.QualifiedName()})};
    }
    OperatorProcess& Operator() { return *operator_; }
    bool IsAlive() { return operator_->Running() && operator_->Pid() == pid_; }
    void Restart() {
        operator_->Kill();
        operator_->Start();
        pid_ = operator_->Pid();
    }
    std::size_t Writes() const {
        std::size_t count = 0;
        for (const auto& history : histories_) {
            count += history.Count([](const HistoryEntry& write) {
                return write.user == support::kOperatorUser && write.resource != "events" && write.Done();
            });
        }
        return count;
    }

    void CheckQuiet(FuzzReport& report) {
        std::size_t seen = 0, logged = 0;
        auto since = std::chrono::steady_clock::now();
        const auto quiet = support::Eventually(
            [&] {
                const auto count = Writes(), log = operator_->Log().size();
                if (count != seen || log != logged) since = std::chrono::steady_clock::now();
                seen = count;
                logged = log;
                return std::chrono::steady_clock::now() - since >= std::chrono::milliseconds{1000};
            },
            "quiet");
        if (!quiet) {
            const auto log = operator_->Log();
            report.Violation("I7: no second without a write or a line in the log within 30 s; the log ends with\n" +
                             log.substr(log.size() - std::min<std::size_t>(log.size(), 3000)));
        }
    }

    void CheckLog(FuzzReport& report) const {
        std::istringstream lines(operator_->Log());
        int errors = 0;
        for (std::string line; std::getline(lines, line);) {
            const bool is_defect = line.find("defect of Tidegate") != std::string::npos ||
                                   line.find("too many steps") != std::string::npos;
            errors += line.find("\"level\":\"error\"") != std::string::npos ? 1 : 0;
            if (is_defect) report.Violation("the operator says: " + line.substr(0, 600));
        }
        std::printf("lines of level error in the operator's log: %d\n", errors);
    }

private:
    static kube::Clients Connect() {
        kube::InitialiseThreadPool();
        return kube::Connect(kube::LoadKubeconfig(support::ControlPlane::Get().AdminKubeconfig()),
                             {.user_agent = "tidegate/test", .field_manager = "test"});
    }

    kube::Clients clients_;
    std::vector<std::unique_ptr<support::Namespace>> namespaces_;
    std::vector<std::unique_ptr<PlayedNode>> nodes_;
    std::vector<std::unique_ptr<Mirror>> mirrors_;
    std::vector<History> histories_;
    std::unique_ptr<OperatorProcess> operator_;
    pid_t pid_ = 0;
};

/// Many at a time; `work` is called with 0, 1, 2, ...
void InParallel(int count, const std::function<void(int)>& work) {
    std::atomic<int> next{0};
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < std::min<std::size_t>(kWalkers, static_cast<std::size_t>(count)); ++i) {
        threads.emplace_back([&] {
            for (int n = next++; n < count; n = next++)
                work(n);
        });
    }
}

TEST(CustomResourceFuzz, EveryPathEndsInTheSameState) {
    const int walks = FromEnvironment("TIDEGATE_FUZZ_WALKS", 100);
    const int first = FromEnvironment("TIDEGATE_FUZZ_SEED", 1);
    const auto began = std::chrono::steady_clock::now();
    const auto elapsed = [&](const char* what) {
        std::printf("%5.1f s: %s\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(),
                    what);
        std::fflush(stdout);
    };
    std::printf("seeds %d to %d\n", first, first + walks - 1);
    FuzzReport report;
    Ground ground;
    const auto database = ground.Kind(kube::kDatabases), migration = ground.Kind(kube::kMigrations);
    const Walk::Kinds kinds{database, migration};
    RawApi api;

    Walk straight(api, ground.MirrorOf(0), kinds, ground.Namespace(0), 0, report);
    straight.Wander(0);
    ASSERT_TRUE(straight.Arrive()) << testing::PrintToString(report.Violations());
    const auto expected = straight.EndState();
    ASSERT_EQ(expected["migration"]["conditions"]["Ready"], "True MigrationSucceeded") << expected.dump(1);
    ASSERT_EQ(expected["database"]["version"], kFinalVersion);

    InParallel(walks, [&](int n) {
        const auto place = static_cast<std::size_t>(n);
        Walk walk(api, ground.MirrorOf(place), kinds, ground.Namespace(place), static_cast<unsigned>(first + n),
                  report);
        try {
            walk.Wander(kSteps);
            if (++report.walks % 100 == 0) elapsed("another hundred walks");
            if (!walk.Arrive()) return;
            const auto state = walk.EndState();
            if (state != expected) walk.Violation("another end state: " + Json::diff(expected, state).dump());
        } catch (const std::exception& error) {
            walk.Violation(error.what());
        }
    });
    elapsed("all walks have ended");
    ground.CheckQuiet(report);
    const auto steps = static_cast<std::size_t>(report.transitions + 2 * walks);
    if (const auto writes = ground.Writes(); writes > kMostWritesPerStep * steps)
        report.Violation(std::to_string(writes) + " writes for " + std::to_string(steps) + " steps");
    else
        std::printf("%zu writes of the operator\n", writes);

    const int persisted = FromEnvironment("TIDEGATE_FUZZ_PERSISTED", 40);
    ASSERT_NO_FATAL_FAILURE(PersistInvalid(api, kinds, persisted, first, report, InParallel,
                                           {[&](std::size_t i) { return ground.Namespace(i); },
                                            [&](std::size_t i) -> const Mirror& { return ground.MirrorOf(i); },
                                            [&] { ground.Restart(); }, [&] { ground.CheckQuiet(report); }}));
    elapsed("all persisted objects have recovered");
    if (!ground.IsAlive()) report.Violation("the operator's process ended");
    ground.CheckLog(report);
    for (const auto& violation : report.Violations())
        ADD_FAILURE() << violation;
    std::printf("slowest way back to a valid spec: %s; %d objects persisted that are invalid today\n",
                report.Slowest().c_str(), report.persisted.load());
    std::printf("SUITE cr-fuzz: %d walks, %d transitions (%d admitted, %d refused), %zu fields; violations: %zu\n",
                report.walks.load(), report.transitions.load(), report.admitted.load(), report.refused.load(),
                report.Fields(), report.Violations().size());
}

}  // namespace
}  // namespace test
