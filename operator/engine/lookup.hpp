#pragma once

#include <string_view>
#include <vector>

#include "engine/reading.hpp"
#include "engine/world.hpp"

/// Finding things in a World: nullptr when there is none.
namespace engine {

const api::Database* FindDatabase(const std::vector<Shared<api::Database>>& databases, std::string_view name);
const api::Migration* FindMigration(const World& world, std::string_view name);
/// The Migration that a run was intended for: not another one of its name.
const api::Migration* FindMigrationOf(const World& world, const api::RunRecord& run);
const observed::JobFacts* FindJob(const World& world, std::string_view name);

/// The Job of a launch: nullptr also when a Job that is none of ours has its name.
const observed::JobFacts* FindJobOf(const World& world, const api::RunRecord& run);

/// The Job of an open run is there or was: this process created it, it left a pod, or the Migration shows it (which it
/// does from then on) or how it ended. Where the Migration is gone nobody can say, and "it was there" is the safe
/// answer: the database is asked instead of starting something.
bool JobWasThere(const World& world, const api::RunRecord& run);

/// A Job of any migration of this database that has not ended: while there is one, nothing else is started.
const observed::JobFacts* UnfinishedMigrationJob(const World& world);

/// A migration of this database may be running, now or by itself later: a Job that is not at rest, or a pod, also one
/// whose Job is gone.
bool MigrationMayRun(const World& world);
/// As MigrationMayRun, but pods alone: they may outlive their Job.
bool MigrationPodRuns(const World& world);

/// The number of the newest Job that is left of a run whose record is lost: the next one needs another name. 0: none.
int NewestLaunch(const World& world, const api::Migration& migration);

/// The pod of a Job, not one of an earlier Job of that name. Of several, which somebody's hand or a mistake of a
/// controller made, the one in which the migration began: that another one did not begin proves nothing.
const observed::PodFacts* FindPod(const World& world, std::string_view job);

/// The pod of a launch. Where the Job is gone, only one that was made after the launch was intended: the name may have
/// been used before, for another database.
const observed::PodFacts* FindPodOf(const World& world, const api::RunRecord& run);

/// The launch had more than one pod, by somebody's hand or a mistake of a controller: what one of them reports may be
/// of the middle of the other's run.
bool HadSeveralPods(const World& world, const api::RunRecord& run);

/// The run whose outcome is open. There is at most one per database.
const api::RunRecord* ActiveRun(const api::DatabaseStatus& status);
api::RunRecord* ActiveRun(api::DatabaseStatus& status);

/// What the Migrations and gated workloads of this database name.
Named NamedBy(const World& world);

}  // namespace engine
