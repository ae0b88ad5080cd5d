#include "agent/configuration.hpp"

#include <charconv>
#include <string_view>

#include "api/names.hpp"
#include "api/requirement.hpp"
#include "database/db_error.hpp"

namespace agent {
namespace {

[[noreturn]] void Refuse(const std::string& what) {
    throw database::DbError{database::DbErrorKind::BadConfiguration, what};
}

std::string Read(const Environment& environment, std::string_view name) {
    const char* value = environment(std::string{name}.c_str());
    return value ? value : "";
}

std::vector<std::string> SplitVersions(std::string_view list) {
    std::vector<std::string> versions;
    while (!list.empty()) {
        const auto comma = list.find(',');
        const std::string version = api::DecodeVersion(list.substr(0, comma));
        if (!version.empty()) versions.push_back(version);
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
    return versions;
}

api::LockWatch ReadLockWatch(const Environment& environment) {
    api::LockWatch watch;
    if (const std::string text = Read(environment, api::kAgentLockWatchAfter); !text.empty()) {
        int count = 0;
        const auto end = text.data() + text.size();
        if (std::from_chars(text.data(), end, count).ptr != end || count < 1) {
            Refuse(std::string{api::kAgentLockWatchAfter} + " is \"" + text +
                   "\"; spec.lockWatch.afterSeconds of the Database must be a number of seconds, 1 or more");
        }
        watch.after = std::chrono::seconds{count};
    }
    if (const std::string text = Read(environment, api::kAgentLockWatchAction); !text.empty()) {
        const auto action = api::ParseLockWatchAction(text);
        if (!action) {
            Refuse(std::string{api::kAgentLockWatchAction} + " is \"" + text +
                   "\"; spec.lockWatch.action of the Database must be Report or Cancel");
        }
        watch.action = *action;
    }
    return watch;
}

}  // namespace

Configuration ReadDatabaseConfiguration(const Environment& environment) {
    Configuration configuration;
    const std::string tool_name = Read(environment, api::kAgentTool);
    const auto tool = version::ParseTool(tool_name);
    if (!tool) {
        Refuse(std::string{api::kAgentTool} + " is \"" + tool_name +
               "\"; spec.history.tool of the Database must be one of: " + version::ToolNames());
    }
    const std::string order_name = Read(environment, api::kAgentVersionOrder);
    const auto order = version::ParseOrder(order_name);
    if (!order) {
        Refuse(std::string{api::kAgentVersionOrder} + " is \"" + order_name +
               "\"; spec.versionOrder of the Database must be Numeric or None, or left out");
    }
    configuration.history = {.tool = *tool,
                             .order = *order,
                             .table = database::history::ParseTableName(Read(environment, api::kAgentTable)),
                             .query = Read(environment, api::kAgentQuery)};
    if ((*tool == version::Tool::Custom) == configuration.history.query.empty()) {
        Refuse("spec.history.query of the Database is for tool Custom, which needs one; the tool is " + tool_name);
    }

    database::Credentials& credentials = configuration.credentials;
    credentials.uri = database::Secret{Read(environment, api::kAgentUri)};
    credentials.host = Read(environment, api::kAgentHost);
    credentials.port = Read(environment, api::kAgentPort);
    credentials.database_name = Read(environment, api::kAgentDatabaseName);
    credentials.user = Read(environment, api::kAgentUser);
    credentials.password = database::Secret{Read(environment, api::kAgentPassword)};
    credentials.ssl_mode = Read(environment, api::kSslMode);
    credentials.ssl_root_certificate = Read(environment, api::kSslRootCertificate);
    return configuration;
}

Configuration ReadConfiguration(const Environment& environment) {
    Configuration configuration = ReadDatabaseConfiguration(environment);
    configuration.wanted = SplitVersions(Read(environment, api::kAgentWanted));
    configuration.lock_watch = ReadLockWatch(environment);
    configuration.job_uid = Read(environment, api::kAgentJobUid);
    if (configuration.job_uid.empty()) {
        Refuse(std::string{api::kAgentJobUid} +
               " is not set; it is the uid of the pod's Job and names the fence's holder");
    }
    return configuration;
}

std::filesystem::path ReportPath(const Environment& environment) {
    const std::string path = Read(environment, api::kAgentReportPath);
    return path.empty() ? "/dev/termination-log" : path;
}

std::filesystem::path StateDirectoryPath(const Environment& environment) {
    const std::string path = Read(environment, api::kAgentStateDirectory);
    if (path.empty())
        Refuse(std::string{api::kAgentStateDirectory} + " is not set; it is where the pod's emptyDir is mounted");
    return path;
}

}  // namespace agent
