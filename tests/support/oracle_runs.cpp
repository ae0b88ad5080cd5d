#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "api/names.hpp"
#include "api/run_id.hpp"
#include "core/json_access.hpp"
#include "support/oracle.hpp"

namespace support::oracle {
namespace {

using Json = nlohmann::json;
using Type = RecordedChange::Type;

struct MigrationJob {
    std::string name, uid, database, owner, key, launch;
    std::uint64_t created = 0;
};

std::string UidOf(const Json& object) {
    return core::TextAt(object, {"metadata", "uid"});
}

std::string ControllerOf(const Json& object) {
    for (const auto& owner : core::ArrayAt(object, {"metadata", "ownerReferences"})) {
        if (core::BoolAt(owner, {"controller"})) return core::TextAt(owner, {"uid"});
    }
    return {};
}

/// As they were when they were created: labels that somebody turns later do not change what they are.
std::vector<MigrationJob> MigrationJobs(const Evidence& evidence) {
    std::vector<MigrationJob> jobs;
    for (const auto& change : evidence.changes) {
        if (change.resource != "jobs" || change.type != Type::kAdded) continue;
        const auto& job = *change.object;
        if (core::TextAt(job, {"metadata", "labels", api::kRoleLabel}) != api::kRoleMigrate) continue;
        if (core::TextAt(job, {"metadata", "labels", "app.kubernetes.io/managed-by"}) != "tidegate") continue;
        jobs.push_back({.name = core::TextAt(job, {"metadata", "name"}),
                        .uid = UidOf(job),
                        .database = core::TextAt(job, {"metadata", "annotations", api::kDatabaseAnnotation}),
                        .owner = ControllerOf(job),
                        .key = core::TextAt(job, {"metadata", "labels", api::kRunLabel}),
                        .launch = core::TextAt(job, {"metadata", "annotations", api::kLaunchAnnotation}),
                        .created = change.revision});
    }
    return jobs;
}

/// Gone before `revision`, and no migration container of it ever began. Whoever finds an intent without a Job asks the
/// database and creates it under the same name, so that a create which is still under way meets "already exists".
bool WasLostUnbegun(const Evidence& evidence, const MigrationJob& job, std::uint64_t revision) {
    const auto is_its_end = [&](const RecordedChange& change) {
        return change.resource == "jobs" && change.type == Type::kDeleted && change.revision < revision &&
               UidOf(*change.object) == job.uid;
    };
    const auto is_its_run = [&](const PlayedRun& run) { return run.job_uid == job.uid; };
    return std::any_of(evidence.changes.begin(), evidence.changes.end(), is_its_end) &&
           std::none_of(evidence.played.runs.begin(), evidence.played.runs.end(), is_its_run);
}

void CheckOneJobPerLaunch(const Evidence& evidence, const std::vector<MigrationJob>& jobs,
                          std::vector<Violation>& violations) {
    std::map<std::string, const MigrationJob*> seen;
    for (const auto& job : jobs) {
        const auto [first, is_new] = seen.emplace(job.owner + "/" + job.key + "/" + job.launch, &job);
        if (is_new) continue;
        if (WasLostUnbegun(evidence, *first->second, job.created)) {
            first->second = &job;
            continue;
        }
        violations.push_back({"I1", "launch " + job.launch + " of run key " + job.key +
                                        " got a second Job: " + first->second->name + " (" + first->second->uid +
                                        ") at " + std::to_string(first->second->created) + ", " + job.name + " (" +
                                        job.uid + ") at " + std::to_string(job.created)});
    }
}

/// The request of a process that was killed, which arrived when its successor had begun to write: no precondition of a
/// create holds it off. The fence does, which I2 checks, and the successor suspends it.
bool CameLate(const Evidence& evidence, const MigrationJob& job) {
    const auto& writes = evidence.writes;
    const auto create = std::find_if(writes.begin(), writes.end(), [&](const auto& write) {
        return write.request.resource == "jobs" && write.request.verb == "create" && write.revision == job.created;
    });
    if (create == writes.end()) return false;
    bool is_successor = false;
    for (auto write = std::next(create); write != writes.end(); ++write) {
        // Each process counts its writes from 1.
        is_successor = is_successor || write->request.write_number <= std::prev(write)->request.write_number;
        if (is_successor && write->revision != 0 && write->revision < job.created) return true;
    }
    return false;
}

/// When a Job is created, no pod of an earlier migration Job of its database may be in a phase that is not terminal.
void CheckNothingBeside(const Evidence& evidence, const std::vector<MigrationJob>& jobs,
                        std::vector<Violation>& violations) {
    std::map<std::string, std::string> job_of_pod;  // uid of the pod -> uid of the Job
    std::map<std::string, std::string> live;        // uid of the pod -> its phase
    std::size_t next = 0;
    for (const auto& change : evidence.changes) {
        while (next < jobs.size() && jobs[next].created <= change.revision) {
            const auto& job = jobs[next++];
            if (CameLate(evidence, job)) continue;
            for (const auto& [pod, phase] : live) {
                const auto other =
                    std::find_if(jobs.begin(), jobs.end(), [&](const auto& one) { return one.uid == job_of_pod[pod]; });
                if (other == jobs.end() || other->uid == job.uid || other->database != job.database) continue;
                violations.push_back({"I3", "Job " + job.name + " was created at " + std::to_string(job.created) +
                                                " while pod " + pod + " of Job " + other->name + " was " + phase});
            }
        }
        if (change.resource != "pods") continue;
        const auto uid = UidOf(*change.object);
        const auto phase = core::TextAt(*change.object, {"status", "phase"});
        const auto owner = ControllerOf(*change.object);
        if (!owner.empty()) job_of_pod.emplace(uid, owner);
        if (change.type == Type::kDeleted || phase == "Succeeded" || phase == "Failed") {
            live.erase(uid);
        } else {
            live[uid] = phase;
        }
    }
}

void CheckOneRunner(const Played& played, std::vector<Violation>& violations) {
    for (const auto& run : played.runs) {
        if (!run.overlapped) continue;
        violations.push_back({"I2", "the migration container of Job " + run.job +
                                        " began while another one of Database " + run.database + " was running"});
    }
}

/// What the owner allows for one run key, at any time: attempts.max, and the tokens that were given.
struct Allowance {
    int attempts = 1;
    std::vector<std::pair<std::uint64_t, std::string>> tokens;  // revision, value
};

std::map<std::string, Allowance> Allowances(const Evidence& evidence) {
    std::map<std::string, Allowance> allowed;
    for (const auto& change : evidence.changes) {
        if (change.resource != "migrations" || !change.object->contains("spec")) continue;
        const auto& object = *change.object;
        const auto key = core::TextAt(object, {"spec", "databaseRef", "name"}) + "/" + api::RunKey(object["spec"]);
        auto& allowance = allowed[key];
        const auto most = core::NumberAt(object, {"spec", "attempts", "max"}).value_or(1);
        allowance.attempts = std::max(allowance.attempts, static_cast<int>(most));
        const auto token = core::TextAt(object, {"metadata", "annotations", api::kRetryAnnotation});
        const bool is_known = std::any_of(allowance.tokens.begin(), allowance.tokens.end(),
                                          [&](const auto& known) { return known.second == token; });
        if (!token.empty() && !is_known) allowance.tokens.emplace_back(change.revision, token);
    }
    return allowed;
}

/// Each launch of a key after its first needs a reason: a retriable end within attempts.max, an unused token, or that
/// nothing had begun. And what begins is bounded by what was allowed in all.
void CheckOnlyWhatIsAllowed(const Evidence& evidence, const std::vector<MigrationJob>& jobs,
                            std::vector<Violation>& violations) {
    auto allowed = Allowances(evidence);
    std::map<std::string, std::vector<const MigrationJob*>> by_key;
    for (const auto& job : jobs)
        by_key[job.database + "/" + job.key].push_back(&job);
    const auto runs_of = [&](const MigrationJob& job) {
        std::vector<const PlayedRun*> runs;
        for (const auto& run : evidence.played.runs) {
            if (run.job_uid == job.uid) runs.push_back(&run);
        }
        return runs;
    };
    for (const auto& [key, launches] : by_key) {
        const auto& allowance = allowed[key];
        std::set<std::string> used;
        int begun = 0;
        for (std::size_t i = 0; i < launches.size(); ++i) {
            if (i > 0) {
                const auto before = runs_of(*launches[i - 1]);
                const bool never_began = before.empty();
                const bool may_retry =
                    !never_began && before.back()->ended && before.back()->retriable && begun < allowance.attempts;
                const auto token = std::find_if(allowance.tokens.begin(), allowance.tokens.end(), [&](const auto& one) {
                    return one.first < launches[i]->created && !used.contains(one.second);
                });
                const bool has_token = token != allowance.tokens.end();
                if (!may_retry && has_token) used.insert(token->second);
                if (!may_retry && !has_token && !never_began) {
                    violations.push_back(
                        {"I6", "Job " + launches[i]->name + " was created though Job " + launches[i - 1]->name +
                                   " had run (exit code " + std::to_string(before.back()->exit_code) + "), " +
                                   std::to_string(begun) + " of " + std::to_string(allowance.attempts) +
                                   " attempts were used and no new retry token was given"});
                }
            }
            begun += runs_of(*launches[i]).empty() ? 0 : 1;
        }
        const int most = allowance.attempts + static_cast<int>(allowance.tokens.size());
        if (begun > most) {
            violations.push_back({"I6", "run " + key + " began " + std::to_string(begun) +
                                            " times; its owner allowed " + std::to_string(most)});
        }
    }
}

}  // namespace

void CheckRuns(const Evidence& evidence, std::vector<Violation>& violations) {
    const auto jobs = MigrationJobs(evidence);
    CheckOneJobPerLaunch(evidence, jobs, violations);
    CheckOneRunner(evidence.played, violations);
    CheckNothingBeside(evidence, jobs, violations);
    CheckOnlyWhatIsAllowed(evidence, jobs, violations);
}

}  // namespace support::oracle
