#include "support/session_options.hpp"

#include <nlohmann/json.hpp>

#include "jobs/job_parts.hpp"

namespace testing_support {

std::string SessionOptionsOf(const api::Database& database) {
    for (const auto& variable : jobs::SessionEnv(database)) {
        if (variable["name"] == "PGOPTIONS") return variable["value"];
    }
    return {};
}

}  // namespace testing_support
