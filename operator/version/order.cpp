#include "version/order.hpp"

#include <algorithm>

#include "version/level.hpp"

namespace version {
namespace {

bool Contains(std::span<const std::string> versions, std::string_view version) {
    return std::find(versions.begin(), versions.end(), version) != versions.end();
}

/// nullopt when the numbers do not decide.
std::optional<Standing> ByLevel(const Scheme& scheme, const Reading& reading, std::string_view wanted) {
    if (reading.truncated) return std::nullopt;
    const auto wanted_level = Level::Parse(scheme, wanted);
    bool decided = true;
    bool above_all = true;
    bool below_all = true;
    for (const std::string& version : reading.versions) {
        const auto level = Level::Parse(scheme, version);
        if (level && wanted_level && level->Line() != wanted_level->Line()) continue;
        const auto order = Compare(scheme, wanted, version);
        // "0007" against a head 0007_add_email: the number itself is there, whatever the other heads are.
        if (order && std::is_eq(*order)) return Standing::Reached;
        if (!order)
            decided = false;
        else
            (std::is_lt(*order) ? above_all : below_all) = false;
    }
    // Both: nothing of its line is there at all.
    if (above_all && below_all) return wanted_level && decided ? std::optional{Standing::NotReached} : std::nullopt;
    if (!decided || above_all == below_all) return std::nullopt;
    if (above_all) return Standing::NotReached;
    return Traits(scheme.tool).content == Content::Position ? std::optional{Standing::Reached} : std::nullopt;
}

}  // namespace

std::string_view Name(Standing standing) {
    switch (standing) {
        case Standing::Reached:
            return "Reached";
        case Standing::NotReached:
            return "NotReached";
        case Standing::Unknown:
            break;
    }
    return "Unknown";
}

Standing Reached(const Scheme& scheme, const Reading& reading, std::string_view wanted,
                 std::span<const std::string> known) {
    if (wanted.empty()) return Standing::Unknown;
    if (!reading.initialised) return Standing::NotReached;
    if (reading.versions.empty() && !reading.truncated) return Standing::NotReached;
    if (Contains(reading.versions, wanted) || Contains(reading.reached, wanted)) return Standing::Reached;
    if (Contains(reading.absent, wanted)) return Contains(known, wanted) ? Standing::Reached : Standing::NotReached;
    if (const auto standing = ByLevel(scheme, reading, wanted)) return *standing;
    return Contains(known, wanted) ? Standing::Reached : Standing::Unknown;
}

std::optional<std::strong_ordering> Compare(const Scheme& scheme, std::string_view a, std::string_view b) {
    if (a == b) return std::strong_ordering::equal;
    const auto level_a = Level::Parse(scheme, a);
    const auto level_b = Level::Parse(scheme, b);
    if (!level_a || !level_b) return std::nullopt;
    const auto order = Level::Compare(*level_a, *level_b);
    if (order && std::is_eq(*order) && !level_a->IsBare() && !level_b->IsBare()) return std::nullopt;
    return order;
}

}  // namespace version
