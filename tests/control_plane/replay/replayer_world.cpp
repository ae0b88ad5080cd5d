#include <algorithm>
#include <limits>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "api/names.hpp"
#include "api/run_id.hpp"
#include "control_plane/replay/players.hpp"
#include "control_plane/replay/replayer.hpp"

/// What a step of the model is on the real control plane, and what the model takes over from there.
namespace replay {
namespace {

using explorer::Kind;
using explorer::State;
using nlohmann::json;
using What = explorer::Action::What;

Loss LossOf(const explorer::Action& action) {
    return action.how == 1 ? Loss::AfterCommit : action.how == 2 ? Loss::BeforeCommit : Loss::None;
}

void Expect(const kube::Written& written, const std::string& what) {
    if (!written.Done()) throw std::runtime_error(what + ": " + written.message);
}

}  // namespace

core::Uid Replayer::RealUid(const core::Uid& uid) const {
    const auto known = uids_.find(uid.value);
    return known == uids_.end() ? uid : core::Uid{known->second};
}

core::ObjectKey Replayer::RealPod(const explorer::Pod& pod) const {
    return {ns_, pod.key.name};
}

void Replayer::Do(const Action& action, const State& before, State& after) {
    switch (action.what) {
        case What::DatabasePass:
            return operator_.DatabasePass(scenario_.DatabaseName(), LossOf(action));
        case What::LedgerPass:
            return operator_.LedgerPass(LossOf(action));
        case What::WorkloadPass:
            return operator_.WorkloadPass(scenario_.DatabaseName(), LossOf(action));
        case What::Leap:
            // It leaps because it has nothing to do: the pass that says so.
            return operator_.DatabasePass(scenario_.DatabaseName(), Loss::None);
        case What::Crash:
            return operator_.Restart();
        case What::PodStep:
        case What::PodEnd:
            return DoByNode(*before.pods.Truth().items[action.which], after);
        case What::DeliverAll:
        case What::DeliverNext:
            return;
        default:
            return DoByUser(action, before, after);
    }
}

void Replayer::DoByNode(const explorer::Pod& before, const State& after) {
    const auto pod = after.pods.Find(before.key.name);
    const auto key = RealPod(before);
    if (pod->scheduled && !before.scheduled) cluster_.Bind(key);
    Expect(cluster_.Administrator().MergePatch(kube::kPods, key, {{"status", PodStatus(*pod)}},
                                               kube::Subresource::kStatus),
           "status of pod " + key.name);
    if (pod->terminal && pod->deleting) cluster_.Remove(key, RealUid(pod->uid));
}

void Replayer::DoByUser(const Action& action, const State& before, State& after) {
    const auto& client = cluster_.Administrator();
    const auto migration = [&](const State& state) {
        const auto& name = before.migrations.Truth().items[action.which]->key.name;
        return state.migrations.Find(name);
    };
    const auto annotate = [](const char* name, const std::string& value) {
        return json{{"metadata", {{"annotations", {{name, value}}}}}};
    };
    const core::ObjectKey database{ns_, scenario_.DatabaseName()};
    switch (action.what) {
        case What::CreateMigration: {
            const auto name = scenario_.MigrationName(action.which);
            const auto made = after.migrations.Find(name);
            const auto written = client.Create(kube::kMigrations, MigrationObject(ns_, *made, scenario_));
            Expect(written, "Migration " + name);
            // Names of Jobs are made of it.
            after.migrations.Rewrite([&](const auto& item) {
                if (item->key.name != name || item->uid != made->uid) return item;
                explorer::Migration real = *item;
                real.uid = written.uid;
                return explorer::Freeze(std::move(real));
            });
            return;
        }
        case What::CreateDatabase: {
            const auto made = after.databases.Truth().items.front();
            const auto written = client.Create(kube::kDatabases, DatabaseObject(ns_, *made));
            Expect(written, "Database");
            after.databases.Rewrite([&](const auto& item) {
                if (item->uid != made->uid) return item;
                explorer::Database real = *item;
                real.uid = written.uid;
                return explorer::Freeze(std::move(real));
            });
            return;
        }
        case What::EditSpec:
        case What::Suspend: {
            auto spec = MigrationSpec(*migration(after), scenario_);
            if (!spec.contains("run")) spec["run"] = nullptr;
            return Expect(client.MergePatch(kube::kMigrations, {ns_, migration(before)->key.name}, {{"spec", spec}}),
                          "edit");
        }
        case What::Retry:
            return Expect(client.MergePatch(kube::kMigrations, {ns_, migration(before)->key.name},
                                            annotate("tidegate.io/retry", migration(after)->retry_token)),
                          "retry");
        case What::DeleteMigration:
            return Expect(client.Delete(kube::kMigrations, {ns_, migration(before)->key.name},
                                        {.uid = migration(before)->uid, .revision = {}}),
                          "delete Migration");
        case What::SwitchDatabase:
            return Expect(
                client.MergePatch(
                    kube::kDatabases, database,
                    {{"spec", {{"connection", {{"secretRef", {{"name", after.TheDatabase()->spec.secret_name}}}}}}}}),
                "switch");
        case What::DeleteDatabase:
            return Expect(client.Delete(kube::kDatabases, database, {.uid = before.TheDatabase()->uid, .revision = {}}),
                          "delete Database");
        case What::LoseRecord:
            return Expect(
                client.Patch(
                    kube::kDatabases, database, cluster_.Now().databases.Find(database)->revision,
                    json::array({{{"op", "replace"}, {"path", "/status"}, {"value", {{"observedGeneration", -1}}}}}),
                    kube::Subresource::kStatus),
                "lose record");
        case What::DeleteJob: {
            const auto& job = *before.jobs.Truth().items[action.which];
            const core::ObjectKey key{ns_, job.key.name};
            Expect(client.MergePatch(kube::kJobs, key, annotate("tidegate.io/abort", "replay")), "annotate Job");
            static constexpr kube::Propagation kHow[] = {kube::Propagation::kBackground, kube::Propagation::kForeground,
                                                         kube::Propagation::kOrphan};
            return Expect(client.Delete(kube::kJobs, key,
                                        {.uid = RealUid(job.uid), .revision = {}, .propagation = kHow[action.how]}),
                          "delete Job");
        }
        case What::EvictPod:
        case What::DeletePod: {
            const auto& pod = *before.pods.Truth().items[action.which];
            if (action.what == What::EvictPod) {
                Expect(client.MergePatch(kube::kPods, RealPod(pod),
                                         {{"status", PodStatus(*after.pods.Find(pod.key.name))}},
                                         kube::Subresource::kStatus),
                       "evict");
            }
            return Expect(client.Delete(kube::kPods, RealPod(pod), {.uid = RealUid(pod.uid), .revision = {}}),
                          "delete pod");
        }
        case What::PlantJob: {
            for (const auto& job : after.jobs.Truth().items) {
                if (job->is_labelled || before.jobs.Find(job->key.name)) continue;
                Expect(client.Create(kube::kJobs, ForeignJob(ns_, job->key.name)), "foreign Job");
            }
            return;
        }
        default:
            throw std::logic_error("a step that is not played");
    }
}

template <class Object, class Facts>
void Replayer::Note(Kind kind, const explorer::History<Object>& history, const runtime::Store<Facts>& store) {
    const core::Revision newest = store.Seen(ns_);
    for (std::size_t age = 0; age < history.Kept(); ++age) {
        for (const auto& item : history.Version(age)->items) {
            const auto real = store.Find({ns_, item->key.name});
            if (!real) continue;
            auto& known = revisions_[{kind, item->key.name, item->revision.value}];
            // Kubernetes' controllers write statuses that the model does not know: the newest state is as new as it is.
            if (age == 0 || known == core::Revision{}) known = real->revision;
        }
    }
    // What was shown before is kept; all that is new was seen together. A delete moves nothing: nobody waits for one.
    for (std::size_t age = history.Kept(); age-- > 0;) {
        const auto revision = history.Version(age)->revision;
        const auto before = seen_.lower_bound({kind, revision});
        const bool has_older = before != seen_.begin() && std::prev(before)->first.first == kind;
        const auto least = has_older ? std::prev(before)->second : core::Revision{1};
        auto& seen = seen_.try_emplace({kind, revision}, std::max(least, newest)).first->second;
        if (age == 0) seen = std::max(seen, newest);
    }
}

void Replayer::TakeOver(State& state) {
    const auto& now = cluster_.Now();
    // Statuses as they were read back: their texts hold names that the API server gave.
    const auto database = state.databases.Find(scenario_.DatabaseName());
    state.databases.Rewrite([&](const auto& item) {
        const auto real = now.databases.Find({ns_, item->key.name});
        if (!real || item != database || real->status == item->status) return item;
        explorer::Database taken = *item;
        taken.status = real->status;
        return explorer::Freeze(std::move(taken));
    });
    const auto migrations = state.migrations.Version(0);
    state.migrations.Rewrite([&](const auto& item) {
        const auto real = now.migrations.Find({ns_, item->key.name});
        if (!real || item != explorer::History<explorer::Migration>::Find(*migrations, item->key.name)) return item;
        explorer::Migration taken = *item;
        taken.created = real->created;
        taken.status = real->status;
        return explorer::Freeze(std::move(taken));
    });
    const auto deployment = state.deployments.Find(scenario_.DatabaseName());
    state.deployments.Rewrite([&](const auto& item) {
        const auto real = now.deployments.Find({ns_, item->key.name});
        if (!real || item != deployment) return item;
        explorer::Deployment taken = *item;
        taken.waiting_for = real->waiting_for;
        return explorer::Freeze(std::move(taken));
    });
    state.jobs.Rewrite([&](const auto& item) {
        const auto real = now.jobs.Find({ns_, item->key.name});
        if (!real || !item->is_labelled) return item;
        const bool is_newest = state.jobs.Find(item->key.name) && state.jobs.Find(item->key.name)->uid == item->uid;
        if (!is_newest) return item;
        uids_[item->uid.value] = real->uid.value;
        const bool is_same = real->created == item->created && (!item->Ended() || real->end_time == item->end_time);
        if (is_same) return item;
        explorer::Job taken = *item;
        taken.created = real->created;
        if (item->Ended()) taken.end_time = real->end_time;
        return explorer::Freeze(std::move(taken));
    });
    const auto index = controllers::DatabaseIndexValue(ns_, scenario_.DatabaseName());
    const auto pods = now.pods.With(controllers::kByDatabase, index);
    state.pods.Rewrite([&](const auto& item) {
        const auto real = std::find_if(pods.begin(), pods.end(),
                                       [&](const auto& pod) { return pod->job_uid == RealUid(item->job_uid); });
        if (real == pods.end()) return item;
        uids_.try_emplace(item->uid.value, (*real)->uid.value);
        if ((*real)->created == item->created && (*real)->key.name == item->key.name) return item;
        for (auto& instance : state.instances) {
            if (instance.fence == item->key.name) instance.fence = (*real)->key.name;
        }
        explorer::Pod taken = *item;
        taken.key.name = (*real)->key.name;
        taken.created = (*real)->created;
        return explorer::Freeze(std::move(taken));
    });
    Note(Kind::Databases, state.databases, now.databases);
    Note(Kind::Migrations, state.migrations, now.migrations);
    Note(Kind::Jobs, state.jobs, now.jobs);
    Note(Kind::Pods, state.pods, now.pods);
    Note(Kind::Ledgers, state.ledgers, now.ledgers);
    Note(Kind::Deployments, state.deployments, now.deployments);
}

template <class Object, class Facts>
void Replayer::Fill(Kind kind, const explorer::History<Object>& history, runtime::Store<Facts>& store) {
    std::vector<typename runtime::Store<Facts>::Item> items;
    for (const auto& item : history.Seen().items) {
        Facts facts = *item;
        facts.uid = RealUid(facts.uid);
        if constexpr (std::is_same_v<Object, explorer::Pod>) facts.job_uid = RealUid(facts.job_uid);
        if constexpr (std::is_same_v<Object, explorer::Job>) {
            if (!item->is_labelled) continue;
        }
        const auto real = revisions_.find({kind, item->key.name, item->revision.value});
        if (real != revisions_.end()) facts.revision = real->second;
        items.push_back({facts.key, facts.revision, std::make_shared<const Facts>(facts)});
    }
    // One that is up to date has seen everything, also what the model does not know.
    constexpr core::Revision kEverything{std::numeric_limits<std::uint64_t>::max()};
    store.Replace(ns_, std::move(items), history.Age() == 0 ? kEverything : seen_.at({kind, history.Seen().revision}));
}

void Replayer::FillStores(const State& state) {
    auto& stores = operator_.Stores();
    Fill(Kind::Databases, state.databases, stores.databases);
    Fill(Kind::Migrations, state.migrations, stores.migrations);
    Fill(Kind::Ledgers, state.ledgers, stores.ledgers);
    Fill(Kind::Jobs, state.jobs, stores.jobs);
    Fill(Kind::Pods, state.pods, stores.pods);
    Fill(Kind::Deployments, state.deployments, stores.deployments);
}

}  // namespace replay
