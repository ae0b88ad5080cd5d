#include <algorithm>
#include <variant>

#include "api/names.hpp"
#include "explorer/operator.hpp"

namespace explorer {
namespace {

template <class Object, class Facts>
void Share(const History<Object>& history, std::vector<engine::Shared<Facts>>& into) {
    into.assign(history.Seen().items.begin(), history.Seen().items.end());
}

void Wrote(Tracker& tracker, Kind kind, const std::string& name, std::uint64_t revision, Reply reply) {
    if (reply == Reply::Received) {
        tracker.writes[static_cast<std::size_t>(kind)] = revision;
    } else {
        tracker.doubts.emplace_back(kind, name);
    }
}

}  // namespace

std::optional<engine::GateDecision> GateWorker::DecideLedger() {
    Resolve(state_, state_.memory.ledger);
    if (!MayDecide(state_, state_.memory.ledger)) return std::nullopt;
    engine::LedgerWorld world{.ns = scenario_.ns};
    world.ledger = History<Ledger>::Find(state_.ledgers.Seen(), api::kLedgerName);
    Share(state_.databases, world.databases);
    Share(state_.migrations, world.migrations);
    Share(state_.deployments, world.workloads);
    auto decision = engine::DecideLedger(world);
    if (!decision.step) return std::nullopt;
    return decision;
}

std::optional<engine::GateDecision> GateWorker::DecideWorkload() {
    Resolve(state_, state_.memory.workload);
    if (!MayDecide(state_, state_.memory.workload)) return std::nullopt;
    const auto& seen = state_.deployments.Seen().items;
    if (seen.empty() || !seen.front()->held) return std::nullopt;
    engine::WorkloadWorld world{.workload = seen.front()};
    world.ledger = History<Ledger>::Find(state_.ledgers.Seen(), api::kLedgerName);
    Share(state_.databases, world.databases);
    Share(state_.migrations, world.migrations);
    auto decision = engine::DecideWorkload(world);
    if (!decision.step) return std::nullopt;
    return decision;
}

void GateWorker::Perform(const engine::GateDecision& decision, Reply reply) {
    std::visit([&](const auto& step) { Do(step, reply); }, *decision.step);
}

void GateWorker::Do(const engine::WriteLedger& write, Reply reply) {
    const auto before = state_.ledgers.Find(api::kLedgerName);
    const bool is_new = write.at == core::Revision{};
    // AlreadyExists, Conflict or Gone: the stores will show it.
    if (is_new ? before != nullptr : !before || before->revision != write.at) return;
    if (reply != Reply::LostBeforeCommit) {
        Oracle(scenario_, state_, broken_).LedgerIsWritten(write.satisfied);
        Ledger after;
        if (before) after = *before;
        after.key = {scenario_.ns, std::string(api::kLedgerName)};
        after.satisfied = write.satisfied;
        if (write.observed) {
            after.observed_floor = write.observed->floor;
            after.observed_ceiling = write.observed->ceiling;
        }
        after.revision = {state_.ledgers.NextRevision()};
        state_.ledgers.Put(Freeze(std::move(after)));
    }
    Wrote(state_.memory.ledger, Kind::Ledgers, std::string(api::kLedgerName), state_.ledgers.Truth().revision, reply);
}

void GateWorker::Do(const engine::ReleaseWorkload& release, Reply reply) {
    const auto before = state_.deployments.Find(release.workload.name);
    if (!before || before->revision != release.at) return;
    if (reply != Reply::LostBeforeCommit) {
        Oracle(scenario_, state_, broken_).WorkloadIsReleased(*before);
        Deployment after = *before;
        after.held = false;
        after.waiting_for.clear();
        after.revision = {state_.deployments.NextRevision()};
        state_.deployments.Put(Freeze(std::move(after)));
    }
    Wrote(state_.memory.workload, Kind::Deployments, release.workload.name, state_.deployments.Truth().revision, reply);
}

void GateWorker::Do(const engine::WriteWaitingFor& write, Reply reply) {
    const auto before = state_.deployments.Find(write.workload.name);
    if (!before || before->revision != write.at) return;
    if (reply != Reply::LostBeforeCommit) {
        Deployment after = *before;
        after.waiting_for = write.text;
        after.revision = {state_.deployments.NextRevision()};
        state_.deployments.Put(Freeze(std::move(after)));
    }
    Wrote(state_.memory.workload, Kind::Deployments, write.workload.name, state_.deployments.Truth().revision, reply);
}

}  // namespace explorer
