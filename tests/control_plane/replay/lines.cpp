#include "control_plane/replay/lines.hpp"

#include <algorithm>
#include <iterator>

#include "api/conditions.hpp"

namespace replay {
namespace {

class Words final {
public:
    explicit Words(std::string first) : text_(std::move(first)) {}

    Words& Add(std::string_view name, const std::string& value) {
        if (!value.empty()) text_.append(" ").append(name).append("=").append(value);
        return *this;
    }
    Words& Add(std::string_view name, std::int64_t value) { return Add(name, std::to_string(value)); }
    Words& Flag(std::string_view name, bool value) {
        if (value) text_.append(" ").append(name);
        return *this;
    }
    Words& Conditions(const std::vector<api::Condition>& conditions) {
        for (const auto& condition : conditions) {
            const char* status = condition.status == api::ConditionStatus::True    ? "True"
                                 : condition.status == api::ConditionStatus::False ? "False"
                                                                                   : "Unknown";
            Add(condition.type,
                std::string(status) + "/" + condition.reason + "/" + std::to_string(condition.observed_generation));
        }
        // One text for all three.
        if (!conditions.empty()) Add("message", "\"" + conditions.front().message + "\"");
        return *this;
    }
    std::string Text() { return std::move(text_); }

private:
    std::string text_;
};

std::string Text(const observed::ContainerFacts& container) {
    static constexpr const char* kStates[] = {"unknown", "waiting", "running", "terminated"};
    return std::string(kStates[static_cast<int>(container.state)]) + "/" + container.reason + "/" +
           (container.exit_code ? std::to_string(*container.exit_code) : "") + (container.started ? "/started" : "") +
           (container.start_time ? "/began" : "");
}

}  // namespace

std::string Line(const api::Database& database) {
    const auto& status = database.status;
    Words words("Database " + database.key.name);
    words.Add("generation", database.generation)
        .Conditions(status.conditions)
        .Add("version", status.version)
        .Flag("dirty", status.dirty)
        .Flag("verified", status.verified_time.has_value())
        .Add("verifiedGeneration", status.verified_generation)
        .Add("verifiedBy", status.verified_by)
        .Add("identity", status.identity)
        .Flag("active", status.active)
        .Add("probe", status.probe.launch)
        .Add("probeJob", status.probe.job_name)
        .Flag("probeEnded", status.probe.completion_time.has_value())
        .Add("probeReason", status.probe.reason);
    for (const auto& reached : status.reached)
        words.Add("reached", reached.requirement);
    for (const auto& run : status.runs) {
        words.Add("run", run.key)
            .Add("of", run.migration)
            .Add("outcome", static_cast<int>(run.outcome))
            .Add("reason", run.reason)
            .Add("message", run.message)
            .Add("attempts", run.attempts)
            .Add("launches", run.launches)
            .Add("job", run.job_name)

            .Flag("retries", run.retry_time.has_value());
        for (const auto& token : run.retry_tokens)
            words.Add("token", token);
    }
    return words.Text();
}

std::string Line(const api::Migration& migration) {
    const auto& status = migration.status;
    Words words("Migration " + migration.key.name);
    words.Add("generation", migration.generation)
        .Flag("deleting", migration.deleting)
        .Add("key", migration.run_key)
        .Add("token", migration.retry_token)
        .Flag("suspended", migration.spec.suspend)
        .Conditions(status.conditions)
        .Add("history", static_cast<std::int64_t>(status.history_size))
        .Add("newest", status.newest_key)
        .Add("newestLaunch", status.newest_launch);
    if (status.run) {
        words.Add("shows", status.run->key)
            .Add("launch", status.run->launch)
            .Add("attempt", status.run->attempt)
            .Add("job", status.run->job_name)
            .Flag("active", status.run->active);
        for (const auto& reason : status.run->waiting_for)
            words.Add("waitsFor", reason);
    }
    return words.Text();
}

std::string Line(const observed::JobFacts& job) {
    Words words("Job " + job.key.name);
    words.Flag("deleting", job.deleting)
        .Add("role", static_cast<int>(job.role))
        .Add("database", job.database)
        .Add("migration", job.migration)
        .Add("key", job.run_key)
        .Add("launch", job.launch)
        .Add("databaseGeneration", job.database_generation)
        .Add("state", static_cast<int>(job.state))
        .Flag("askedToSuspend", job.asked_to_suspend)
        .Flag("suspended", job.suspended);
    return words.Text();
}

std::string Line(const observed::PodFacts& pod) {
    Words words("pod of " + pod.job);
    words.Flag("deleting", pod.deleting)
        .Add("databaseGeneration", pod.database_generation)
        .Flag("terminal", pod.terminal)
        .Flag("scheduled", pod.scheduled)
        .Flag("initialized", pod.initialized_time.has_value())
        .Add("disruption", pod.disruption)
        .Add("migration", Text(pod.migration))
        .Add("agent", Text(pod.agent))
        .Flag("report", pod.report.has_value());
    if (pod.report && pod.report->after) {
        words.Add("after", pod.report->after->versions.empty() ? "-" : pod.report->after->versions.front())
            .Flag("dirty", pod.report->after->dirty);
    }
    return words.Text();
}

std::string Line(const api::Ledger& ledger) {
    Words words("Ledger");
    for (const auto& entry : ledger.satisfied)
        words.Add("satisfied", entry);
    return words.Text();
}

std::string Line(const observed::WorkloadFacts& workload) {
    Words words("Deployment " + workload.key.name);
    words.Flag("held", workload.held).Add("requires", workload.requires_text).Add("waitsFor", workload.waiting_for);
    return words.Text();
}

std::string Difference(std::vector<std::string> model, std::vector<std::string> real) {
    std::sort(model.begin(), model.end());
    std::sort(real.begin(), real.end());
    std::vector<std::string> only_model, only_real;
    std::set_difference(model.begin(), model.end(), real.begin(), real.end(), std::back_inserter(only_model));
    std::set_difference(real.begin(), real.end(), model.begin(), model.end(), std::back_inserter(only_real));
    std::string text;
    for (const auto& line : only_model)
        text += "  the model:      " + line + "\n";
    for (const auto& line : only_real)
        text += "  the API server: " + line + "\n";
    return text;
}

}  // namespace replay
