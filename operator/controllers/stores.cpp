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
      workloads(scopes) {
    IndexByNamespace(databases);
    IndexByNamespace(migrations);
    IndexByNamespace(workloads);
    migrations.AddIndex(kByDatabase, [](const api::Migration& migration) {
        return std::vector{DatabaseIndexValue(migration.key.ns, migration.spec.database)};
    });
    jobs.AddIndex(kByDatabase, [](const observed::JobFacts& job) {
        return std::vector{DatabaseIndexValue(job.key.ns, job.database)};
    });
    pods.AddIndex(kByDatabase, [](const observed::PodFacts& pod) {
        return std::vector{DatabaseIndexValue(pod.key.ns, pod.database)};
    });
    workloads.AddIndex(kByDatabase, [](const observed::WorkloadFacts& workload) {
        std::vector<std::string> values;
        for (const auto& name : RequiredDatabases(workload))
            values.push_back(DatabaseIndexValue(workload.key.ns, name));
        return values;
    });
}

bool Stores::Synced() const {
    return databases.Synced() && migrations.Synced() && ledgers.Synced() && jobs.Synced() && pods.Synced() &&
           workloads.Synced();
}

}  // namespace controllers
