#include "tools/real_tool.hpp"

#include <cctype>
#include <cstdio>
#include <fstream>

namespace testing_support {

std::string PercentEncoded(const std::string& text) {
    std::string encoded;
    for (const unsigned char c : text) {
        char hex[4];
        std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned>(c));
        encoded += std::isalnum(c) != 0 ? std::string(1, static_cast<char>(c)) : hex;
    }
    return encoded;
}

std::string ToolRun::Uri() const {
    return "postgres://" + PercentEncoded(database.user) + ":" + PercentEncoded(database.password) +
           "@127.0.0.1:" + std::to_string(database.port) + "/" + database.name + "?sslmode=disable";
}

std::string ToolRun::JdbcUri() const {
    return "jdbc:postgresql://127.0.0.1:" + std::to_string(database.port) + "/" + database.name +
           "?sslmode=disable&ApplicationName=" + PercentEncoded(application_name);
}

void Write(const std::vector<ToolFile>& files, const std::filesystem::path& folder) {
    for (const auto& [path, content] : files) {
        std::filesystem::create_directories((folder / path).parent_path());
        std::ofstream{folder / path} << content;
    }
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

std::vector<RealTool> AllTools() {
    std::vector<RealTool> all;
    for (const auto& tools : {SqlTools(), PythonTools(), RubyTools(), NodeTools()})
        all.insert(all.end(), tools.begin(), tools.end());
    return all;
}

}  // namespace testing_support
