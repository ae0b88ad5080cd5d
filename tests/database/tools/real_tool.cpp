#include "tools/real_tool.hpp"

#include <cctype>
#include <cstdio>

namespace testing_support {
namespace {

std::string Encoded(const std::string& text) {
    std::string encoded;
    for (const unsigned char c : text) {
        char hex[4];
        std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned>(c));
        encoded += std::isalnum(c) != 0 ? std::string(1, static_cast<char>(c)) : hex;
    }
    return encoded;
}

}  // namespace

std::string ToolRun::Uri() const {
    return "postgres://" + Encoded(database.user) + ":" + Encoded(database.password) +
           "@127.0.0.1:" + std::to_string(database.port) + "/" + database.name + "?sslmode=disable";
}

std::string ToolRun::JdbcUri() const {
    return "jdbc:postgresql://127.0.0.1:" + std::to_string(database.port) + "/" + database.name +
           "?sslmode=disable&ApplicationName=" + Encoded(application_name);
}

std::map<std::string, std::string> PgEnvironment(const ToolRun& run) {
    return {{"PGHOST", "127.0.0.1"},
            {"PGPORT", std::to_string(run.database.port)},
            {"PGDATABASE", run.database.name},
            {"PGUSER", run.database.user},
            {"PGPASSWORD", run.database.password},
            {"PGAPPNAME", run.application_name},
            {"PGSSLMODE", "disable"},
            {"PYTHONDONTWRITEBYTECODE", "1"}};
}

}  // namespace testing_support
