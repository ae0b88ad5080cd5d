#include "controllers/gate_controller.hpp"

#include <variant>

#include <nlohmann/json.hpp>

#include "api/ledger.hpp"
#include "api/names.hpp"
#include "controllers/doubts.hpp"
#include "controllers/gate_keys.hpp"
#include "controllers/gate_metrics.hpp"
#include "controllers/notes.hpp"
#include "core/json_access.hpp"
#include "gate/deployment_gate.hpp"
#include "gate/job_gate.hpp"

namespace controllers {
namespace {

using std::chrono::milliseconds;

/// Insurance: our own write comes back as a watch event, which wakes the key long before this.
constexpr milliseconds kStoreIsLate{1000};
/// The watch event that explains a conflict is on its way.
constexpr milliseconds kAfterConflict{50};
/// A refused write (a quota, a policy of somebody else) is tried again after this.
constexpr milliseconds kAfterRefusal{15000};

struct Target {
    kube::Resource resource;
    core::ObjectKey object;
};

kube::Resource ResourceOf(observed::WorkloadKind kind) {
    return kind == observed::WorkloadKind::Job ? kube::kJobs : kube::kDeployments;
}

Target TargetOf(const engine::WriteLedger& write) {
    return {kube::kLedgers, {write.ns, std::string(api::kLedgerName)}};
}
Target TargetOf(const engine::ReleaseWorkload& release) {
    return {ResourceOf(release.kind), release.workload};
}
Target TargetOf(const engine::WriteWaitingFor& write) {
    return {ResourceOf(write.kind), write.workload};
}
Target TargetOf(const engine::DeleteHeldJob& old) {
    return {kube::kJobs, old.job};
}

}  // namespace

runtime::Result GateController::Reconcile(const core::ObjectKey& key, std::stop_token stop) {
    ResolveDoubts(parts_.tracker, parts_.client, key, stop);
    if (!parts_.tracker.MayDecide(key)) return {.requeue_after = kStoreIsLate};
    const auto decision = Ask(key);
    if (!decision.step) return {};
    return Perform(key, decision);
}

engine::GateDecision GateController::Ask(const core::ObjectKey& key) const {
    const auto& stores = parts_.stores;
    const core::ObjectKey ledger{key.ns, std::string(api::kLedgerName)};
    if (IsLedgerKey(key)) {
        return engine::DecideLedger({.ns = key.ns,
                                     .ledger = stores.ledgers.Find(ledger),
                                     .databases = stores.databases.With(kByNamespace, key.ns),
                                     .migrations = stores.migrations.With(kByNamespace, key.ns),
                                     .workloads = stores.Workloads(kByNamespace, key.ns)});
    }
    const auto workload = stores.FindWorkload(KindOf(key), WorkloadOf(key));
    if (!workload || !workload->held) return {};
    engine::WorkloadWorld world{.workload = workload,
                                .ledger = stores.ledgers.Find(ledger),
                                .databases = stores.databases.With(kByNamespace, key.ns),
                                .migrations = stores.migrations.With(kByNamespace, key.ns)};
    if (workload->cron_job) world.siblings = stores.gated_jobs.With(kByCronJob, workload->cron_job->uid.value);
    return engine::DecideWorkload(world);
}

runtime::Result GateController::Perform(const core::ObjectKey& key, const engine::GateDecision& decision) {
    const auto target = std::visit([](const auto& step) { return TargetOf(step); }, *decision.step);
    try {
        const auto written = std::visit([this](const auto& step) { return Write(step); }, *decision.step);
        switch (written.outcome) {
            case kube::Outcome::kDone:
                parts_.tracker.Wrote(key, target.resource, target.object, written.revision);
                Send(decision.notes, parts_.recorder, parts_.observer);
                CountReleases(decision.notes, parts_.metrics);
                return {.requeue_after = kStoreIsLate};
            case kube::Outcome::kRefused:
                parts_.observer.Log(runtime::LogLevel::kError, "the API server refuses a write; it is tried again",
                                    {{"kind", std::string(target.resource.kind)},
                                     {"namespace", target.object.ns},
                                     {"name", target.object.name},
                                     {"error", written.message}});
                return {.requeue_after = kAfterRefusal};
            case kube::Outcome::kAlreadyExists:
            case kube::Outcome::kConflict:
            case kube::Outcome::kGone:
                break;
        }
        return {.requeue_after = kAfterConflict};
    } catch (const kube::OutcomeUnknown&) {
        parts_.tracker.Doubt(key, target.resource, target.object);
        throw;
    }
}

kube::Written GateController::Write(const engine::WriteLedger& write) {
    if (write.at == core::Revision{}) {
        api::Ledger ledger{.key = {write.ns, std::string(api::kLedgerName)}, .satisfied = write.satisfied};
        if (write.released) ledger.released = *write.released;
        if (write.observed) {
            ledger.observed_floor = write.observed->floor;
            ledger.observed_ceiling = write.observed->ceiling;
        }
        return parts_.client.Create(kube::kLedgers, api::PrintLedger(ledger));
    }
    auto operations = nlohmann::json::array({{{"op", "add"}, {"path", "/satisfied"}, {"value", write.satisfied}}});
    if (write.released) {
        operations.push_back({{"op", "add"}, {"path", "/released"}, {"value", api::PrintReleases(*write.released)}});
    }
    if (write.observed) {
        // With the entries, in one write: whoever sees the one sees the other.
        operations.push_back(
            {{"op", "add"}, {"path", "/observedFloor"}, {"value", api::PrintObserved(write.observed->floor)}});
        operations.push_back(
            {{"op", "add"}, {"path", "/observedCeiling"}, {"value", api::PrintObserved(write.observed->ceiling)}});
    }
    return parts_.client.Patch(kube::kLedgers, TargetOf(write).object, write.at, operations);
}

kube::Written GateController::Write(const engine::ReleaseWorkload& release) {
    const auto workload = parts_.stores.FindWorkload(release.kind, release.workload);
    const bool has_line = workload && !workload->waiting_for.empty();
    const auto patch = release.kind == observed::WorkloadKind::Job ? gate::JobReleasePatch(release.at, has_line)
                                                                   : gate::ReleasePatch(release.at, has_line);
    return parts_.client.Patch(ResourceOf(release.kind), release.workload, release.at, patch);
}

kube::Written GateController::Write(const engine::WriteWaitingFor& write) {
    return parts_.client.MergePatch(ResourceOf(write.kind), write.workload,
                                    gate::WaitingForPatch(write.text, write.at));
}

kube::Written GateController::Write(const engine::DeleteHeldJob& old) {
    return parts_.client.Delete(kube::kJobs, old.job, {.uid = old.uid, .revision = old.at});
}

}  // namespace controllers
