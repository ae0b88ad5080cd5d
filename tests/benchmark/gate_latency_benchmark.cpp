#include <array>
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "benchmark/figures.hpp"
#include "benchmark/own_control_plane.hpp"
#include "support/builders.hpp"

/// What the policies cost whoever writes a Deployment or a Job: two API servers side by side, one of them with the
/// chart, asked in turns by one client, so that whatever else the machine does hits both alike.
namespace benchmark {
namespace {

using support::DeploymentBuilder;
using support::JobBuilder;
using Json = nlohmann::json;

/// A p99 has ten samples above it.
constexpr int kRounds = 1000;
/// Before either has the policies: how much the two differ by themselves.
constexpr int kRoundsAlike = 300;

constexpr kube::Resource kConfigMaps{"", "v1", "configmaps", "ConfigMap"};
constexpr char kSatisfied[] = "orders@1";
constexpr char kUnsatisfied[] = "orders@2";

/// One request, the same to both; `number` differs from round to round.
struct Request {
    std::string what;
    std::function<void(const OwnControlPlane& plane, int number)> send;
};

void MustBeDone(const kube::Written& written) {
    if (!written.Done()) throw std::runtime_error(written.message);
}

void Create(const OwnControlPlane& plane, const kube::Resource& resource, Json object) {
    object["metadata"]["namespace"] = "shop";
    MustBeDone(plane.Client().Create(resource, object));
}

Json Container(int number) {
    return {{"name", "app"}, {"image", "app:" + std::to_string(number)}};
}

/// A rollout, as `kubectl set image` asks for it.
std::function<void(const OwnControlPlane&, int)> NewImage(const std::string& deployment) {
    return [deployment](const OwnControlPlane& plane, int number) {
        const Json containers = Json::array({Container(number)});
        MustBeDone(plane.Client().MergePatch(kube::kDeployments, {"shop", deployment},
                                             {{"spec", {{"template", {{"spec", {{"containers", containers}}}}}}}}));
    };
}

/// What an autoscaler asks for, without its subresource, which no policy sees.
std::function<void(const OwnControlPlane&, int)> NewReplicas(const std::string& deployment) {
    return [deployment](const OwnControlPlane& plane, int number) {
        MustBeDone(plane.Client().MergePatch(kube::kDeployments, {"shop", deployment},
                                             {{"spec", {{"replicas", 1 + number % 5}}}}));
    };
}

std::function<void(const OwnControlPlane&, int)> NewJob(const std::string& name, const std::string& requirement) {
    return [name, requirement](const OwnControlPlane& plane, int number) {
        JobBuilder job(name + "-" + std::to_string(number));
        if (!requirement.empty()) job.Requires(requirement);
        Create(plane, kube::kJobs, job.Build());
    };
}

void MakeObjects(const OwnControlPlane& plane) {
    Create(plane, kConfigMaps, {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "any"}}}});
    Create(plane, kube::kDeployments, DeploymentBuilder("plain").Build());
    Create(plane, kube::kDeployments, DeploymentBuilder("satisfied").Requires(kSatisfied).Build());
    Create(plane, kube::kDeployments, DeploymentBuilder("unsatisfied").Requires(kUnsatisfied).Build());
}

std::vector<Request> Requests() {
    return {{"the client's own: GET /livez/ping", [](const OwnControlPlane& plane, int) { plane.Ping(); }},
            {"update of a ConfigMap, which no policy matches",
             [](const OwnControlPlane& plane, int number) {
                 MustBeDone(plane.Client().MergePatch(kConfigMaps, {"shop", "any"},
                                                      {{"data", {{"number", std::to_string(number)}}}}));
             }},
            {"Deployment without requirement: new image", NewImage("plain")},
            {"Deployment without requirement: replicas", NewReplicas("plain")},
            {"Deployment, satisfied: new image", NewImage("satisfied")},
            {"Deployment, satisfied: replicas", NewReplicas("satisfied")},
            {"Deployment, held: new image", NewImage("unsatisfied")},
            {"create of a Job without requirement", NewJob("plain", "")},
            {"create of a Job, satisfied", NewJob("satisfied", kSatisfied)},
            {"create of a Job, held", NewJob("unsatisfied", kUnsatisfied)}};
}

using Planes = std::array<const OwnControlPlane*, 2>;

void Measure(const std::string& heading, const Planes& planes, int first, int rounds) {
    const auto requests = Requests();
    std::vector<std::array<Samples, 2>> samples(requests.size());
    for (int number = first; number < first + rounds; ++number) {
        for (std::size_t i = 0; i < requests.size(); ++i) {
            // Who comes first takes turns: the one may leave the machine's caches to the other.
            for (const std::size_t turn : {0U, 1U}) {
                const auto which = (turn + static_cast<std::size_t>(number)) % 2;
                samples[i][which].push_back(Took([&] { requests[i].send(*planes[which], number); }));
            }
        }
    }
    Print(heading + ", milliseconds, " + std::to_string(rounds) + " each:");
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const auto& [without, with] = samples[i];
        std::printf("BENCHMARK   %-50s p50 %6.2f | %6.2f (%+5.2f)   p99 %6.2f | %6.2f (%+5.2f)\n",
                    requests[i].what.c_str(), Percentile(without, 50), Percentile(with, 50),
                    Percentile(with, 50) - Percentile(without, 50), Percentile(without, 99), Percentile(with, 99),
                    Percentile(with, 99) - Percentile(without, 99));
    }
}

TEST(GateBenchmark, LatencyOfTheApiServerWithAndWithoutThePolicies) {
    const OwnControlPlane without("without");
    const OwnControlPlane with("with");
    for (const auto* plane : {&without, &with})
        MakeObjects(*plane);
    PrintLoad();
    Measure("two API servers, neither with the policies: how much they differ by themselves", {&without, &with}, 0,
            kRoundsAlike);
    with.InstallChart(kSatisfied);
    // From here on the objects of the one with policies are held, or open.
    Measure("without | with the policies", {&without, &with}, kRoundsAlike, kRounds);
    PrintLoad();
    const auto held = with.Client().Get(kube::kDeployments, {"shop", "unsatisfied"});
    EXPECT_TRUE(held.value()["spec"].value("paused", false)) << "it was never held: the figures are of something else";
    const auto open = with.Client().Get(kube::kDeployments, {"shop", "satisfied"});
    EXPECT_EQ(open.value()["metadata"]["labels"].value("tidegate.io/gate", ""), "open");
    const auto job = with.Client().Get(kube::kJobs, {"shop", "unsatisfied-" + std::to_string(kRoundsAlike)});
    EXPECT_TRUE(job.value()["spec"].value("suspend", false));
}

}  // namespace
}  // namespace benchmark
