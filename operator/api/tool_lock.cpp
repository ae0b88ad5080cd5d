#include "api/tool_lock.hpp"

#include <nlohmann/json.hpp>

namespace api {

nlohmann::json PrintToolLock(const version::ToolLock& lock) {
    nlohmann::json object = {{"table", lock.table}};
    if (!lock.holder.empty()) object["holder"] = lock.holder;
    if (!lock.since.empty()) object["since"] = lock.since;
    if (!lock.until.empty()) object["until"] = lock.until;
    return object;
}

}  // namespace api
