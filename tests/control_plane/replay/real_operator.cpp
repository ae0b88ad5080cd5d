#include "control_plane/replay/real_operator.hpp"

#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

#include "api/names.hpp"
#include "controllers/ended_pods.hpp"
#include "core/json_access.hpp"
#include "kube/clients.hpp"
#include "kube/kubeconfig.hpp"
#include "runtime/event_recorder.hpp"
#include "runtime/write_tracker.hpp"
#include "support/control_plane.hpp"

namespace replay {
namespace {

kube::Connection AsOperator() {
    kube::InitialiseThreadPool();
    return kube::LoadKubeconfig(support::ControlPlane::Get().OperatorKubeconfig());
}

/// Events are written as the product does, by one recorder for all paths.
runtime::EventRecorder& Recorder() {
    static runtime::Observer observer;
    static const kube::Clients clients =
        kube::Connect(AsOperator(), {.user_agent = "tidegate/test", .field_manager = std::string(api::kFieldManager)});
    static runtime::EventRecorder recorder({.controller = "tidegate.io/tidegate", .instance = "replay"},
                                           clients.requests, observer);
    return recorder;
}

}  // namespace

class RealOperator::FixedClock final : public runtime::Clock {
public:
    core::Time Now() const override { return now; }
    runtime::SteadyTime Steady() const override { return runtime::SystemClock().Steady(); }

    core::Time now;
};

class RealOperator::LossyTransport final : public kube::Transport {
public:
    LossyTransport() : real_(AsOperator(), {.user_agent = "tidegate/test"}) {}

    kube::Response Send(const kube::Request& request, std::stop_token stop) override {
        const bool is_lossy = request.method != kube::Request::Method::kGet && loss != Loss::None;
        if (is_lossy && loss == Loss::BeforeCommit) throw kube::OutcomeUnknown("the request was lost");
        auto response = real_.Send(request, stop);
        if (request.method != kube::Request::Method::kGet && response.status < 300) Note(request, response);
        if (is_lossy) throw kube::OutcomeUnknown("the answer was lost");
        return response;
    }
    kube::Response Stream(const kube::Request& request, const std::function<void(std::string_view)>& on_line,
                          std::stop_token stop) override {
        return real_.Stream(request, on_line, stop);
    }
    std::string_view Host() const override { return real_.Host(); }

    Loss loss = Loss::None;
    /// Newest revision written, by the request's path.
    std::map<std::string, core::Revision> written;

private:
    void Note(const kube::Request& request, const kube::Response& response) {
        const auto object = nlohmann::json::parse(response.body, nullptr, false);
        const auto revision = core::Revision::Parse(core::TextAt(object, {"metadata", "resourceVersion"}));
        auto& newest = written[request.target];
        newest = std::max(newest, revision);
    }

    kube::CpprestTransport real_;
};

struct RealOperator::Memory {
    explicit Memory(RealOperator& owner)
        : stores({owner.ns_}),
          databases({stores,
                     ended_pods,
                     owner.client_,
                     database_tracker,
                     Recorder(),
                     *owner.clock_,
                     owner.observer_,
                     metrics,
                     {.agent_image = "tidegate:test", .version = "test"}}),
          gate({stores, owner.client_, gate_tracker, Recorder(), owner.observer_, metrics}) {
        stores.pods.AddListener([this](const auto&, const auto& before, const auto& after) {
            if (!after) ended_pods.Remember(before);
        });
        for (auto* tracker : {&database_tracker, &gate_tracker}) {
            Track(*tracker, kube::kDatabases, stores.databases);
            Track(*tracker, kube::kMigrations, stores.migrations);
            Track(*tracker, kube::kLedgers, stores.ledgers);
            Track(*tracker, kube::kDeployments, stores.deployments);
        }
        Track(database_tracker, kube::kJobs, stores.jobs);
        Track(gate_tracker, kube::kJobs, stores.gated_jobs);
    }

    template <class Object>
    static void Track(runtime::WriteTracker& tracker, const kube::Resource& resource,
                      const runtime::Store<Object>& store) {
        tracker.Track(resource, [&store](std::string_view ns) { return store.Seen(ns); });
    }

    controllers::Stores stores;
    controllers::EndedPods ended_pods;
    telemetry::Metrics metrics{{}};
    runtime::WriteTracker database_tracker, gate_tracker;
    controllers::DatabaseController databases;
    controllers::GateController gate;
};

RealOperator::RealOperator(std::string ns)
    : ns_(std::move(ns)),
      clock_(std::make_unique<FixedClock>()),
      transport_(std::make_shared<LossyTransport>()),
      client_(transport_, {.field_manager = std::string(api::kFieldManager)}) {
    Restart();
}

RealOperator::~RealOperator() = default;

void RealOperator::Restart() {
    memory_ = std::make_unique<Memory>(*this);
}

controllers::Stores& RealOperator::Stores() {
    return memory_->stores;
}

core::Revision RealOperator::Written(const kube::Resource& resource) const {
    core::Revision newest;
    const auto collection = kube::CollectionPath(resource, ns_);
    for (const auto& [path, revision] : transport_->written) {
        if (path.starts_with(collection)) newest = std::max(newest, revision);
    }
    return newest;
}

void RealOperator::SetClock(core::Time now) {
    clock_->now = now;
}

template <class Function>
void RealOperator::Guard(Loss loss, const Function& pass) {
    transport_->loss = loss;
    try {
        pass();
    } catch (const kube::OutcomeUnknown&) {
        // As WorkerPool: the pass is repeated.
        if (loss == Loss::None) throw;
    }
    transport_->loss = Loss::None;
}

void RealOperator::DatabasePass(const std::string& database, Loss loss) {
    Guard(loss, [&] { memory_->databases.Reconcile({ns_, database}, {}); });
}

void RealOperator::LedgerPass(Loss loss) {
    Guard(loss, [&] { memory_->gate.Reconcile({ns_, ""}, {}); });
}

void RealOperator::WorkloadPass(const std::string& deployment, Loss loss) {
    Guard(loss, [&] { memory_->gate.Reconcile({ns_, deployment}, {}); });
}

}  // namespace replay
