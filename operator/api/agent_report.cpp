#include "api/agent_report.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include "api/tool_lock.hpp"
#include "core/text.hpp"
#include "core/time.hpp"

namespace api {
namespace {

/// PostgreSQL cuts it at 63 bytes (NAMEDATALEN).
constexpr std::size_t kLongestApplicationName = 63;

using Json = nlohmann::json;

constexpr int kSchemaVersion = 1;
/// Texts longer than this help nobody; versions are shorter in every tool.
constexpr std::size_t kLongestMessage = 512;
constexpr std::size_t kLongestName = 256;
/// When the whole is still too long: enough to recognise what it was.
constexpr std::size_t kShortText = 80;

constexpr std::array<std::pair<AgentPhase, std::string_view>, 4> kPhases{{
    {AgentPhase::Waiting, "Waiting"},
    {AgentPhase::Holding, "Holding"},
    {AgentPhase::Done, "Done"},
    {AgentPhase::Refused, "Refused"},
}};

/// At most `limit` bytes, never in the middle of a UTF-8 sequence.
void Shorten(std::string& text, std::size_t limit) {
    if (text.size() <= limit) return;
    const auto is_continuation = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
    while (limit > 0 && is_continuation(text[limit]))
        --limit;
    text.resize(limit);
}

Json ToJson(const version::Reading& reading) {
    Json json{{"initialised", reading.initialised}, {"versions", reading.versions}};
    if (reading.dirty) json["dirty"] = true;
    if (!reading.dirty_detail.empty()) json["dirtyDetail"] = reading.dirty_detail;
    if (!reading.half_done.empty()) json["halfDone"] = reading.half_done;
    if (reading.lock) json["toolLock"] = PrintToolLock(*reading.lock);
    if (!reading.reached.empty()) json["reached"] = reading.reached;
    if (!reading.absent.empty()) json["absent"] = reading.absent;
    if (reading.truncated) json["truncated"] = true;
    return json;
}

Json ToJson(const AgentReport::Locks& locks) {
    Json json{{"longestWaitSeconds", locks.longest_wait.count()},
              {"longestBlockingSeconds", locks.longest_blocking.count()}};
    if (locks.cancels != 0) json["cancels"] = locks.cancels;
    for (const auto& blocker : locks.blockers) {
        Json item{{"pid", blocker.pid}, {"applicationName", blocker.application_name}};
        if (!blocker.state.empty()) item["state"] = blocker.state;
        if (blocker.age) item["ageSeconds"] = blocker.age->count();
        json["blockers"].push_back(std::move(item));
    }
    return json;
}

Json ToJson(const AgentReport& report) {
    Json json{{"v", kSchemaVersion}, {"phase", Name(report.phase)}};
    if (!report.tool.empty()) json["tool"] = report.tool;
    if (!report.identity.empty()) json["identity"] = report.identity;
    if (report.connection_check) json["connectionCheck"] = true;
    if (report.before) json["before"] = ToJson(*report.before);
    if (report.after) json["after"] = ToJson(*report.after);
    if (report.waiting_for) {
        Json& holder = json["waitingFor"];
        holder = {{"pid", report.waiting_for->pid}, {"applicationName", report.waiting_for->application_name}};
        if (report.waiting_for->since) holder["since"] = core::FormatTime(*report.waiting_for->since);
    }
    if (report.error) json["error"] = {{"reason", report.error->reason}, {"message", report.error->message}};
    if (report.locks) json["locks"] = ToJson(*report.locks);
    if (report.fence_lost != 0) json["fenceLost"] = report.fence_lost;
    if (report.start_time) json["startTime"] = core::FormatTime(*report.start_time);
    if (report.fence_time) json["fenceTime"] = core::FormatTime(*report.fence_time);
    if (report.end_time) json["endTime"] = core::FormatTime(*report.end_time);
    return json;
}

std::string Dump(const AgentReport& report) {
    return ToJson(report).dump(-1, ' ', false, Json::error_handler_t::replace);
}

void ShortenTexts(AgentReport& report, std::size_t message, std::size_t name) {
    Shorten(report.tool, name);
    Shorten(report.identity, name);
    if (report.error) {
        Shorten(report.error->reason, name);
        Shorten(report.error->message, message);
    }
    if (report.waiting_for) Shorten(report.waiting_for->application_name, name);
    if (report.locks) {
        for (auto& blocker : report.locks->blockers) {
            Shorten(blocker.application_name, name);
            Shorten(blocker.state, name);
        }
    }
    for (auto* reading : {&report.before, &report.after}) {
        if (!*reading) continue;
        Shorten((*reading)->dirty_detail, message);
        Shorten((*reading)->half_done, name);
        if (!(*reading)->lock) continue;
        auto& lock = *(*reading)->lock;
        for (std::string* text : {&lock.table, &lock.holder, &lock.since, &lock.until})
            Shorten(*text, name);
    }
}

/// Nobody mends what was there before.
bool DropDetail(std::optional<version::Reading>& reading) {
    if (!reading || (reading->dirty_detail.empty() && reading->half_done.empty())) return false;
    reading->dirty_detail.clear();
    reading->half_done.clear();
    return true;
}

bool DropLock(std::optional<version::Reading>& reading) {
    if (!reading || !reading->lock) return false;
    reading->lock.reset();
    return true;
}

bool DropOneOf(AgentReport& report, std::vector<std::string> version::Reading::*list) {
    for (auto* reading : {&report.before, &report.after}) {
        if (!*reading || ((**reading).*list).empty()) continue;
        ((**reading).*list).pop_back();
        (**reading).truncated = true;
        return true;
    }
    return false;
}

/// Takes one entry away, of the least important list that has one; false when nothing is left to take.
bool DropOne(AgentReport& report) {
    if (report.locks && !report.locks->blockers.empty()) {
        report.locks->blockers.pop_back();
        return true;
    }
    return DropDetail(report.before) || DropLock(report.before) || DropOneOf(report, &version::Reading::absent) ||
           DropOneOf(report, &version::Reading::reached) || DropLock(report.after) ||
           DropOneOf(report, &version::Reading::versions);
}

/// Reads optional fields and remembers whether one had the wrong type.
class Fields {
public:
    explicit Fields(const Json& object) : object_{object}, good_{object.is_object()} {}

    bool Good() const { return good_; }

    void Read(const char* name, std::string& to) {
        if (const Json* value = Find(name)) Take(*value, value->is_string(), to);
    }
    void Read(const char* name, bool& to) {
        if (const Json* value = Find(name)) Take(*value, value->is_boolean(), to);
    }
    void Read(const char* name, int& to) {
        const Json* value = Find(name);
        if (!value) return;
        const bool fits = value->is_number_unsigned() &&
                          value->get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<int>::max());
        Take(*value, fits, to);
    }
    void Read(const char* name, std::chrono::seconds& to) {
        int count = 0;
        Read(name, count);
        to = std::chrono::seconds{count};
    }
    void Read(const char* name, std::optional<std::chrono::seconds>& to) {
        if (Find(name)) Read(name, to.emplace());
    }
    void Read(const char* name, std::optional<core::Time>& to) {
        std::string text;
        Read(name, text);
        if (!good_ || text.empty()) return;
        to = core::ParseTime(text);
        good_ = to.has_value();
    }
    void Read(const char* name, std::vector<std::string>& to) {
        const Json* value = Find(name);
        if (!value) return;
        const bool fits =
            value->is_array() && std::all_of(value->begin(), value->end(), [](const Json& e) { return e.is_string(); });
        Take(*value, fits, to);
    }
    void Read(const char* name, std::optional<version::Reading>& to) {
        ReadObject(name, to, [](Fields& fields, version::Reading& reading) {
            fields.Read("initialised", reading.initialised);
            fields.Read("versions", reading.versions);
            fields.Read("dirty", reading.dirty);
            fields.Read("dirtyDetail", reading.dirty_detail);
            fields.Read("halfDone", reading.half_done);
            fields.Read("toolLock", reading.lock);
            fields.Read("reached", reading.reached);
            fields.Read("absent", reading.absent);
            fields.Read("truncated", reading.truncated);
        });
    }
    void Read(const char* name, std::optional<version::ToolLock>& to) {
        ReadObject(name, to, [](Fields& fields, version::ToolLock& lock) {
            fields.Read("table", lock.table);
            fields.Read("holder", lock.holder);
            fields.Read("since", lock.since);
            fields.Read("until", lock.until);
        });
    }
    void Read(const char* name, std::optional<AgentReport::Holder>& to) {
        ReadObject(name, to, [](Fields& fields, AgentReport::Holder& holder) {
            fields.Read("pid", holder.pid);
            fields.Read("applicationName", holder.application_name);
            fields.Read("since", holder.since);
        });
    }
    void Read(const char* name, std::optional<AgentReport::Locks>& to) {
        ReadObject(name, to, [](Fields& fields, AgentReport::Locks& locks) {
            fields.Read("longestWaitSeconds", locks.longest_wait);
            fields.Read("longestBlockingSeconds", locks.longest_blocking);
            fields.Read("cancels", locks.cancels);
            fields.Read("blockers", locks.blockers);
        });
    }
    void Read(const char* name, std::vector<AgentReport::Blocker>& to) {
        const Json* value = Find(name);
        if (!value) return;
        good_ = value->is_array();
        for (auto item = value->begin(); good_ && item != value->end(); ++item) {
            Fields fields{*item};
            auto& blocker = to.emplace_back();
            fields.Read("pid", blocker.pid);
            fields.Read("applicationName", blocker.application_name);
            fields.Read("state", blocker.state);
            fields.Read("ageSeconds", blocker.age);
            good_ = fields.Good();
        }
    }
    void Read(const char* name, std::optional<AgentReport::Error>& to) {
        ReadObject(name, to, [](Fields& fields, AgentReport::Error& error) {
            fields.Read("reason", error.reason);
            fields.Read("message", error.message);
        });
    }

private:
    const Json* Find(const char* name) const {
        if (!good_) return nullptr;
        const auto found = object_.find(name);
        return found == object_.end() ? nullptr : &*found;
    }
    template <class T>
    void Take(const Json& value, bool fits, T& to) {
        good_ = fits;
        if (fits) to = value.get<T>();
    }
    template <class T, class ReadMembers>
    void ReadObject(const char* name, std::optional<T>& to, ReadMembers read_members) {
        const Json* value = Find(name);
        if (!value) return;
        Fields fields{*value};
        T object;
        read_members(fields, object);
        good_ = fields.Good();
        if (good_) to = std::move(object);
    }

    const Json& object_;
    bool good_;
};

}  // namespace

std::string_view Name(AgentPhase phase) {
    return std::find_if(kPhases.begin(), kPhases.end(), [&](const auto& entry) { return entry.first == phase; })
        ->second;
}

std::string Print(const AgentReport& report, std::size_t limit) {
    AgentReport fitting = report;
    ShortenTexts(fitting, kLongestMessage, kLongestName);
    std::string line = Dump(fitting);
    if (line.size() > limit) {
        ShortenTexts(fitting, kShortText, kShortText);
        line = Dump(fitting);
    }
    while (line.size() > limit && DropOne(fitting))
        line = Dump(fitting);
    return line;
}

std::optional<AgentReport> ParseAgentReport(std::string_view text) {
    if (text.size() > kTerminationMessageLimit) return std::nullopt;
    const Json json = Json::parse(text.begin(), text.end(), nullptr, false);
    if (!json.is_object()) return std::nullopt;

    Fields fields{json};
    int schema_version = 0;
    std::string phase;
    AgentReport report;
    fields.Read("v", schema_version);
    fields.Read("phase", phase);
    fields.Read("tool", report.tool);
    fields.Read("identity", report.identity);
    fields.Read("connectionCheck", report.connection_check);
    fields.Read("before", report.before);
    fields.Read("after", report.after);
    fields.Read("waitingFor", report.waiting_for);
    fields.Read("error", report.error);
    fields.Read("locks", report.locks);
    fields.Read("fenceLost", report.fence_lost);
    fields.Read("startTime", report.start_time);
    fields.Read("fenceTime", report.fence_time);
    fields.Read("endTime", report.end_time);
    if (!fields.Good() || schema_version != kSchemaVersion) return std::nullopt;

    const auto known =
        std::find_if(kPhases.begin(), kPhases.end(), [&](const auto& entry) { return entry.second == phase; });
    if (known == kPhases.end()) return std::nullopt;
    report.phase = known->first;
    return report;
}

std::string Describe(const AgentReport::Blocker& blocker) {
    if (blocker.pid == 0) return "a prepared transaction";
    std::string details = blocker.state;
    if (blocker.age) {
        if (!details.empty()) details += ", ";
        details += "its transaction open for " + core::FormatDuration(*blocker.age);
    }
    return DescribeServerProcess(blocker.pid, blocker.application_name, details);
}

std::string DescribeServerProcess(int pid, const std::string& application_name, const std::string& details) {
    const std::string name =
        application_name.empty() ? "unnamed" : "\"" + core::OneLine(application_name, kLongestApplicationName) + "\"";
    return "server process " + std::to_string(pid) + " (" + name + (details.empty() ? "" : ", " + details) + ")";
}

}  // namespace api
