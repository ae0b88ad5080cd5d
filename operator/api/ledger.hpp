#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/object_key.hpp"
#include "core/revision.hpp"
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

/// The namespace's cache of what Judge would say, made for the policies' CEL: the requirement strings that hold now.
/// Written only by the operator. Sorted, so that an unchanged Ledger is never written.
struct Ledger {
    core::ObjectKey key;
    core::Uid uid;
    core::Revision revision;
    std::vector<std::string> satisfied;
    /// Releases by hand that are in effect and were recorded, so that a restart does not record them again. Sorted.
    std::vector<HandRelease> released;

    bool operator==(const Ledger&) const = default;
};

Ledger ParseLedger(const nlohmann::json& object);
/// A whole new Ledger object for `ns`.
nlohmann::json PrintLedger(const std::string& ns, const std::vector<std::string>& satisfied,
                           const std::vector<HandRelease>& released = {});
nlohmann::json PrintReleases(const std::vector<HandRelease>& released);

}  // namespace api
