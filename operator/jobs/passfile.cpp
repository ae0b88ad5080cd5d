#include "jobs/passfile.hpp"

#include <nlohmann/json.hpp>

#include "core/json_access.hpp"

namespace jobs {
namespace {

using nlohmann::json;

constexpr const char* kVolume = "tidegate-passfile";
constexpr const char* kDirectory = "/run/tidegate-passfile";
constexpr const char* kFileName = "pgpass";
constexpr int kForEverybody = 0444;
constexpr int kForItsOwner = 0400;

}  // namespace

json PassfileVolumes(const api::Database& database, const json& security_context) {
    const auto& key = database.spec.keys.passfile;
    if (key.empty()) return json::array();
    const bool is_root = core::NumberAt(security_context, {"runAsUser"}) == 0;
    return json::array({{{"name", kVolume},
                         {"secret",
                          {{"secretName", database.spec.secret_name},
                           {"defaultMode", is_root ? kForItsOwner : kForEverybody},
                           {"items", {{{"key", key}, {"path", kFileName}}}}}}}});
}

json PassfileMounts(const api::Database& database) {
    if (database.spec.keys.passfile.empty()) return json::array();
    return json::array({{{"name", kVolume}, {"mountPath", kDirectory}, {"readOnly", true}}});
}

}  // namespace jobs
