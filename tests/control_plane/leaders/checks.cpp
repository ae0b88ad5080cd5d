// What the history of two replicas must show, whatever happened to their Lease.
#include <algorithm>
#include <map>
#include <set>

#include "control_plane/leaders/replicas.hpp"
#include "core/json_access.hpp"
#include "support/control_plane.hpp"

namespace test {
namespace {

bool IsReplica(const HistoryEntry& write) {
    return write.user == support::kOperatorUser;
}

bool IsMigrationJob(const HistoryEntry& write) {
    return write.resource == "jobs" && write.verb == "create" && write.subresource.empty() && write.Done() &&
           write.body.is_object() && write.body["metadata"]["labels"].value("tidegate.io/role", "") == "migrate";
}

}  // namespace

std::string Replicas::Trace() const {
    std::string text = "    history of namespace " + Ns() + ":\n";
    for (const auto& write : history_.Writes()) {
        const bool is_noise = write.resource == "events" || write.resource == "leases";
        const bool is_job_or_pod = write.resource == "jobs" || write.resource == "pods";
        if ((IsReplica(write) && !is_noise) || (is_job_or_pod && write.verb == "create"))
            text += "    " + write.Line() + "\n";
        if (write.resource == "leases" && write.code >= 200 && !IsReplica(write)) text += "    " + write.Line() + "\n";
    }
    for (const auto& replica : replicas_) {
        std::string log = replica.process->Log();
        if (log.size() > 3000) log = "..." + log.substr(log.size() - 3000);
        text += "    log of " + replica.name + ":\n" + log;
    }
    return text;
}

void Replicas::Violation(const std::string& text) {
    findings_.Violation(scenario_, is_traced_ ? text : text + "\n" + Trace());
    is_traced_ = true;
}

void Replicas::Check(std::size_t runs) {
    Wait([&] { return A().wire->Delivered() && B().wire->Delivered(); }, "late requests are answered");
    // Nothing of the replicas is under way any more: what they wrote last is long answered.
    std::size_t seen = 0;
    Steady::time_point since = Steady::now();
    Wait(
        [&] {
            const auto count =
                history_.Count([](const auto& write) { return IsReplica(write) && write.resource != "leases"; });
            if (count != seen) since = Steady::now();
            seen = count;
            return Steady::now() - since >= std::chrono::milliseconds{300};
        },
        "I7: 300 ms without a write");
    const auto writes = history_.Writes();
    CheckJobs(writes);
    CheckRecords();
    CheckSuperseded(writes);
    if (const auto ran = node_->Runs(); ran.size() != runs) {
        std::string text = "I1: " + std::to_string(runs) + " migrations were to run, " + std::to_string(ran.size()) +
                           " migration containers ran:";
        for (const auto& run : ran)
            text += " " + run.pod + " (version " + run.wanted + ")";
        Violation(text);
    }
}

/// I1: one Job per launch, one pod per Job, one migration container per pod. A create that was on its way when its
/// sender was superseded cannot be called back: its Job may come into being once more where the first one was deleted,
/// but then nothing may run in it, and it has to go.
void Replicas::CheckJobs(const std::vector<HistoryEntry>& writes) {
    std::map<std::string, std::set<std::string>> jobs;
    std::map<std::string, int> created, ran;
    for (const auto& write : writes) {
        if (!IsMigrationJob(write)) continue;
        const std::string launch = write.body["metadata"]["ownerReferences"][0].value("uid", "") + "/" +
                                   write.body["metadata"]["labels"].value("tidegate.io/run", "") + "/" +
                                   write.body["metadata"]["annotations"].value("tidegate.io/launch", "");
        jobs[launch].insert(write.name);
        ++created[write.name];
    }
    for (const auto& run : node_->Runs())
        ++ran[run.job];
    for (const auto& [launch, names] : jobs) {
        if (names.size() > 1) Violation("I1: launch " + launch + " has " + std::to_string(names.size()) + " Jobs");
    }
    for (const auto& [job, count] : ran) {
        if (count > 1) Violation("I1: the migration of Job " + job + " ran " + std::to_string(count) + " times");
    }
    for (const auto& [job, count] : created) {
        if (count == 1) continue;
        findings_.Note(scenario_ + ": Job " + job + " was created " + std::to_string(count) + " times and ran " +
                       std::to_string(ran[job]) + " times");
        const auto gone = support::Eventually([&] { return !client_.Get(kube::kJobs, {Ns(), job}); }, "gone");
        if (!gone) Violation("I1: the late Job " + job + " is left over");
    }
}

/// The record and the Migration agree with what ran.
void Replicas::CheckRecords() {
    std::map<std::string, int> ran;
    for (const auto& run : node_->Runs())
        ++ran[run.job];
    for (const auto& database :
         client_.List(kube::kDatabases, {.ns = Ns(), .label_selector = {}, .field_selector = {}}, 100).items) {
        const auto& runs = core::ArrayAt(database, {"status", "runs"});
        const std::string name = database["metadata"]["name"];
        for (const auto& run : runs) {
            const std::string job = run.value("jobName", "");
            if (run.value("outcome", "") != "Succeeded" || run.value("attempts", 0) != run.value("launches", 0) ||
                ran.erase(job) != 1)
                Violation("the record of Database " + name + " does not tell what happened: " + run.dump());
        }
    }
    for (const auto& [job, count] : ran)
        Violation("Job " + job + " ran and is in no record");
    for (const auto& migration :
         client_.List(kube::kMigrations, {.ns = Ns(), .label_selector = {}, .field_selector = {}}, 100).items) {
        std::set<std::string> shown;
        for (const auto& entry : core::ArrayAt(migration, {"status", "history"})) {
            if (!shown.insert(entry.value("jobName", "")).second)
                Violation("a run stands twice in the history of the Migration: " + entry.dump());
        }
    }
}

/// A former leader acted on: the lease is no fence, but the process must know its age.
void Replicas::CheckSuperseded(const std::vector<HistoryEntry>& writes) {
    for (const auto& succession : successions_) {
        std::string refused;
        for (const auto& write : writes) {
            const bool is_late = IsReplica(write) && write.source == succession.former &&
                                 write.answered > succession.at && write.resource != "leases" &&
                                 (succession.until.empty() || write.answered < succession.until);
            if (!is_late) continue;
            // Of Jobs it is told by what ran (CheckJobs).
            if (write.Done() && write.resource != "events" && write.resource != "jobs")
                Violation("the former leader's write was accepted after " + succession.successor +
                          " led: " + write.Line());
            if (!write.Done()) refused += "; " + write.Line();
        }
        if (!refused.empty()) findings_.Note(scenario_ + ": refused of the former leader" + refused);
    }
}

}  // namespace test
