#include "controllers/live_migration.hpp"

#include <memory>
#include <vector>

#include <nlohmann/json.hpp>

#include "api/migration.hpp"
#include "engine/image_source.hpp"
#include "observed/workload_facts.hpp"

namespace controllers {

std::optional<nlohmann::json> ReadMigrationFor(const engine::CreateMigrationJob& step, const kube::Client& client,
                                               const std::stop_token& stop) {
    auto live = client.Get(kube::kMigrations, step.migration, stop);
    if (!live) return std::nullopt;
    auto migration = api::ParseMigration(*live);
    if (migration.uid != step.run.migration_uid || migration.deleting) return std::nullopt;
    if (const auto& from = migration.spec.image_from) {
        std::vector<engine::Shared<observed::WorkloadFacts>> workloads;
        if (const auto deployment = client.Get(kube::kDeployments, {step.migration.ns, from->deployment}, stop))
            workloads.push_back(
                std::make_shared<const observed::WorkloadFacts>(observed::ParseDeployment(*deployment)));
        migration = engine::WithImage(migration, workloads);
        (*live)["spec"]["image"] = migration.spec.image;
    }
    if (migration.run_key != step.run.key) return std::nullopt;
    return live;
}

}  // namespace controllers
