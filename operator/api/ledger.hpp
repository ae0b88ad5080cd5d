#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/object_key.hpp"
#include "core/revision.hpp"
#include "core/uid.hpp"

namespace api {

/// The namespace's cache of what Judge would say, made for the policies' CEL: the requirement strings that hold now.
/// Written only by the operator. Sorted, so that an unchanged Ledger is never written.
struct Ledger {
    core::ObjectKey key;
    core::Uid uid;
    core::Revision revision;
    std::vector<std::string> satisfied;

    bool operator==(const Ledger&) const = default;
};

Ledger ParseLedger(const nlohmann::json& object);
/// A whole new Ledger object for `ns`.
nlohmann::json PrintLedger(const std::string& ns, const std::vector<std::string>& satisfied);

}  // namespace api
