#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace api {

/// One requirement of a workload: `DATABASE@VERSION`, or `DATABASE@image` = "this database's migrations have run from
/// an image that this template uses".
struct Requirement {
    std::string database;
    /// Decoded (%2C is a comma); empty for the image form.
    std::string version;
    bool image = false;
    /// As the user wrote it, trimmed, %2C kept: the string that stands in the Ledger.
    std::string text;

    auto operator<=>(const Requirement&) const = default;
};

struct ParsedRequirements {
    std::vector<Requirement> requirements;
    /// Parts that are no requirement, as written. The requirements policy refuses them at admission; a workload that
    /// carries one nonetheless (written before the policy was there) stays held.
    std::vector<std::string> malformed;
};

/// Bytes of one requirement: what the CRDs let a Ledger and the record hold (a Database's name, "@image=", an image). A
/// longer one is malformed: written into a status it would have the API server refuse the whole.
inline constexpr std::size_t kLongestRequirement = 800;

/// Reads the value of `tidegate.io/requires`: comma separated, split at the first "@".
ParsedRequirements ParseRequirements(std::string_view annotation);

/// The requirement string for a version: a comma inside it becomes %2C.
std::string RequirementText(std::string_view database, std::string_view version);

/// The Ledger entry that says "migrations of `database` have run from `image`".
std::string ImageEntry(std::string_view database, std::string_view image);

/// "%2C" (any case) becomes a comma.
std::string DecodeVersion(std::string_view written);

}  // namespace api
