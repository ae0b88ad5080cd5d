#include "controllers/routes.hpp"

namespace controllers {
namespace {

core::ObjectKey LedgerWork(const std::string& ns) {
    return {ns, ""};
}

class Routes final {
public:
    Routes(Stores& stores, runtime::Queue& databases, runtime::Queue& gate)
        : stores_(&stores), databases_(&databases), gate_(&gate) {}

    void Database(const core::ObjectKey& key) const {
        databases_->Add(key);
        gate_->Add(LedgerWork(key.ns));
        for (const auto& workload : stores_->workloads.With(kByDatabase, DatabaseIndexValue(key.ns, key.name))) {
            gate_->Add(workload->key);
        }
    }

    void Migration(const core::ObjectKey& key, const std::string& database) const {
        databases_->Add({key.ns, database});
        gate_->Add(LedgerWork(key.ns));
        // What holds waits for says what the Migration says.
        for (const auto& workload : stores_->workloads.With(kByDatabase, DatabaseIndexValue(key.ns, database))) {
            if (workload->held) gate_->Add(workload->key);
        }
    }

    void OwnedObject(const core::ObjectKey& key, const std::string& database) const {
        databases_->Add({key.ns, database});
    }

    void Workload(const observed::WorkloadFacts& workload) const {
        gate_->Add(workload.key);
        gate_->Add(LedgerWork(workload.key.ns));
        for (const auto& name : RequiredDatabases(workload))
            databases_->Add({workload.key.ns, name});
    }

    void Ledger(const core::ObjectKey& key) const {
        gate_->Add(LedgerWork(key.ns));
        for (const auto& workload : stores_->workloads.With(kByNamespace, key.ns)) {
            if (workload->held) gate_->Add(workload->key);
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
    stores.workloads.AddListener([routes](const auto&, const auto& before, const auto& after) {
        if (before) routes.Workload(*before);
        if (after) routes.Workload(*after);
    });
    stores.ledgers.AddListener([routes](const auto& key, const auto&, const auto&) { routes.Ledger(key); });
}

}  // namespace controllers
