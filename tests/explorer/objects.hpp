#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/database.hpp"
#include "api/ledger.hpp"
#include "api/migration.hpp"
#include "explorer/fingerprint.hpp"
#include "observed/job_facts.hpp"
#include "observed/pod_facts.hpp"
#include "observed/workload_facts.hpp"
#include "version/reading.hpp"

/// The objects of the model: what decisions read, in the operator's own structs, and beside it what only the world
/// knows. They never change once they are frozen.
namespace explorer {

/// Everything of an object but its revision and its times: these are compared relative to each other.
struct Digest {
    Fingerprint content;
    std::vector<std::int64_t> times;
};

struct Database final : api::Database {
    /// The real database that its Secret leads to.
    int instance = 0;
    Digest digest;
};

struct Migration final : api::Migration {
    /// Position in the scenario's list of specs.
    int choice = 0;
    Digest digest;
};

struct Job final : observed::JobFacts {
    /// A pod of it was counted by the Job controller, which then removes the pod's finalizer.
    enum class Counted { None, Success, Failure };

    int choice = -1;  ///< of the Migration; -1: a probe, or somebody else's
    int instance = 0;
    /// The operator created it.
    bool is_ours = false;
    /// It carries our labels, so the operator's stores and lists show it.
    bool is_labelled = true;
    bool has_made_pod = false;
    Counted counted = Counted::None;
    Digest digest;
};

struct Pod final : observed::PodFacts {
    enum class Process {
        Pending,  ///< nothing runs; perhaps for ever
        Agent,    ///< the agent waits for the fence (a probe: is about to read)
        Fenced,   ///< the agent holds the fence, the migration container is about to start (a probe: has read)
        Running,  ///< the migration container runs
        Ended,
    };

    int choice = -1;
    int instance = 0;
    Process process = Process::Pending;
    /// Its migration has changed the history table.
    bool has_applied = false;
    /// The version when the fence was taken (a probe: what was read), and whether it was dirty.
    int level_read = 0;
    bool dirty_read = false;
    /// Its owner reference was taken away (a delete that orphans).
    bool is_orphan = false;
    Digest digest;
};

struct Ledger final : api::Ledger {
    Digest digest;
};

struct Deployment final : observed::WorkloadFacts {
    Digest digest;
};

Digest MakeDigest(const Database& database);
Digest MakeDigest(const Migration& migration);
Digest MakeDigest(const Job& job);
Digest MakeDigest(const Pod& pod);
Digest MakeDigest(const Ledger& ledger);
Digest MakeDigest(const Deployment& deployment);

template <class Object>
std::shared_ptr<const Object> Freeze(Object object) {
    object.digest = MakeDigest(object);
    return std::make_shared<const Object>(std::move(object));
}

/// The name of the version at `level`: "0002". Level 0 is a database that no tool has touched.
std::string VersionName(int level);
/// 0 for an empty name.
int LevelOf(std::string_view version);
version::Reading ReadingOf(int level, bool dirty);
/// What the agent calls the real database.
std::string IdentityOf(int instance);

}  // namespace explorer
