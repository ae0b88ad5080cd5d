#include "controllers/database_controller.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

#include "api/names.hpp"
#include "api/run_id.hpp"
#include "controllers/doubts.hpp"
#include "controllers/live_list.hpp"
#include "controllers/notes.hpp"
#include "controllers/run_metrics.hpp"
#include "controllers/schema_users.hpp"
#include "controllers/status_patch.hpp"
#include "core/json_access.hpp"
#include "engine/lookup.hpp"
#include "jobs/migration_job.hpp"
#include "jobs/probe_job.hpp"
#include "observed/startup_failure.hpp"

namespace controllers {
namespace {

using std::chrono::milliseconds;

/// A pass learns at most a few things (live Jobs, live pods, a refusal); more would be a decision that goes in circles.
constexpr int kMostSteps = 8;
/// Insurance: our own write comes back as a watch event, which wakes the key long before this.
constexpr milliseconds kStoreIsLate{1000};
/// The watch event that explains a conflict is on its way.
constexpr milliseconds kAfterConflict{50};
/// A refused write (a policy of somebody else, a missing right) is tried again after this.
constexpr milliseconds kAfterRefusal{15000};

milliseconds Until(core::Time when, core::Time now) {
    return std::max<milliseconds>(when - now, milliseconds{100});
}

template <class... Functions>
struct Overloaded : Functions... {
    using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

}  // namespace

runtime::Result DatabaseController::Reconcile(const core::ObjectKey& key, std::stop_token stop) {
    for (const auto& job : ResolveDoubts(parts_.tracker, parts_.client, key, stop))
        job_requests_.Seen(key, job);
    if (!parts_.tracker.MayDecide(key)) return {.requeue_after = kStoreIsLate};
    Pass pass;
    for (int steps = 0; steps < kMostSteps; ++steps) {
        const core::Time now = parts_.clock.Now();
        const auto decision = engine::Decide(BuildWorld(key, pass), now);
        if (!decision.step) {
            if (!decision.look_again) return {};
            return {.requeue_after = Until(*decision.look_again, now)};
        }
        switch (Perform(key, *decision.step, pass, stop)) {
            case After::DecideAgain:
                continue;
            case After::WaitForStore:
                Send(decision.notes, parts_.recorder, parts_.observer);
                return {.requeue_after = kStoreIsLate};
            case After::ComeBack:
                return {.requeue_after = kAfterConflict};
            case After::Refused:
                return {.requeue_after = kAfterRefusal};
        }
    }
    parts_.observer.Log(runtime::LogLevel::kError, "a pass took too many steps; it is tried again",
                        {{"namespace", key.ns}, {"database", key.name}});
    return {.requeue_after = kStoreIsLate};
}

engine::World DatabaseController::BuildWorld(const core::ObjectKey& key, const Pass& pass) const {
    const auto& stores = parts_.stores;
    const auto index = DatabaseIndexValue(key.ns, key.name);
    engine::World world{.key = key,
                        .database = stores.databases.Find(key),
                        .migrations = stores.migrations.With(kByDatabase, index),
                        .jobs = pass.learned.jobs_are_live ? pass.live_jobs : stores.jobs.With(kByDatabase, index),
                        .pods = {},
                        .workloads = stores.Workloads(kByDatabase, index),
                        .ledger = pass.learned.ledger_is_live
                                      ? pass.live_ledger
                                      : stores.ledgers.Find({key.ns, std::string(api::kLedgerName)}),
                        .in_flight_wait = parts_.in_flight_wait,
                        .learned = pass.learned};
    if (world.database) {
        const auto* run = engine::ActiveRun(world.database->status);
        if (run != nullptr) world.learned.job_request = job_requests_.Of(key, *run);
        world.learned.fence_holder = fence_holders_.Of(key);
        if (!world.learned.old_pods) world.learned.old_pods = old_pods_.Of(key);
    }
    for (auto& pod : stores.pods.With(kByDatabase, index)) {
        if (!pass.live_pods.contains(pod->job)) world.pods.push_back(std::move(pod));
    }
    for (const auto& [job, pods] : pass.live_pods)
        world.pods.insert(world.pods.end(), pods.begin(), pods.end());
    return world;
}

DatabaseController::After DatabaseController::Perform(const core::ObjectKey& key, const engine::Step& step, Pass& pass,
                                                      const std::stop_token& stop) {
    return std::visit(
        Overloaded{
            [&](const engine::WriteDatabaseStatus& write) {
                const auto after = Write(key, kube::kDatabases, write.database, write.at, DatabaseStatusPatch(write));
                if (after == After::WaitForStore && write.is_intent)
                    job_requests_.IntentWritten(key, *engine::ActiveRun(write.status));
                return after;
            },
            [&](const engine::WriteMigrationStatus& write) {
                const auto after =
                    Write(key, kube::kMigrations, write.migration, write.at, MigrationStatusPatch(write));
                if (after == After::WaitForStore && write.entry) CountEnded(*write.entry, parts_.metrics);
                return after;
            },
            [&](const engine::CreateMigrationJob& create) { return CreateMigrationJob(key, create, pass, stop); },
            [&](const engine::CreateProbeJob& create) { return CreateProbeJob(key, create, pass); },
            [&](const engine::DeletePod& end) { return Delete(kube::kPods, end.pod, end.uid, end.at); },
            [&](const engine::SuspendJob& end) {
                const auto operations =
                    nlohmann::json::array({{{"op", "add"}, {"path", "/spec/suspend"}, {"value", true}}});
                return Write(key, kube::kJobs, end.job, end.at, operations, kube::Subresource::kNone);
            },
            [&](const engine::DeleteJob& old) { return Delete(kube::kJobs, old.job, old.uid, old.at); },
            [&](const engine::ListJobsLive&) { return ListJobs(key, pass, stop); },
            [&](const engine::ListPodsLive& list) { return ListPods(key, list.job, pass, stop); },
            [&](const engine::ListEventsLive& list) { return ListEvents(key, list, stop); },
            [&](const engine::ReadLedgerLive&) { return ReadLedger(key, pass, stop); },
            [&](const engine::ListOldPodsLive& list) { return ListOldPods(key, list, pass, stop); }},
        step);
}

DatabaseController::After DatabaseController::Write(const core::ObjectKey& key, const kube::Resource& resource,
                                                    const core::ObjectKey& object, core::Revision at,
                                                    const nlohmann::json& operations, kube::Subresource subresource) {
    try {
        const auto written = parts_.client.Patch(resource, object, at, operations, subresource);
        if (written.Done()) {
            parts_.tracker.Wrote(key, resource, object, written.revision);
            return After::WaitForStore;
        }
        if (written.outcome == kube::Outcome::kRefused) {
            parts_.observer.Log(runtime::LogLevel::kError, "the API server refuses a write; it is tried again",
                                {{"namespace", object.ns}, {"name", object.name}, {"error", written.message}});
            return After::Refused;
        }
        return After::ComeBack;
    } catch (const kube::OutcomeUnknown&) {
        parts_.tracker.Doubt(key, resource, object);
        throw;
    }
}

DatabaseController::After DatabaseController::CreateMigrationJob(const core::ObjectKey& key,
                                                                 const engine::CreateMigrationJob& step, Pass& pass,
                                                                 const std::stop_token& stop) {
    const auto database = parts_.stores.databases.Find(step.database);
    const auto live = parts_.client.Get(kube::kMigrations, step.migration, stop);
    if (!database || !live) return After::ComeBack;
    const bool is_same = core::TextAt(*live, {"metadata", "uid"}) == step.run.migration_uid.value;
    const bool asks_for_it = live->contains("spec") && api::RunKey(live->at("spec")) == step.run.key;
    if (!is_same || !asks_for_it || core::FindAt(*live, {"metadata", "deletionTimestamp"})) return After::ComeBack;
    if (core::ArrayAt(*live, {"spec", "command"}).empty()) {
        // Only an object that was stored before the schema asked for one: its image would run whatever it runs.
        job_requests_.Refused(key);
        pass.learned.refused_jobs.emplace(step.job_name, "spec.command of the Migration is missing");
        return After::DecideAgain;
    }
    const auto job = jobs::BuildMigrationJob(*live, *database, step.run, parts_.jobs);
    job_requests_.Sent(key);
    try {
        const auto after = CreateJob(key, job, step.run.migration_uid.value, pass);
        if (after == After::WaitForStore) job_requests_.Seen(key, step.job_name);
        if (pass.learned.refused_jobs.contains(step.job_name)) job_requests_.Refused(key);
        return after;
    } catch (const kube::TransportError&) {
        job_requests_.Refused(key);
        throw;
    } catch (const kube::ApiError&) {
        job_requests_.Refused(key);
        throw;
    }
}

DatabaseController::After DatabaseController::CreateProbeJob(const core::ObjectKey& key,
                                                             const engine::CreateProbeJob& step, Pass& pass) {
    const auto database = parts_.stores.databases.Find(step.database);
    if (!database) return After::ComeBack;
    return CreateJob(key, jobs::BuildProbeJob(*database, step.launch, step.wanted, parts_.jobs), database->uid.value,
                     pass);
}

DatabaseController::After DatabaseController::CreateJob(const core::ObjectKey& key, const nlohmann::json& job,
                                                        const std::string& owner, Pass& pass) {
    const core::ObjectKey object{key.ns, job.at("metadata").at("name").get<std::string>()};
    try {
        const auto written = parts_.client.Create(kube::kJobs, job);
        if (written.Done()) {
            parts_.tracker.Wrote(key, kube::kJobs, object, written.revision);
            return After::WaitForStore;
        }
        if (written.outcome != kube::Outcome::kAlreadyExists) {
            pass.learned.refused_jobs.emplace(object.name, written.message);
            return After::DecideAgain;
        }
    } catch (const kube::OutcomeUnknown&) {
        parts_.tracker.Doubt(key, kube::kJobs, object);
        throw;
    }
    // Ours from before (a lost answer, a crash), or somebody else's of the same name?
    const auto live = parts_.client.Get(kube::kJobs, object);
    if (!live) {
        // Whose it was cannot be told any more. That it was ours, and ran, is the safe answer.
        job_requests_.Seen(key, object.name);
        return After::ComeBack;
    }
    const auto facts = observed::ParseJob(*live);
    const auto meant = observed::ParseJob(job);
    const bool is_ours = facts.owner.value == owner && facts.run_key == meant.run_key && facts.launch == meant.launch &&
                         facts.role == meant.role && facts.database == meant.database;
    if (!is_ours) {
        pass.learned.foreign_jobs.insert(object.name);
        return After::DecideAgain;
    }
    parts_.tracker.Wrote(key, kube::kJobs, object, facts.revision);
    return After::WaitForStore;
}

DatabaseController::After DatabaseController::Delete(const kube::Resource& resource, const core::ObjectKey& object,
                                                     const core::Uid& uid, core::Revision at) {
    const auto written = parts_.client.Delete(resource, object, {.uid = uid, .revision = at});
    if (written.outcome == kube::Outcome::kRefused) {
        parts_.observer.Log(runtime::LogLevel::kError, "the API server refuses a delete; it is tried again",
                            {{"namespace", object.ns}, {"name", object.name}, {"error", written.message}});
        return After::Refused;
    }
    return written.outcome == kube::Outcome::kConflict ? After::ComeBack : After::WaitForStore;
}

DatabaseController::After DatabaseController::ListJobs(const core::ObjectKey& key, Pass& pass,
                                                       const std::stop_token& stop) {
    const auto selector = std::string(api::kDatabaseLabel) + "=" + api::LabelValue(key.name);
    pass.live_jobs.clear();
    ListLive(parts_.client, kube::kJobs, {.ns = key.ns, .label_selector = selector}, stop,
             [&](const nlohmann::json& object) {
                 auto job = observed::ParseJob(object);
                 if (job.database == key.name)
                     pass.live_jobs.push_back(std::make_shared<const observed::JobFacts>(std::move(job)));
             });
    pass.learned.jobs_are_live = true;
    return After::DecideAgain;
}

DatabaseController::After DatabaseController::ListPods(const core::ObjectKey& key, const std::string& job, Pass& pass,
                                                       const std::stop_token& stop) {
    const auto selector = std::string(api::kJobNameLabel) + "=" + job;
    auto& pods = pass.live_pods[job];
    pass.learned.pods_are_live.insert(job);
    // Read before the list: a Job that had ended then gets no pod after it.
    const auto facts = parts_.stores.jobs.Find({key.ns, job});
    if (auto evidence = facts ? parts_.ended_pods.EvidenceOf(facts->uid) : std::nullopt) {
        pods = std::move(*evidence);
        return After::DecideAgain;
    }
    pods.clear();
    ListLive(parts_.client, kube::kPods, {.ns = key.ns, .label_selector = selector}, stop,
             [&](const nlohmann::json& object) {
                 auto pod = observed::ParsePod(object, observed::Detail::Evidence);
                 if (pod.database == key.name)
                     pods.push_back(std::make_shared<const observed::PodFacts>(std::move(pod)));
             });
    // Of that very Job: a name may have been used before.
    for (auto& gone : parts_.ended_pods.OfJob(key.ns, job, facts ? std::optional(facts->uid) : std::nullopt)) {
        const bool is_listed =
            std::any_of(pods.begin(), pods.end(), [&](const auto& pod) { return pod->uid == gone->uid; });
        if (!is_listed) pods.push_back(std::move(gone));
    }
    const bool is_final = facts && facts->Ended() && !pods.empty() &&
                          std::all_of(pods.begin(), pods.end(), [](const auto& pod) { return pod->terminal; });
    if (is_final) parts_.ended_pods.KeepEvidence(facts->uid, pods);
    return After::DecideAgain;
}

DatabaseController::After DatabaseController::ReadLedger(const core::ObjectKey& key, Pass& pass,
                                                         const std::stop_token& stop) {
    const auto live = parts_.client.Get(kube::kLedgers, {key.ns, std::string(api::kLedgerName)}, stop);
    pass.live_ledger = live ? std::make_shared<const api::Ledger>(api::ParseLedger(*live)) : nullptr;
    pass.learned.ledger_is_live = true;
    return After::DecideAgain;
}

DatabaseController::After DatabaseController::ListOldPods(const core::ObjectKey& key,
                                                          const engine::ListOldPodsLive& list, Pass& pass,
                                                          const std::stop_token& stop) {
    const auto database = parts_.stores.databases.Find(key);
    const auto migration = parts_.stores.migrations.Find(list.migration);
    if (!database || !migration) return After::ComeBack;
    engine::OldPods pods{.key = migration->run_key, .asked = parts_.clock.Now(), .is_live = true};
    for (const auto& workload : parts_.stores.Workloads(kByDatabase, DatabaseIndexValue(key.ns, key.name)))
        pods.seen = std::max(pods.seen, workload->revision.value);
    pods.found = engine::FindOldPods(*database, *migration, ListSchemaUsers(parts_.client, key.ns, stop));
    old_pods_.Learned(key, pods);
    pass.learned.old_pods = std::move(pods);
    return After::DecideAgain;
}

DatabaseController::After DatabaseController::ListEvents(const core::ObjectKey& key, const engine::ListEventsLive& list,
                                                         const std::stop_token& stop) {
    const auto selector = "involvedObject.uid=" + list.uid.value + ",reason=Unhealthy";
    std::optional<observed::StartupFailure> newest;
    try {
        ListLive(parts_.client, kube::kCoreEvents, {.ns = key.ns, .label_selector = {}, .field_selector = selector},
                 stop, [&](const nlohmann::json& event) {
                     auto failure = observed::ParseStartupFailure(event);
                     if (failure && (!newest || newest->time <= failure->time)) newest = std::move(failure);
                 });
    } catch (const kube::ApiError& error) {
        constexpr int kForbidden = 403;
        if (error.Code() != kForbidden) throw;
        // Without the right to list events the message names the pod, whose events the user may read.
        parts_.observer.Log(runtime::LogLevel::kWarning, "cannot list events: who holds the fence is not shown",
                            {{"namespace", key.ns}, {"database", key.name}, {"error", error.what()}});
    }
    engine::FenceHolder holder{.pod = list.uid, .asked = parts_.clock.Now()};
    if (newest) {
        holder.run = DescribeRun(observed::JobInTheWay(newest->words));
        holder.words = std::move(newest->words);
    }
    fence_holders_.Learned(key, std::move(holder));
    return After::DecideAgain;
}

std::string DatabaseController::DescribeRun(const core::Uid& job) const {
    if (job.value.empty()) return {};
    for (const auto& facts : parts_.stores.jobs.All()) {
        if (facts->uid != job) continue;
        std::string text = "Job " + facts->key.name;
        const auto index = DatabaseIndexValue(facts->key.ns, facts->database);
        for (const auto& migration : parts_.stores.migrations.With(kByDatabase, index)) {
            if (migration->uid == facts->owner) text += " of Migration " + migration->key.name;
        }
        return text + " in namespace " + facts->key.ns;
    }
    return {};
}

}  // namespace controllers
