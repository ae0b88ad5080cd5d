#include "explorer/oracle.hpp"

#include <algorithm>

#include "api/conditions.hpp"
#include "api/requirement.hpp"

namespace explorer {
namespace {

using observed::JobFacts;

bool IsMigration(const Job& job) {
    return job.is_ours && job.role == JobFacts::Role::Migrate;
}

/// What a run of the choice was to bring is there.
bool HasBrought(const Choice& choice, const Instance& real) {
    return choice.phase == api::Phase::Down ? real.level <= choice.level : real.level >= choice.level;
}

bool SaysReady(const std::vector<api::Condition>& conditions) {
    const auto* ready = api::FindCondition(conditions, api::kReady);
    return ready != nullptr && ready->status == api::ConditionStatus::True;
}

}  // namespace

int Oracle::ChoiceOf(std::string_view key) const {
    for (std::size_t i = 0; i < scenario_.choices.size(); ++i) {
        if (scenario_.choices[i].key == key) return static_cast<int>(i);
    }
    return -1;
}

KeyFacts* Oracle::FactsOf(const Pod& pod) {
    const auto* database = state_.TheDatabase();
    if (database == nullptr || database->instance != pod.instance || pod.choice < 0) return nullptr;
    const auto& key = scenario_.choices[static_cast<std::size_t>(pod.choice)].key;
    const bool is_told = state_.jobs.Find(pod.job) || api::FindRun(database->status, key) != nullptr;
    return is_told ? FactsOf(pod.choice) : nullptr;
}

const Instance& Oracle::SeenInstance() const {
    const auto& seen = state_.databases.Seen().items;
    const int instance = seen.empty() ? 0 : seen.front()->instance;
    return state_.instances[static_cast<std::size_t>(instance)];
}

bool Oracle::IsProven(std::string_view version) const {
    const int level = LevelOf(version);
    if (SeenInstance().proven >= level) return true;
    // It was proven in the database that the Database led to then; the next reading takes it back.
    return state_.database_was_switched && std::any_of(state_.instances.begin(), state_.instances.end(),
                                                       [&](const auto& real) { return real.proven >= level; });
}

const Choice* Oracle::FindThatIsInTheWayOf(const std::string& requires_text, const api::DatabaseStatus& status) const {
    for (const auto& requirement : api::ParseRequirements(requires_text).requirements) {
        for (const auto& choice : scenario_.choices) {
            const auto* run = api::FindRun(status, choice.key);
            const bool has_begun = run != nullptr && (run->outcome == api::RunOutcome::Active || run->attempts > 0);
            if (has_begun && IsInTheWay(choice, LevelOf(requirement.version))) return &choice;
        }
    }
    return nullptr;
}

void Oracle::JobIsCreated(const Job& job) {
    if (job.role != JobFacts::Role::Migrate) return;
    if (Contains(state_.created_jobs, job.key.name)) Break("I1", "Job " + job.key.name + " is created a second time");
    const auto* database = state_.TheDatabase();
    const auto* run = database != nullptr ? api::FindRun(database->status, job.run_key) : nullptr;
    const bool is_intended = run != nullptr && run->job_name == job.key.name;
    if (!is_intended && !Contains(state_.intents, job.key.name)) {
        Break("intent", "Job " + job.key.name + " is created and no record ever named it");
    }
    for (const auto& other : state_.jobs.Truth().items) {
        if (IsMigration(*other) && !other->AtRest()) {
            Break("I3", "Job " + job.key.name + " is created while Job " + other->key.name + " has not ended");
        }
    }
    for (const auto& pod : state_.pods.Truth().items) {
        if (pod->choice >= 0 && !pod->terminal) {
            Break("I3", "Job " + job.key.name + " is created while pod " + pod->key.name + " has not ended");
        }
    }
    auto* facts = FactsOf(job.choice);
    if (facts == nullptr) return;
    if (facts->was_recorded_as_success) {
        Break("I6", "Job " + job.key.name + " runs a key that is recorded as succeeded");
    }
    const auto& choice = scenario_.choices[static_cast<std::size_t>(job.choice)];
    const auto& real = state_.instances[static_cast<std::size_t>(job.instance)];
    if (facts->has_succeeded && choice.run.empty() && HasBrought(choice, real) && !state_.record_was_lost) {
        Break("I6", "Job " + job.key.name + " repeats blindly what has succeeded: the version is reached");
    }
    if (facts->is_barred) {
        if (facts->used_tokens < state_.tokens) {
            ++facts->used_tokens;
            facts->is_barred = false;
        } else {
            Break("I6", "Job " + job.key.name + " runs a key that failed for good, and nobody asked for it");
        }
    }
}

void Oracle::DatabaseIsWritten(const Database& before, const api::DatabaseStatus& after) {
    // Another real database answers: what was recorded of the former one is void.
    const bool is_other = !before.status.identity.empty() && before.status.identity != after.identity;
    if (is_other) DatabaseIsSwitched();
    for (const auto& run : after.runs) {
        const auto* old = api::FindRun(before.status, run.key);
        auto* facts = FactsOf(ChoiceOf(run.key));
        if (facts == nullptr) continue;
        if (run.outcome == api::RunOutcome::Active) {
            Insert(state_.intents, run.job_name);
            for (const auto& deployment : state_.deployments.Truth().items) {
                if (!deployment->held && FindThatIsInTheWayOf(deployment->requires_text, after) != nullptr) {
                    Break("I10", "run " + run.job_name + " is intended while Deployment " + deployment->key.name +
                                     " is open with " + deployment->requires_text);
                }
            }
            // The intent is renewed after the database was asked: what nobody can know does not bind any more.
            const bool is_renewed = old != nullptr && old->outcome == api::RunOutcome::Active &&
                                    old->job_name == run.job_name && old->start_time != run.start_time &&
                                    after.verified_by == after.probe.job_name;
            if (is_renewed && facts->is_untold) {
                facts->is_untold = facts->is_barred = facts->has_succeeded = false;
                facts->starts = 0;
                Remove(state_.created_jobs, run.job_name);
            }
            continue;
        }
        const bool is_news = old == nullptr || old->outcome != run.outcome || old->launches != run.launches;
        if (!is_news) continue;
        if (run.outcome == api::RunOutcome::Succeeded) facts->was_recorded_as_success = true;
        if (run.outcome == api::RunOutcome::Failed && facts->has_succeeded && !state_.database_was_switched) {
            Break("verdict", "run " + run.job_name + " is recorded as failed (" + run.reason +
                                 ") although it reached its version, clean");
        }
        if (run.outcome != api::RunOutcome::Succeeded) facts->was_disturbed = true;
    }
}

void Oracle::MigrationIsWritten(const Migration& before, const api::MigrationStatus& after) {
    const auto& request = state_.memory.request;
    if (request && request->how_far == engine::JobRequest::Done) {
        // The operator knows that the Job was there and writes a status: it is bound to tell.
        for (std::size_t i = 0; i < state_.keys.size(); ++i) {
            const auto* database = state_.TheDatabase();
            const auto* run = database != nullptr && i < scenario_.choices.size()
                                  ? api::FindRun(database->status, scenario_.choices[i].key)
                                  : nullptr;
            if (run != nullptr && run->job_name == request->job) state_.keys[i].is_untold = false;
        }
    }
    if (!SaysReady(after.conditions)) return;
    const auto* ready = api::FindCondition(after.conditions, api::kReady);
    const auto* old = api::FindCondition(before.status.conditions, api::kReady);
    if (old != nullptr && *old == *ready) return;
    // The condition speaks of the spec that the operator saw.
    const auto seen = History<Migration>::Find(state_.migrations.Seen(), before.key.name);
    const auto& version = seen ? seen->spec.version : before.spec.version;
    if (!IsProven(version)) {
        Break("I4", "Migration " + before.key.name + " says Ready (" + ready->reason + ") and version " + version +
                        " is not proven");
    }
}

void Oracle::JobIsSuspended(const Job& job) {
    if (!job.is_ours) Break("I9", "Job " + job.key.name + ", which is somebody else's, is suspended");
    for (const auto& pod : state_.pods.Truth().items) {
        if (pod->job_uid == job.uid && pod->process == Pod::Process::Running) {
            Break("I9", "Job " + job.key.name + " is suspended while its migration runs");
        }
    }
    if (auto* facts = FactsOf(job.choice)) facts->was_disturbed = true;
}

void Oracle::JobIsDeleted(const Job& job) {
    if (!job.is_ours) Break("I9", "Job " + job.key.name + ", which is somebody else's, is deleted");
    if (IsMigration(job) && !job.AtRest()) Break("I9", "Job " + job.key.name + " is deleted while it runs");
}

void Oracle::PodIsDeleted(const Pod& pod) {
    const auto job = state_.jobs.Find(pod.job);
    if (job && !job->is_ours) Break("I9", "pod " + pod.key.name + ", which is somebody else's, is deleted");
}

void Oracle::LedgerIsWritten(const std::vector<std::string>& satisfied) {
    for (const auto& entry : satisfied) {
        for (const auto& requirement : api::ParseRequirements(entry).requirements) {
            if (requirement.version.starts_with("image=")) continue;
            const auto* database = state_.TheDatabase();
            if (database != nullptr && FindThatIsInTheWayOf(entry, database->status) != nullptr) {
                Break("I10", "the Ledger opens " + entry + " after the intent of what takes that away");
            }
            if (!IsProven(requirement.version)) {
                Break("I5", "the Ledger opens " + entry + ", which is not proven");
            }
        }
    }
}

void Oracle::WorkloadOpens(const Deployment& deployment) {
    const auto* database = state_.TheDatabase();
    if (database == nullptr || FindThatIsInTheWayOf(deployment.requires_text, database->status) == nullptr) return;
    Break("I10", "Deployment " + deployment.key.name + " opens with " + deployment.requires_text +
                     " after the intent of what takes that away");
}

void Oracle::WorkloadIsReleased(const Deployment& deployment) {
    WorkloadOpens(deployment);
    for (const auto& requirement : api::ParseRequirements(deployment.requires_text).requirements) {
        if (!IsProven(requirement.version)) {
            Break("I5",
                  "Deployment " + deployment.key.name + " is released and " + requirement.text + " is not proven");
        }
    }
}

void Oracle::ContainerBegan(const Pod& pod) {
    for (const auto& other : state_.pods.Truth().items) {
        if (other->key.name != pod.key.name && other->process == Pod::Process::Running &&
            other->instance == pod.instance) {
            Break("I2", "the migrations of pods " + other->key.name + " and " + pod.key.name + " run at once");
        }
    }
    auto* facts = FactsOf(pod);
    if (facts == nullptr) return;
    ++facts->starts;
    facts->has_succeeded = false;
    if (facts->starts > scenario_.attempts.max + state_.tokens) {
        Break("I6", "attempt " + std::to_string(facts->starts) + " of a key begins; " +
                        std::to_string(scenario_.attempts.max) + " were allowed and " + std::to_string(state_.tokens) +
                        " asked for");
    }
}

void Oracle::ContainerEnded(const Pod& pod, int exit_code) {
    auto* facts = FactsOf(pod);
    if (facts == nullptr) return;
    const auto& real = state_.instances[static_cast<std::size_t>(pod.instance)];
    const auto& choice = scenario_.choices[static_cast<std::size_t>(pod.choice)];
    facts->has_succeeded = HasBrought(choice, real) && !real.is_dirty;
    if (facts->has_succeeded) return;
    facts->was_disturbed = true;
    const auto& codes = scenario_.attempts.retry_exit_codes;
    const bool is_listed = std::find(codes.begin(), codes.end(), exit_code) != codes.end();
    const bool is_disrupted = !pod.disruption.empty() && !pod.has_applied;
    const bool may_repeat = (is_listed || is_disrupted) && !real.is_dirty && facts->starts < scenario_.attempts.max;
    if (!may_repeat) facts->is_barred = true;
}

void Oracle::LaunchWasEnded(const Pod& pod) {
    if (auto* facts = FactsOf(pod)) facts->was_disturbed = true;
}

void Oracle::RecordIsLost() {
    state_.record_was_lost = true;
    // Of Jobs that are gone, too, nothing tells any more.
    std::vector<std::uint64_t> told;
    for (const auto& job : state_.jobs.Truth().items) {
        if (Contains(state_.created_jobs, job->key.name)) Insert(told, job->key.name);
    }
    state_.created_jobs = std::move(told);
    for (std::size_t i = 0; i < state_.keys.size(); ++i) {
        auto& facts = state_.keys[i];
        facts.starts = 0;
        facts.was_recorded_as_success = false;
        facts.was_disturbed = true;
        // What its Jobs still tell is not lost.
        const bool is_told = std::any_of(state_.jobs.Truth().items.begin(), state_.jobs.Truth().items.end(),
                                         [&](const auto& job) { return job->choice == static_cast<int>(i); });
        if (!is_told) facts.is_barred = facts.has_succeeded = false;
    }
}

void Oracle::DatabaseIsSwitched() {
    state_.database_was_switched = true;
    for (auto& facts : state_.keys)
        facts = {.used_tokens = facts.used_tokens, .was_disturbed = true};
}

void Oracle::JobIsGone(const Job& job) {
    auto* facts = FactsOf(job.choice);
    if (facts == nullptr) return;
    facts->was_disturbed = true;
    const auto* database = state_.TheDatabase();
    if (database == nullptr || api::FindRun(database->status, job.run_key) == nullptr) {
        facts->is_barred = facts->has_succeeded = false;
        facts->starts = 0;
        Remove(state_.created_jobs, job.key.name);
    }
    const auto migration = state_.migrations.Find(job.migration);
    const bool is_shown = migration && migration->uid == job.owner && migration->status.run &&
                          migration->status.run->job_name == job.key.name;
    facts->is_untold = !is_shown;
}

}  // namespace explorer
