#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/object_key.hpp"
#include "core/revision.hpp"
#include "core/time.hpp"
#include "core/uid.hpp"

namespace api {

/// Somebody let a workload go on without proof (tidegate.io/release). Of the Jobs of a CronJob it is the CronJob's.
struct HandRelease {
    std::string kind;
    std::string name;
    core::Uid uid;
    /// The value, trimmed.
    std::string requirement;

    auto operator<=>(const HandRelease&) const = default;
};

/// The end of a Database's range of versions (api::Bound) by which the entries were chosen.
struct ObservedBound {
    std::string database;
    std::string version;
    core::Time time;

    auto operator<=>(const ObservedBound&) const = default;
};

/// The namespace's cache of what Judge would say, made for the policies' CEL: the requirement strings that hold now.
/// Written only by the operator. Sorted, so that an unchanged Ledger is never written.
struct Ledger {
    core::ObjectKey key;
    core::Uid uid;
    core::Revision revision;
    std::vector<std::string> satisfied;
    /// Releases by hand that are in effect and were recorded, so that a restart does not record them again. Sorted.
    std::vector<HandRelease> released;
    /// Nothing below, or above, of these Databases is among the entries. Sorted.
    std::vector<ObservedBound> observed_floor, observed_ceiling;

    bool operator==(const Ledger&) const = default;
};

Ledger ParseLedger(const nlohmann::json& object);
/// A whole new Ledger object for its namespace.
nlohmann::json PrintLedger(const Ledger& ledger);
nlohmann::json PrintReleases(const std::vector<HandRelease>& released);
nlohmann::json PrintObserved(const std::vector<ObservedBound>& bounds);

}  // namespace api
