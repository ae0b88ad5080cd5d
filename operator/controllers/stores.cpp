#include "controllers/stores.hpp"

#include <set>

#include "api/requirement.hpp"

namespace controllers {
namespace {

std::vector<std::string> ScopesOf(const std::vector<std::string>& namespaces) {
    return namespaces.empty() ? std::vector<std::string>{""} : namespaces;
}

template <class Object>
void IndexByNamespace(runtime::Store<Object>& store) {
    store.AddIndex(kByNamespace, [](const Object& object) { return std::vector{object.key.ns}; });
}

}  // namespace

std::string DatabaseIndexValue(const std::string& ns, const std::string& database) {
    return ns + "/" + database;
}

std::vector<std::string> RequiredDatabases(const observed::WorkloadFacts& workload) {
    std::set<std::string> names;
    for (const auto& requirement : api::ParseRequirements(workload.requires_text).requirements) {
        names.insert(requirement.database);
    }
    return {names.begin(), names.end()};
}

Stores::Stores(const std::vector<std::string>& namespaces)
    : scopes(ScopesOf(namespaces)),
      databases(scopes),
      migrations(scopes),
      ledgers(scopes),
      jobs(scopes),
      pods(scopes),
      deployments(scopes),
      gated_jobs(scopes) {
    IndexByNamespace(databases);
    IndexByNamespace(migrations);
    for (auto* workloads : {&deployments, &gated_jobs}) {
        IndexByNamespace(*workloads);
        workloads->AddIndex(kByDatabase, [](const observed::WorkloadFacts& workload) {
            std::vector<std::string> values;
            for (const auto& name : RequiredDatabases(workload))
                values.push_back(DatabaseIndexValue(workload.key.ns, name));
            return values;
        });
    }
    gated_jobs.AddIndex(kByCronJob, [](const observed::WorkloadFacts& job) {
        return job.cron_job ? std::vector{job.cron_job->uid.value} : std::vector<std::string>{};
    });
    migrations.AddIndex(kByDatabase, [](const api::Migration& migration) {
        return std::vector{DatabaseIndexValue(migration.key.ns, migration.spec.database)};
    });
    jobs.AddIndex(kByDatabase, [](const observed::JobFacts& job) {
        return std::vector{DatabaseIndexValue(job.key.ns, job.database)};
    });
    pods.AddIndex(kByDatabase, [](const observed::PodFacts& pod) {
        return std::vector{DatabaseIndexValue(pod.key.ns, pod.database)};
    });
}

std::vector<std::shared_ptr<const observed::WorkloadFacts>> Stores::Workloads(const char* index,
                                                                              const std::string& value) const {
    auto workloads = deployments.With(index, value);
    const auto of_jobs = gated_jobs.With(index, value);
    workloads.insert(workloads.end(), of_jobs.begin(), of_jobs.end());
    return workloads;
}

std::shared_ptr<const observed::WorkloadFacts> Stores::FindWorkload(observed::WorkloadKind kind,
                                                                    const core::ObjectKey& key) const {
    return kind == observed::WorkloadKind::Job ? gated_jobs.Find(key) : deployments.Find(key);
}

bool Stores::Synced() const {
    return databases.Synced() && migrations.Synced() && ledgers.Synced() && jobs.Synced() && pods.Synced() &&
           deployments.Synced() && gated_jobs.Synced();
}

}  // namespace controllers
