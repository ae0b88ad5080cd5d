#include "explorer/describe.hpp"

#include <variant>

#include "api/conditions.hpp"

namespace explorer {
namespace {

template <class... Functions>
struct Overloaded : Functions... {
    using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

std::string_view Name(api::RunOutcome outcome) {
    switch (outcome) {
        case api::RunOutcome::Active:
            return "Active";
        case api::RunOutcome::Succeeded:
            return "Succeeded";
        case api::RunOutcome::Failed:
            return "Failed";
        case api::RunOutcome::NeverStarted:
            break;
    }
    return "NeverStarted";
}

std::string ReadyText(const std::vector<api::Condition>& conditions) {
    const auto* ready = api::FindCondition(conditions, api::kReady);
    if (ready == nullptr) return "no condition";
    const char* status = ready->status == api::ConditionStatus::True    ? "True"
                         : ready->status == api::ConditionStatus::False ? "False"
                                                                        : "Unknown";
    return std::string("Ready=") + status + " " + ready->reason;
}

std::string RecordText(const api::DatabaseStatus& status) {
    std::string text = status.version.empty() ? "no version" : "version " + status.version;
    if (status.probe.launch > 0) {
        text += ", probe " + std::to_string(status.probe.launch) + (status.probe.completion_time ? " ended" : " open");
    }
    if (status.floor) text += ", floor " + status.floor->version + (status.floor->wait_start ? ", seen" : "");
    if (status.ceiling) text += ", ceiling " + status.ceiling->version + (status.ceiling->wait_start ? ", seen" : "");
    for (const auto& run : status.runs) {
        text += ", run " + run.job_name + " " + std::string(Name(run.outcome)) + " " + run.reason + " (attempts " +
                std::to_string(run.attempts) + ")";
    }
    return text;
}

const char* ProcessText(Pod::Process process) {
    switch (process) {
        case Pod::Process::Pending:
            return "pending";
        case Pod::Process::Agent:
            return "waits for the fence";
        case Pod::Process::Fenced:
            return "holds the fence";
        case Pod::Process::Running:
            return "runs";
        case Pod::Process::Ended:
            break;
    }
    return "ended";
}

}  // namespace

std::string Describe(const DatabaseWorker::Plan& plan, const State& state) {
    using What = DatabaseWorker::Plan::What;
    if (plan.what == What::Posts) return "creates Job " + state.memory.pass->to_create->key.name;
    if (!plan.decision.step) return "rests";
    return std::visit(
        Overloaded{[](const engine::WriteDatabaseStatus& write) {
                       return "writes the Database: " + ReadyText(write.status.conditions) + "; " +
                              RecordText(write.status);
                   },
                   [](const engine::WriteMigrationStatus& write) {
                       return "writes Migration " + write.migration.name + ": " + ReadyText(write.status.conditions) +
                              (write.entry ? ", with a history entry" : "");
                   },
                   [](const engine::CreateMigrationJob& create) { return "creates Job " + create.job_name; },
                   [](const engine::CreateProbeJob& create) { return "creates probe Job " + create.job_name; },
                   [](const engine::DeletePod& end) { return "deletes pod " + end.pod.name; },
                   [](const engine::SuspendJob& end) { return "suspends Job " + end.job.name; },
                   [](const engine::DeleteJob& old) { return "deletes Job " + old.job.name; },
                   [](const engine::ListJobsLive&) { return std::string("lists the Jobs live"); },
                   [](const engine::ListPodsLive& list) { return "lists the pods of Job " + list.job + " live"; },
                   [](const engine::ListEventsLive& list) { return "lists the events of pod " + list.pod.name; },
                   [](const engine::ReadLedgerLive&) { return std::string("reads the Ledger live"); },
                   [](const engine::ListOldPodsLive& list) {
                       return "lists what Migration " + list.migration.name + " has to wait for";
                   }},
        *plan.decision.step);
}

std::string Describe(const engine::GateDecision& decision) {
    return std::visit(Overloaded{[](const engine::WriteLedger& write) {
                                     std::string text = "writes the Ledger:";
                                     for (const auto& entry : write.satisfied)
                                         text += " " + entry;
                                     return text;
                                 },
                                 [](const engine::ReleaseWorkload& release) {
                                     return "releases Deployment " + release.workload.name;
                                 },
                                 [](const engine::DeleteHeldJob& old) { return "deletes held Job " + old.job.name; },
                                 [](const engine::WriteWaitingFor& write) {
                                     return "writes what Deployment " + write.workload.name + " waits for";
                                 }},
                      *decision.step);
}

std::string Describe(const State& state) {
    std::string text;
    for (const auto& database : state.databases.Truth().items) {
        text += "  Database " + database->key.name + ": " + ReadyText(database->status.conditions) + "; " +
                RecordText(database->status) + "\n";
    }
    for (const auto& migration : state.migrations.Truth().items) {
        text += "  Migration " + migration->key.name + " (" + migration->uid.value + ", generation " +
                std::to_string(migration->generation) + "): " + ReadyText(migration->status.conditions) + "\n";
    }
    for (const auto& job : state.jobs.Truth().items) {
        text += "  Job " + job->key.name + (job->Ended() ? " ended" : " active") + (job->deleting ? ", deleting" : "") +
                "\n";
    }
    for (const auto& pod : state.pods.Truth().items) {
        text += "  pod " + pod->key.name + " " + ProcessText(pod->process) + (pod->deleting ? ", deleting" : "") + "\n";
    }
    for (const auto& deployment : state.deployments.Truth().items) {
        text += "  Deployment " + deployment->key.name + (deployment->held ? " held" : " open") + " with " +
                deployment->requires_text + "\n";
    }
    for (const auto& instance : state.instances) {
        text += "  real database at " + std::to_string(instance.level) + (instance.is_dirty ? ", dirty" : "") + "\n";
    }
    return text;
}

}  // namespace explorer
