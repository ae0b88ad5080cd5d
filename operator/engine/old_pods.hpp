#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/database.hpp"
#include "api/migration.hpp"
#include "core/time.hpp"
#include "core/uid.hpp"
#include "observed/schema_user.hpp"
#include "observed/workload_facts.hpp"

/// What keeps a Contract or a Down from starting: whatever still uses what it takes away.
namespace engine {

/// One pod, or one thing that makes pods, which needs less than a Contract leaves, or more than a Down leaves.
struct OldPod {
    observed::UserKind kind = observed::UserKind::Pod;
    std::string name;
    /// What it requires of the database; empty: it does not say, and counts as the oldest.
    std::string requirement;
    bool deleting = false;
    /// The Deployment, StatefulSet, DaemonSet, CronJob or Job at the head of its owners; of those themselves their own.
    core::Uid workload;

    bool operator==(const OldPod&) const = default;
};

/// What was found when it was looked for last.
struct OldPods {
    /// Run key of the Migration that asked.
    std::string key;
    core::Time asked;
    /// Newest revision among the gated workloads of the database then: a higher one is a reason to look again.
    std::uint64_t seen = 0;
    /// From quorum lists of this very pass: the only ones that a launch rests on.
    bool is_live = false;
    std::vector<OldPod> found;
};

/// Of `users`, everything of one namespace that has or makes pods, listed from owners to pods so that nothing slips
/// from one list into another: what the Migration, a Contract or a Down, has to wait for.
///
/// By the annotation tidegate.io/requires of the pod or template. For a Contract also what carries no requirement of
/// this database and belongs to a workload that does: it counts as the oldest; and what cannot be compared. Of a
/// Deployment that is paused, by the gate or its user, the newest ReplicaSet counts without replicas, too: scaled from
/// zero it starts pods that no gate sees.
/// Not seen: what uses the database and says so nowhere.
std::vector<OldPod> FindOldPods(const api::Database& database, const api::Migration& migration,
                                const std::vector<observed::SchemaUser>& users);

/// "Deployment web (orders@0001), Pod web-1 (orders@0001, terminating) and 3 more": bounded.
std::string Describe(const std::vector<OldPod>& pods);

/// A Deployment whose new template is held for what only this Contract brings, while its own pods, which do not go
/// before the new ones come, keep the Contract waiting: nothing can move. nullptr: there is none.
const observed::WorkloadFacts* FindSkippedStep(
    const api::Database& database, const api::Migration& migration, const std::vector<OldPod>& pods,
    const std::vector<std::shared_ptr<const observed::WorkloadFacts>>& workloads);

}  // namespace engine
