#include "api/run_id.hpp"

#include <nlohmann/json.hpp>

#include "api/phase.hpp"
#include "core/hash.hpp"
#include "core/json_access.hpp"

namespace api {
namespace {

constexpr std::size_t kKeyLength = 16;
constexpr std::size_t kKeptOfName = 40;
constexpr std::size_t kHashLength = 10;

/// Object names may hold dots (DNS-1123 subdomain); a Job whose pods get host names must be a DNS-1123 label.
std::string NamePrefix(std::string_view name) {
    std::string prefix;
    for (const char c : name.substr(0, kKeptOfName)) {
        const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        prefix += fits ? c : '-';
    }
    while (!prefix.empty() && prefix.back() == '-')
        prefix.pop_back();
    return prefix;
}

std::string Compose(std::string_view name, std::string_view identity, int launch) {
    return NamePrefix(name) + "-" + core::HashText(identity, kHashLength) + "-" + std::to_string(launch);
}

}  // namespace

std::string RunKey(const nlohmann::json& migration_spec) {
    auto what_runs = nlohmann::json::object();
    for (const char* field : {"image", "command", "args", "env", "envFrom", "volumes", "version", "run"}) {
        if (const auto* value = core::FindAt(migration_spec, {field})) what_runs[field] = *value;
    }
    // Not of an Expand: keys of before there were phases stay what they were, and the default may be written or not.
    const auto phase = ParsePhase(core::TextAt(migration_spec, {"phase"}));
    if (phase != Phase::Expand) what_runs["phase"] = Name(phase);
    if (phase == Phase::Contract) what_runs["minimumVersion"] = core::TextAt(migration_spec, {"minimumVersion"});
    return core::HashText(what_runs.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), kKeyLength);
}

std::string JobName(const RunId& run) {
    return Compose(run.migration, core::JoinForHash({run.migration, run.migration_uid.value, run.key, run.database}),
                   run.launch);
}

std::string ProbeJobName(std::string_view database, const core::Uid& uid, int launch) {
    return Compose(database, core::JoinForHash({database, uid.value, "probe"}), launch);
}

}  // namespace api
