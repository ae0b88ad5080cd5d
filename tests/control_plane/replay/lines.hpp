#pragma once

#include <string>
#include <vector>

#include "api/database.hpp"
#include "api/ledger.hpp"
#include "api/migration.hpp"
#include "observed/job_facts.hpp"
#include "observed/pod_facts.hpp"
#include "observed/workload_facts.hpp"

/// What of an object must be the same in the model and on the API server, as one line: everything but identities,
/// revisions and times.
namespace replay {

std::string Line(const api::Database& database);
std::string Line(const api::Migration& migration);
std::string Line(const observed::JobFacts& job);
std::string Line(const observed::PodFacts& pod);
std::string Line(const api::Ledger& ledger);
std::string Line(const observed::WorkloadFacts& workload);

/// Lines that only one side has, marked; empty when both have the same. Sorts both.
std::string Difference(std::vector<std::string> model, std::vector<std::string> real);

}  // namespace replay
