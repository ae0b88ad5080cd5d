#include "controllers/routes.hpp"

#include "controllers/gate_keys.hpp"

namespace controllers {
namespace {

core::ObjectKey KeyOf(const observed::WorkloadFacts& workload) {
    return GateKey(workload.kind, workload.key);
}

/// A Contract or a Down goes on once the Ledger shows its bound.
bool WaitsForLedger(const api::Database& database) {
    for (const auto* bound : {&database.status.floor, &database.status.ceiling}) {
        if (*bound && (*bound)->provisional && !(*bound)->wait_start) return true;
    }
    return false;
}

class Routes final {
public:
    Routes(Stores& stores, runtime::Queue& databases, runtime::Queue& gate)
        : stores_(&stores), databases_(&databases), gate_(&gate) {}

    void Database(const core::ObjectKey& key) const {
        databases_->Add(key);
        gate_->Add(LedgerKey(key.ns));
        for (const auto& workload : stores_->Workloads(kByDatabase, DatabaseIndexValue(key.ns, key.name))) {
            gate_->Add(KeyOf(*workload));
        }
    }

    void Migration(const core::ObjectKey& key, const std::string& database) const {
        databases_->Add({key.ns, database});
        gate_->Add(LedgerKey(key.ns));
        // What holds waits for says what the Migration says.
        for (const auto& workload : stores_->Workloads(kByDatabase, DatabaseIndexValue(key.ns, database))) {
            if (workload->held) gate_->Add(KeyOf(*workload));
        }
    }

    void OwnedObject(const core::ObjectKey& key, const std::string& database) const {
        databases_->Add({key.ns, database});
    }

    void Workload(const observed::WorkloadFacts& workload) const {
        gate_->Add(KeyOf(workload));
        // A newer Job of a CronJob takes the place of those that are held.
        if (workload.cron_job) {
            for (const auto& sibling : stores_->gated_jobs.With(kByCronJob, workload.cron_job->uid.value)) {
                if (sibling->held) gate_->Add(KeyOf(*sibling));
            }
        }
        gate_->Add(LedgerKey(workload.key.ns));
        for (const auto& name : RequiredDatabases(workload))
            databases_->Add({workload.key.ns, name});
    }

    void Ledger(const core::ObjectKey& key) const {
        gate_->Add(LedgerKey(key.ns));
        for (const auto& workload : stores_->Workloads(kByNamespace, key.ns)) {
            if (workload->held) gate_->Add(KeyOf(*workload));
        }
        for (const auto& database : stores_->databases.With(kByNamespace, key.ns)) {
            if (WaitsForLedger(*database)) databases_->Add(database->key);
        }
    }

private:
    Stores* stores_;
    runtime::Queue* databases_;
    runtime::Queue* gate_;
};

}  // namespace

void AddRoutes(Stores& stores, runtime::Queue& databases, runtime::Queue& gate, EndedPods& ended_pods) {
    const Routes routes(stores, databases, gate);
    stores.databases.AddListener([routes](const auto& key, const auto&, const auto&) { routes.Database(key); });
    stores.migrations.AddListener([routes](const auto& key, const auto& before, const auto& after) {
        if (before) routes.Migration(key, before->spec.database);
        if (after && (!before || before->spec.database != after->spec.database)) {
            routes.Migration(key, after->spec.database);
        }
    });
    stores.jobs.AddListener([routes](const auto& key, const auto& before, const auto& after) {
        routes.OwnedObject(key, after ? after->database : before->database);
    });
    stores.pods.AddListener([routes, &ended_pods](const auto& key, const auto& before, const auto& after) {
        if (!after) ended_pods.Remember(before);
        routes.OwnedObject(key, after ? after->database : before->database);
    });
    for (auto* workloads : {&stores.deployments, &stores.gated_jobs}) {
        workloads->AddListener([routes](const auto&, const auto& before, const auto& after) {
            if (before) routes.Workload(*before);
            if (after) routes.Workload(*after);
        });
    }
    stores.ledgers.AddListener([routes](const auto& key, const auto&, const auto&) { routes.Ledger(key); });
}

}  // namespace controllers
