#include "controllers/reflectors.hpp"

#include <optional>

#include <nlohmann/json.hpp>

#include "api/names.hpp"
#include "runtime/store_sink.hpp"

namespace controllers {
namespace {

/// An owned object that names no database is not ours, whatever its labels say.
template <class Facts>
std::optional<Facts> IfNamed(Facts facts) {
    if (facts.database.empty()) return std::nullopt;
    return facts;
}

}  // namespace

template <class Object, class Parser>
void Reflectors::Add(runtime::Store<Object>& store, const kube::Resource& resource, const std::string& selector,
                     Parser parser) {
    for (const auto& scope : stores_.scopes) {
        sinks_.push_back(std::make_unique<runtime::StoreSink<Object>>(store, scope, parser, observer_));
        reflectors_.push_back(std::make_unique<runtime::Reflector>(
            runtime::Reflector::Settings{
                .resource = resource, .scope = {.ns = scope, .label_selector = selector}, .list_turn = &list_turn_},
            watches_, *sinks_.back(), observer_));
    }
}

Reflectors::Reflectors(Stores& stores, const kube::Client& watches, runtime::Observer& observer)
    : stores_(stores), watches_(watches), observer_(observer) {
    using nlohmann::json;
    const std::string owned{api::kRoleLabel}, gated{api::kGateLabel};
    Add(stores.databases, kube::kDatabases, {},
        [](const json& object) { return std::optional(api::ParseDatabase(object)); });
    Add(stores.migrations, kube::kMigrations, {},
        [](const json& object) { return std::optional(api::ParseMigration(object)); });
    Add(stores.ledgers, kube::kLedgers, {}, [](const json& object) { return std::optional(api::ParseLedger(object)); });
    Add(stores.jobs, kube::kJobs, owned, [](const json& object) { return IfNamed(observed::ParseJob(object)); });
    Add(stores.pods, kube::kPods, owned,
        [](const json& object) { return IfNamed(observed::ParsePod(object, observed::Detail::Store)); });
    Add(stores.deployments, kube::kDeployments, gated,
        [](const json& object) { return std::optional(observed::ParseDeployment(object)); });
    Add(stores.gated_jobs, kube::kJobs, gated,
        [](const json& object) { return std::optional(observed::ParseGatedJob(object)); });
}

Reflectors::~Reflectors() {
    Stop();
}

void Reflectors::Start() {
    for (const auto& reflector : reflectors_) {
        threads_.emplace_back([&reflector = *reflector](std::stop_token stop) { reflector.Run(std::move(stop)); });
    }
}

void Reflectors::Stop() noexcept {
    for (auto& thread : threads_)
        thread.request_stop();
    threads_.clear();
}

}  // namespace controllers
