#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "benchmark/figures.hpp"
#include "benchmark/operator_requests.hpp"
#include "control_plane/controllers/operator_fixture.hpp"
#include "support/audit_log.hpp"
#include "support/memory_sampler.hpp"

/// From "proven" to "goes on": the built operator on a real API server with the real Deployment and Job controllers. The
/// pods of the migrations are played.
namespace benchmark {
namespace {

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
constexpr std::chrono::milliseconds kMemoryEvery{20};

double MillisecondsBetween(OperatorRequests::Time from, OperatorRequests::Time to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
}

std::string Version(int number) {
    std::ostringstream text;
    text.width(4);
    text.fill('0');
    text << number;
    return text.str();
}

class ReleaseBenchmark : public test::OperatorFixture {
protected:
    void Create(const kube::Resource& resource, Json object) const {
        object["metadata"]["namespace"] = Ns();
        const auto written = client_.Create(resource, object);
        if (!written.Done()) throw std::runtime_error(object["metadata"]["name"].dump() + ": " + written.message);
    }
    void Patch(const kube::Resource& resource, const std::string& name, const Json& patch) const {
        const auto written = client_.MergePatch(resource, {Ns(), name}, patch);
        if (!written.Done()) throw std::runtime_error(name + ": " + written.message);
    }
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
    const support::AuditLog log;
    PrintLoad();
    for (int number = 1; number <= kMigrations; ++number) {
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
    }
    const OperatorRequests requests(log, Ns());
    const auto proofs = requests.Patches("migrations", "status");
    Samples samples;
    std::vector<AuditEntry> releases;
    // A held Deployment is patched twice: with what it waits for, and to release it. The last before the next proof.
    for (const auto& patch : requests.Patches("deployments")) {
        const auto proof = ProofBefore(patch, proofs);
        if (!releases.empty() && ProofBefore(releases.back(), proofs).answered == proof.answered) releases.pop_back();
        releases.push_back(patch);
    }
    for (const auto& release : releases) {
        samples.push_back(std::chrono::duration_cast<Duration>(release.answered - ProofBefore(release, proofs).answered));
    }
    Print("Ready to released: " + Summary(samples) + " (goal: p99 100 ms)");
    Print("  its requests: " + requests.Text());
    PrintLoad();
}

}  // namespace
}  // namespace benchmark
