#include "engine/support/cluster.hpp"

#include <gtest/gtest.h>

#include "api/names.hpp"
#include "api/requirement.hpp"
#include "api/run_id.hpp"
#include "controllers/status_patch.hpp"
#include "core/json_access.hpp"
#include "jobs/migration_job.hpp"
#include "jobs/probe_job.hpp"

namespace simulation {
namespace {

/// A pass of the operator learns at most a few things; as in the controller.
constexpr int kMostSteps = 8;
/// The longest case here needs about thirty.
constexpr int kMostPasses = 100;

const jobs::JobSettings kSettings{.agent_image = "tidegate:test", .version = "test"};

template <class Object>
engine::Shared<Object> Share(Object object) {
    return std::make_shared<const Object>(std::move(object));
}

std::string JobOf(const Json& pod) {
    return core::TextAt(pod, {"metadata", "labels", api::kJobNameLabel});
}

/// What a write to the Database was for, in two or three words.
std::string Describe(const api::DatabaseStatus& before, const api::DatabaseStatus& after) {
    std::string text = "Database";
    if (after.probe.launch != before.probe.launch) text += " probe begun";
    if (after.probe.completion_time && !(before.probe.completion_time && before.probe.launch == after.probe.launch)) {
        text += " probe ended";
    }
    for (const auto& run : after.runs) {
        const auto* old = api::FindRun(before, run.key);
        if (old != nullptr && old->outcome == run.outcome && old->launches == run.launches &&
            old->start_time == run.start_time)
            continue;
        switch (run.outcome) {
            case api::RunOutcome::Active:
                text += " intent";
                break;
            case api::RunOutcome::Succeeded:
            case api::RunOutcome::Failed:
            case api::RunOutcome::NeverStarted:
                text += " result " + run.reason;
                break;
        }
    }
    return text == "Database" ? "Database conditions" : text;
}

Json AgentReport(const std::vector<std::string>& before, const std::vector<std::string>& after, bool dirty,
                 const std::string& identity, core::Time now) {
    return {{"v", 1},
            {"phase", "Done"},
            {"tool", "Alembic"},
            {"identity", identity},
            {"before", {{"initialised", !before.empty()}, {"versions", before}}},
            {"after", {{"initialised", !after.empty()}, {"versions", after}, {"dirty", dirty}}},
            {"fenceTime", core::FormatTime(now)}};
}

}  // namespace

Cluster::Cluster() : now_(*core::ParseTime("2026-11-22T12:00:00Z")) {}

std::string Cluster::Stamp() {
    return std::to_string(++counter_);
}

std::string Cluster::NextUid() {
    return "uid-" + std::to_string(++counter_);
}

Json Cluster::Meta(const std::string& name) {
    return {{"namespace", kNamespace}, {"name", name},
            {"uid", NextUid()},        {"creationTimestamp", core::FormatTime(now_)},
            {"generation", 0},         {"resourceVersion", Stamp()}};
}

void Cluster::ApplyDatabase(const Json& changes) {
    if (database.is_null()) {
        database = {
            {"metadata", Meta(kDatabase)},
            {"spec", {{"connection", {{"secretRef", {{"name", "orders-db"}}}}}, {"history", {{"tool", "Alembic"}}}}},
            {"status", {{"observedGeneration", -1}}}};
    }
    database["spec"].merge_patch(changes);
    database["metadata"]["generation"] = database["metadata"]["generation"].get<int>() + 1;
    database["metadata"]["resourceVersion"] = Stamp();
}

void Cluster::ApplyMigration(const std::string& name, const Json& changes) {
    auto& migration = migrations[name];
    if (migration.is_null()) {
        migration = {{"apiVersion", "tidegate.io/v1alpha1"},
                     {"kind", "Migration"},
                     {"metadata", Meta(name)},
                     {"spec",
                      {{"databaseRef", {{"name", kDatabase}}},
                       {"version", "0002"},
                       {"image", "orders:2"},
                       {"command", {"alembic", "upgrade", "head"}}}},
                     {"status", {{"observedGeneration", -1}}}};
    }
    migration["spec"].merge_patch(changes);
    migration["metadata"]["generation"] = migration["metadata"]["generation"].get<int>() + 1;
    migration["metadata"]["resourceVersion"] = Stamp();
}

void Cluster::DeleteDatabase() {
    database = nullptr;
}

void Cluster::DeleteMigration(const std::string& name) {
    migrations.erase(name);
}

void Cluster::DeleteJobAndPods(const std::string& job) {
    jobs.erase(job);
    std::erase_if(pods, [&](const auto& entry) { return JobOf(entry.second) == job; });
}

void Cluster::CollectGarbage() {
    std::set<std::string> owners;
    if (!database.is_null()) owners.insert(database["metadata"]["uid"]);
    for (const auto& [name, migration] : migrations)
        owners.insert(migration["metadata"]["uid"]);
    std::vector<std::string> orphans;
    for (const auto& [name, job] : jobs) {
        if (!owners.contains(job["metadata"]["ownerReferences"][0]["uid"])) orphans.push_back(name);
    }
    for (const auto& name : orphans)
        DeleteJobAndPods(name);
}

void Cluster::HoldDeployment(const std::string& name, const std::string& requires_text) {
    observed::WorkloadFacts workload;
    workload.key = {kNamespace, name};
    workload.uid = {NextUid()};
    workload.held = true;
    workload.requires_text = requires_text;
    workload.images = {"orders:2"};
    workloads.push_back(std::move(workload));
}

Json& Cluster::MakePod(const std::string& job, const Json& status) {
    const std::string name = job + "-pod";
    const auto& owner = jobs.at(job);
    auto& pod = pods[name];
    pod = {{"metadata", Meta(name)}, {"spec", {{"nodeName", "node-1"}}}, {"status", {{"phase", "Pending"}}}};
    pod["metadata"]["labels"] = owner["spec"]["template"]["metadata"]["labels"];
    pod["metadata"]["annotations"] = owner["spec"]["template"]["metadata"]["annotations"];
    pod["metadata"]["labels"][std::string(api::kJobNameLabel)] = job;
    pod["metadata"]["labels"][std::string(api::kControllerUidLabel)] = owner["metadata"]["uid"];
    pod.merge_patch(status);
    return pod;
}

void Cluster::StartMigration(const std::string& job) {
    auto& pod = MakePod(job);
    const auto since = core::FormatTime(now_);
    pod["status"] = {
        {"phase", "Running"},
        {"initContainerStatuses",
         {{{"name", "tidegate-agent"}, {"started", true}, {"state", {{"running", {{"startedAt", since}}}}}}}},
        {"containerStatuses",
         {{{"name", "migrate"},
           {"image", "orders:2"},
           {"imageID", "sha256:abc"},
           {"state", {{"running", {{"startedAt", since}}}}}}}}};
}

void Cluster::FinishJob(const std::string& job, bool complete) {
    auto& object = jobs.at(job);
    object["metadata"]["resourceVersion"] = Stamp();
    const auto now = core::FormatTime(now_);
    object["status"]["conditions"] = {
        {{"type", complete ? "SuccessCriteriaMet" : "FailureTarget"}, {"status", "True"}, {"lastTransitionTime", now}},
        {{"type", complete ? "Complete" : "Failed"},
         {"status", "True"},
         {"reason", complete ? "CompletionsReached" : "PodFailurePolicy"},
         {"lastTransitionTime", now}}};
}

void Cluster::ActOnSuspension(const std::string& job) {
    auto& object = jobs.at(job);
    ASSERT_TRUE(object["spec"].value("suspend", false)) << job << " is not suspended";
    object["metadata"]["resourceVersion"] = Stamp();
    object["status"]["conditions"] = {
        {{"type", "Suspended"}, {"status", "True"}, {"lastTransitionTime", core::FormatTime(now_)}}};
}

void Cluster::EndMigration(const std::string& job, const End& end) {
    const std::string name = job + "-pod";
    if (!pods.contains(name)) StartMigration(job);
    Advance(std::chrono::seconds{3});
    const auto before = versions;
    if (end.versions) versions = *end.versions;
    auto& pod = pods.at(name);
    pod["metadata"]["resourceVersion"] = Stamp();
    const bool complete = end.exit_code == 0 && end.started;
    pod["status"]["phase"] = complete ? "Succeeded" : "Failed";
    const auto now = core::FormatTime(now_);
    std::string reason = end.reason;
    if (reason.empty()) reason = end.exit_code == 0 ? "Completed" : "Error";
    Json terminated = {{"exitCode", end.exit_code}, {"reason", reason}, {"finishedAt", now}};
    if (!end.tail.empty()) terminated["message"] = end.tail;
    if (end.started) {
        terminated["startedAt"] = core::FormatTime(now_ - std::chrono::seconds{3});
    } else {
        terminated["startedAt"] = "1970-01-01T00:00:00Z";
    }
    pod["status"]["containerStatuses"] = {
        {{"name", "migrate"}, {"imageID", "sha256:abc"}, {"state", {{"terminated", terminated}}}}};
    Json agent = {{"exitCode", 0}, {"reason", "Completed"}, {"finishedAt", now}};
    if (end.agent_reports) {
        auto report = AgentReport(before, versions, end.dirty, identity, now_);
        if (end.locks) {
            api::AgentReport seen;
            seen.locks = end.locks;
            report["locks"] = Json::parse(api::Print(seen))["locks"];
        }
        agent["message"] = report.dump();
    }
    pod["status"]["initContainerStatuses"] = {
        {{"name", "tidegate-agent"}, {"started", false}, {"state", {{"terminated", agent}}}}};
    if (!end.disruption.empty()) {
        pod["status"]["conditions"] = {{{"type", "DisruptionTarget"}, {"status", "True"}, {"reason", end.disruption}}};
    }
    if (!end.pod_stays) pods.erase(name);
    FinishJob(job, complete);
}

bool Cluster::EndProbe() {
    for (const auto& job : JobsOfRole("probe")) {
        if (observed::ParseJob(jobs.at(job)).Ended()) continue;
        Advance(std::chrono::seconds{1});
        auto& pod = MakePod(job);
        auto report = AgentReport(versions, versions, false, identity, now_);
        report.erase("before");
        pod["status"] = {
            {"phase", "Succeeded"},
            {"containerStatuses",
             {{{"name", "tidegate-agent"},
               {"state", {{"terminated", {{"exitCode", 0}, {"reason", "Completed"}, {"message", report.dump()}}}}}}}}};
        FinishJob(job, true);
        return true;
    }
    return false;
}

void Cluster::FailProbe(const std::string& reason, const std::string& message) {
    for (const auto& job : JobsOfRole("probe")) {
        if (observed::ParseJob(jobs.at(job)).Ended()) continue;
        const Json report = {{"v", 1}, {"phase", "Refused"}, {"error", {{"reason", reason}, {"message", message}}}};
        Advance(std::chrono::seconds{1});
        auto& pod = MakePod(job);
        pod["status"] = {
            {"phase", "Failed"},
            {"containerStatuses",
             {{{"name", "tidegate-agent"},
               {"state", {{"terminated", {{"exitCode", 10}, {"reason", "Error"}, {"message", report.dump()}}}}}}}}};
        FinishJob(job, false);
        return;
    }
    ADD_FAILURE() << "there is no open probe";
}

void Cluster::EndDeletedPod(const std::string& job) {
    auto& pod = pods.at(job + "-pod");
    ASSERT_TRUE(pod["metadata"].contains("deletionTimestamp")) << "the pod of " << job << " was not deleted";
    pod["metadata"]["resourceVersion"] = Stamp();
    pod["status"]["phase"] = "Failed";
    FinishJob(job, false);
}

engine::World Cluster::MakeWorld(const engine::Learned& learned) const {
    engine::World world{.key = {kNamespace, kDatabase}, .learned = learned};
    if (!database.is_null()) world.database = Share(api::ParseDatabase(database));
    for (const auto& [name, migration] : migrations) {
        auto parsed = api::ParseMigration(migration);
        if (parsed.spec.database == kDatabase) world.migrations.push_back(Share(std::move(parsed)));
    }
    for (const auto& [name, job] : jobs) {
        auto facts = observed::ParseJob(job);
        if (facts.database == kDatabase) world.jobs.push_back(Share(std::move(facts)));
    }
    for (const auto& [name, pod] : pods) {
        const bool live = learned.pods_are_live.contains(JobOf(pod));
        const auto stored = pods_in_store.find(name);
        const auto& seen = live || stored == pods_in_store.end() ? pod : stored->second;
        world.pods.push_back(
            Share(observed::ParsePod(seen, live ? observed::Detail::Evidence : observed::Detail::Store)));
    }
    for (const auto& workload : workloads) {
        for (const auto& requirement : api::ParseRequirements(workload.requires_text).requirements) {
            if (requirement.database != kDatabase) continue;
            world.workloads.push_back(Share(workload));
            break;
        }
    }
    if (!ledger.is_null()) world.ledger = Share(api::ParseLedger(ledger));
    if (!world.learned.old_pods) world.learned.old_pods = old_pods_;
    return world;
}

engine::LedgerWorld Cluster::MakeLedgerWorld() const {
    const auto world = MakeWorld();
    engine::LedgerWorld of_ledger{
        .ns = kNamespace, .ledger = world.ledger, .migrations = world.migrations, .workloads = world.workloads};
    if (world.database) of_ledger.databases.push_back(world.database);
    return of_ledger;
}

std::vector<std::string> Cluster::Settle() {
    auto log = SettleAtMost(kMostPasses);
    EXPECT_LT(log.size(), static_cast<std::size_t>(kMostPasses)) << "writes without an end";
    return log;
}

std::vector<std::string> Cluster::SettleAtMost(std::size_t writes) {
    std::vector<std::string> log;
    while (log.size() < writes) {
        engine::Learned learned{.job_request = job_request_, .fence_holder = fence_holder_};
        bool wrote = false;
        for (int steps = 0; !wrote; ++steps) {
            if (steps == kMostSteps) {
                ADD_FAILURE() << "a pass took too many steps, after " << ::testing::PrintToString(log);
                return log;
            }
            const auto decision = engine::Decide(MakeWorld(learned), now_);
            look_again = decision.look_again;
            if (!decision.step) return log;
            const auto after = Perform(*decision.step, learned, log);
            if (after == After::ComeBack) {
                ADD_FAILURE() << "a step on objects that were not as the World said, after "
                              << ::testing::PrintToString(log);
                return log;
            }
            wrote = after == After::Wrote;
            if (wrote) notes.insert(notes.end(), decision.notes.begin(), decision.notes.end());
        }
    }
    return log;
}

std::vector<std::string> Cluster::SettleWithProbes() {
    auto log = Settle();
    while (EndProbe()) {
        const auto more = Settle();
        log.insert(log.end(), more.begin(), more.end());
    }
    return log;
}

Cluster::After Cluster::Write(const engine::WriteDatabaseStatus& write, std::vector<std::string>& log) {
    const auto before = api::ParseDatabase(database);
    if (before.revision != write.at) return After::ComeBack;
    const auto changed = database.patch(controllers::DatabaseStatusPatch(write));
    EXPECT_EQ(database_schema_.Problems(changed), std::vector<std::string>{});
    const auto pruned = database_schema_.Pruned(changed);
    EXPECT_EQ(pruned["status"], changed["status"]) << "the schema lacks a field";
    EXPECT_NE(pruned["status"], database["status"]) << "a write that changes nothing";
    database["status"] = pruned["status"];
    database["metadata"]["resourceVersion"] = Stamp();
    if (write.is_intent) job_request_ = engine::JobRequest::NotSent;
    EXPECT_EQ(api::ParseDatabase(database).status, write.status) << "what was written is not what is read";
    log.push_back(Describe(before.status, write.status));
    return After::Wrote;
}

Cluster::After Cluster::Write(const engine::WriteMigrationStatus& write, std::vector<std::string>& log) {
    auto& migration = migrations.at(write.migration.name);
    const auto before = api::ParseMigration(migration);
    if (before.revision != write.at) return After::ComeBack;
    const auto changed = migration.patch(controllers::MigrationStatusPatch(write));
    EXPECT_EQ(migration_schema_.Problems(changed), std::vector<std::string>{});
    const auto pruned = migration_schema_.Pruned(changed);
    EXPECT_EQ(pruned["status"], changed["status"]) << "the schema lacks a field";
    EXPECT_NE(pruned["status"], migration["status"]) << "a write that changes nothing";
    migration["status"] = pruned["status"];
    migration["metadata"]["resourceVersion"] = Stamp();
    log.push_back("Migration " + write.migration.name + " " + Reason(write.migration.name) +
                  (write.entry ? " with history" : ""));
    return After::Wrote;
}

Cluster::After Cluster::Create(const Json& job, const std::string& owner, const std::string& what,
                               engine::Learned& learned, std::vector<std::string>& log) {
    const auto name = job["metadata"]["name"].get<std::string>();
    if (refuse_jobs) {
        learned.refused_jobs.emplace(name, *refuse_jobs);
        return After::DecideAgain;
    }
    if (const auto taken = jobs.find(name); taken != jobs.end()) {
        const auto facts = observed::ParseJob(taken->second);
        EXPECT_FALSE(facts.owner.value == owner && facts.database == kDatabase) << "creates what is there already";
        learned.foreign_jobs.insert(name);
        return After::DecideAgain;
    }
    auto& created = jobs[name];
    created = job;
    created["metadata"].update(Meta(name));
    if (what == "Job") created_jobs.push_back(name);
    log.push_back(what);
    return After::Wrote;
}

Cluster::After Cluster::Perform(const engine::Step& step, engine::Learned& learned, std::vector<std::string>& log) {
    if (const auto* write = std::get_if<engine::WriteDatabaseStatus>(&step)) return Write(*write, log);
    if (const auto* write = std::get_if<engine::WriteMigrationStatus>(&step)) return Write(*write, log);
    if (const auto* create = std::get_if<engine::CreateMigrationJob>(&step)) {
        const auto& live = migrations.at(create->migration.name);
        if (live["metadata"]["uid"] != create->run.migration_uid.value ||
            api::RunKey(live["spec"]) != create->run.key || live["metadata"].contains("deletionTimestamp")) {
            return After::ComeBack;
        }
        const auto job = jobs::BuildMigrationJob(live, ParsedDatabase(), create->run, kSettings);
        EXPECT_EQ(job["metadata"]["name"], create->job_name);
        const auto after = Create(job, create->run.migration_uid.value, "Job", learned, log);
        if (after == After::Wrote) job_request_ = engine::JobRequest::Done;
        return after;
    }
    if (const auto* create = std::get_if<engine::CreateProbeJob>(&step)) {
        const auto job = jobs::BuildProbeJob(ParsedDatabase(), create->launch, create->wanted, kSettings);
        EXPECT_EQ(job["metadata"]["name"], create->job_name);
        return Create(job, database["metadata"]["uid"], "probe Job", learned, log);
    }
    if (const auto* end = std::get_if<engine::DeletePod>(&step)) {
        auto& pod = pods.at(end->pod.name);
        const auto facts = observed::ParsePod(pod, observed::Detail::Store);
        EXPECT_FALSE(facts.deleting) << "deletes a pod twice";
        if (facts.uid != end->uid || facts.revision != end->at) return After::ComeBack;
        pod["metadata"]["deletionTimestamp"] = core::FormatTime(now_);
        pod["metadata"]["resourceVersion"] = Stamp();
        log.push_back("pod deleted");
        return After::Wrote;
    }
    if (const auto* end = std::get_if<engine::SuspendJob>(&step)) {
        auto& job = jobs.at(end->job.name);
        if (observed::ParseJob(job).revision != end->at) return After::ComeBack;
        job["spec"]["suspend"] = true;
        job["metadata"]["resourceVersion"] = Stamp();
        log.push_back("Job suspended");
        return After::Wrote;
    }
    if (const auto* old = std::get_if<engine::DeleteJob>(&step)) {
        EXPECT_EQ(jobs.at(old->job.name)["metadata"]["uid"], old->uid.value);
        DeleteJobAndPods(old->job.name);
        log.push_back("Job deleted");
        return After::Wrote;
    }
    if (const auto* list = std::get_if<engine::ListPodsLive>(&step)) {
        EXPECT_FALSE(learned.pods_are_live.contains(list->job)) << "lists the same pods twice in a pass";
        learned.pods_are_live.insert(list->job);
        return After::DecideAgain;
    }
    if (const auto* list = std::get_if<engine::ListEventsLive>(&step)) {
        ++event_lists;
        fence_holder_ = {.pod = list->uid, .asked = now_, .words = fence_words, .run = fence_run};
        learned.fence_holder = fence_holder_;
        return After::DecideAgain;
    }
    if (std::holds_alternative<engine::ReadLedgerLive>(step)) {
        EXPECT_FALSE(learned.ledger_is_live) << "reads the Ledger twice in a pass";
        learned.ledger_is_live = true;
        log.push_back("Ledger read");
        return After::DecideAgain;
    }
    if (const auto* list = std::get_if<engine::ListOldPodsLive>(&step)) {
        EXPECT_FALSE(learned.old_pods && learned.old_pods->is_live) << "lists old pods twice in a pass";
        ++user_lists;
        const auto migration = ParsedMigration(list->migration.name);
        engine::OldPods pods{.key = migration.run_key, .asked = now_, .is_live = true};
        for (const auto& workload : workloads)
            pods.seen = std::max(pods.seen, workload.revision.value);
        pods.found = engine::FindOldPods(ParsedDatabase(), migration, users);
        learned.old_pods = pods;
        pods.is_live = false;
        old_pods_ = std::move(pods);
        log.push_back("old pods listed");
        return After::DecideAgain;
    }
    EXPECT_FALSE(learned.jobs_are_live) << "lists Jobs twice in a pass";
    learned.jobs_are_live = true;
    return After::DecideAgain;
}

bool Cluster::WriteLedger() {
    const auto decision = engine::DecideLedger(MakeLedgerWorld());
    if (!decision.step) return false;
    const auto& write = std::get<engine::WriteLedger>(*decision.step);
    api::Ledger after = ledger.is_null() ? api::Ledger{.key = {kNamespace, "tidegate"}} : api::ParseLedger(ledger);
    after.satisfied = write.satisfied;
    if (write.observed) {
        after.observed_floor = write.observed->floor;
        after.observed_ceiling = write.observed->ceiling;
    }
    ledger = api::PrintLedger(after);
    EXPECT_EQ(ledger_schema_.Problems(ledger), std::vector<std::string>{});
    EXPECT_EQ(ledger_schema_.Pruned(ledger), ledger) << "the schema lacks a field";
    ledger["metadata"]["resourceVersion"] = Stamp();
    return true;
}

api::Database Cluster::ParsedDatabase() const {
    return api::ParseDatabase(database);
}

api::Migration Cluster::ParsedMigration(const std::string& name) const {
    return api::ParseMigration(migrations.at(name));
}

std::vector<std::string> Cluster::JobsOfRole(const std::string& role) const {
    std::vector<std::string> names;
    for (const auto& [name, job] : jobs) {
        if (core::TextAt(job, {"metadata", "labels", api::kRoleLabel}) == role) names.push_back(name);
    }
    return names;
}

std::string Cluster::Reason(const std::string& migration) const {
    const auto parsed = ParsedMigration(migration);
    const auto* ready = api::FindCondition(parsed.status.conditions, api::kReady);
    return ready == nullptr ? "" : ready->reason;
}

std::string Cluster::ReadyStatus(const std::string& migration) const {
    for (const auto& condition : core::ArrayAt(migrations.at(migration), {"status", "conditions"})) {
        if (condition["type"] == api::kReady) return condition["status"];
    }
    return "";
}

Json Cluster::History(const std::string& migration) const {
    return core::ArrayAt(migrations.at(migration), {"status", "history"});
}

Cluster ReadCluster() {
    Cluster cluster;
    cluster.versions = {"0001"};
    cluster.ApplyDatabase();
    cluster.SettleWithProbes();
    cluster.Advance(std::chrono::seconds{5});
    return cluster;
}

}  // namespace simulation
