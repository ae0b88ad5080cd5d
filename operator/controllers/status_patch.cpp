#include "controllers/status_patch.hpp"

#include <nlohmann/json.hpp>

namespace controllers {
namespace {

using nlohmann::json;

json Add(const std::string& path, json value) {
    return {{"op", "add"}, {"path", path}, {"value", std::move(value)}};
}

}  // namespace

json DatabaseStatusPatch(const engine::WriteDatabaseStatus& step) {
    return json::array({Add("/status", api::PrintDatabaseStatus(step.status))});
}

json MigrationStatusPatch(const engine::WriteMigrationStatus& step) {
    const auto& status = step.status;
    json operations = json::array({Add("/status/observedGeneration", status.observed_generation),
                                   Add("/status/conditions", api::PrintConditions(status.conditions))});
    if (status.run) operations.push_back(Add("/status/run", api::PrintRunStatus(*status.run)));
    if (!step.entry) return operations;
    json entry = api::PrintHistoryEntry(*step.entry);
    if (status.history_size == 0) {
        operations.push_back(Add("/status/history", json::array({std::move(entry)})));
        return operations;
    }
    operations.push_back(Add("/status/history/0", std::move(entry)));
    // Positions are those before the new entry, which moved each by one.
    const std::size_t new_tails = step.entry->log_tail.empty() ? 0 : 1;
    for (std::size_t i = api::kKeptLogTails - new_tails; i < status.log_tails.size(); ++i) {
        operations.push_back(
            {{"op", "remove"}, {"path", "/status/history/" + std::to_string(status.log_tails[i] + 1) + "/logTail"}});
    }
    for (std::size_t size = status.history_size + 1; size > step.history_limit && size > 1; --size) {
        operations.push_back({{"op", "remove"}, {"path", "/status/history/" + std::to_string(size - 1)}});
    }
    return operations;
}

}  // namespace controllers
