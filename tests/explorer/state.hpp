#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/time.hpp"
#include "engine/world.hpp"
#include "explorer/fingerprint.hpp"
#include "explorer/history.hpp"
#include "explorer/objects.hpp"
#include "explorer/scenario.hpp"

namespace explorer {

inline constexpr int kInstances = 2;
inline constexpr std::size_t kMostChoices = 4;

enum class Kind : std::uint8_t { Databases, Migrations, Jobs, Pods, Ledgers, Deployments };
inline constexpr std::size_t kKinds = 6;
std::string_view Name(Kind kind);

/// What a write tracker keeps for one work key.
struct Tracker {
    /// Per kind the revision that its store must have seen; 0: none.
    std::array<std::uint64_t, kKinds> writes{};
    std::vector<std::pair<Kind, std::string>> doubts;
};

/// What one pass of the operator has learned so far. Immutable once it stands in a state.
struct Pass {
    engine::Learned learned;
    std::vector<std::shared_ptr<const Job>> live_jobs;
    std::map<std::string, std::vector<std::shared_ptr<const Pod>>> live_pods;
    std::shared_ptr<const Ledger> live_ledger;
    /// The Migration was read live and still asks for this Job.
    std::shared_ptr<const Job> to_create;
    int steps = 0;
};

/// All that a crash loses, but for the stores.
struct Memory {
    std::shared_ptr<const Pass> pass;
    /// How far it came with the Job of the run that it began last, as controllers::JobRequests keeps it.
    struct Request {
        std::string job;
        core::Time intended;
        engine::JobRequest how_far = engine::JobRequest::Unknown;
    };
    std::optional<Request> request;
    Tracker database, ledger, workload;
    /// Last words of pods that are gone, as controllers::EndedPods keeps them.
    std::vector<std::shared_ptr<const Pod>> ended_pods;
    std::map<std::string, std::vector<std::shared_ptr<const Pod>>> evidence;
    /// As controllers::OldPodsMemory keeps it.
    std::optional<engine::OldPods> old_pods;
};

/// A user's request to apply the Deployment: judged by the policies, and not yet done. The API server ends it within a
/// minute.
struct Request {
    core::Time judged;
    int level = 0;
    /// The Ledger had the requirement.
    bool opens = false;
};
inline constexpr std::chrono::seconds kLongestRequest{60};

/// A real database.
struct Instance {
    int level = 0;
    bool is_dirty = false;
    /// The highest level that was there, clean, while no migration ran.
    int proven = 0;
    /// Name of the pod whose agent holds the fence; empty: free.
    std::string fence;
};

/// What the oracle remembers of a run key, from the truth alone.
struct KeyFacts {
    /// Migration containers that began since the record began.
    int starts = 0;
    /// It ended in a way after which nothing may run until somebody asks for it.
    bool is_barred = false;
    /// Retry tokens that launches after a bar have used.
    int used_tokens = 0;
    bool was_recorded_as_success = false;
    /// Its last container ended with the version reached and clean.
    bool has_succeeded = false;
    /// A Job of it vanished before anything that lasts told of it: only the database can be asked, and must be.
    bool is_untold = false;
    /// Anything went wrong with it that a user would be told of.
    bool was_disturbed = false;
};

/// One state of the whole: truth, stores, the operator's memory, what the adversary may still do, and what the oracle
/// remembers. Copying it shares the objects.
struct State {
    History<Database> databases;
    History<Migration> migrations;
    History<Job> jobs;
    History<Pod> pods;
    History<Ledger> ledgers;
    History<Deployment> deployments;

    std::array<Instance, kInstances> instances;
    Memory memory;
    std::optional<Request> request;
    Purse purse;
    /// Of everybody but the operator, whose clock is ahead by `skew`.
    core::Time now;
    std::chrono::seconds skew{0};
    bool refuses_jobs = false;

    /// How often the Database, each Migration, was created.
    int database_births = 0;
    std::array<int, 2> migration_births{};
    /// Values of tidegate.io/retry that were ever set.
    int tokens = 0;
    bool database_was_switched = false;
    bool record_was_lost = false;

    std::array<KeyFacts, kMostChoices> keys;
    /// Hashes of names: Jobs that the operator created, and intents that were recorded. Sorted.
    std::vector<std::uint64_t> created_jobs, intents;
    /// Of all Jobs that ever were, and how often a name was used again: for UIDs.
    std::vector<std::uint64_t> used_names;
    int reused_names = 0;

    core::Time OperatorNow() const { return now + skew; }
    std::size_t AgeOf(Kind kind) const;
    void Show(Kind kind, std::size_t age);
    std::uint64_t SeenRevision(Kind kind) const;

    // Changes of pods, which the operator's memory follows.
    void PutPod(std::shared_ptr<const Pod> pod);
    void ErasePod(std::string_view name);

    /// Older versions than `oldest` are forgotten, for each kind (never newer ones than its store shows).
    void Trim(std::size_t oldest);
    /// The operator starts anew: memory empty, stores filled by first lists that are `ages` old.
    void Restart(const std::array<std::size_t, kKinds>& ages);

    const Database* TheDatabase() const {
        return databases.Truth().items.empty() ? nullptr : databases.Truth().items[0].get();
    }
    /// Updates what was proven: the readings that count are those while nothing runs.
    void NoteProof(int instance);
    bool RunsMigration(int instance) const;
};

Fingerprint FingerprintOf(const State& state);

bool Contains(const std::vector<std::uint64_t>& names, std::string_view name);
void Insert(std::vector<std::uint64_t>& names, std::string_view name);
void Remove(std::vector<std::uint64_t>& names, std::string_view name);

}  // namespace explorer
