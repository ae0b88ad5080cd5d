#include "engine/range.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "engine/judge.hpp"
#include "engine/known_versions.hpp"
#include "engine/reading.hpp"
#include "version/level.hpp"
#include "version/order.hpp"

namespace engine {
namespace {

using Ordering = std::optional<std::strong_ordering>;

bool IsOfOtherLine(const api::Database& database, std::string_view a, std::string_view b) {
    const auto scheme = database.spec.Scheme();
    const auto level_a = version::Level::Parse(scheme, a);
    const auto level_b = version::Level::Parse(scheme, b);
    return level_a && level_b && level_a->Line() != level_b->Line();
}

/// Only where the table holds a position, and a single one: what it contains besides came before it.
Ordering ByTable(const api::Database& database, std::string_view a, std::string_view b) {
    if (version::Traits(database.spec.history.tool).content != version::Content::Position) return std::nullopt;
    const auto reading = KeptReading(database.status);
    if (reading.truncated || reading.versions.size() != 1) return std::nullopt;
    const auto& head = reading.versions.front();
    if (head == a && JudgeVersion(database, b) == Verdict::Holds) return std::strong_ordering::greater;
    if (head == b && JudgeVersion(database, a) == Verdict::Holds) return std::strong_ordering::less;
    return std::nullopt;
}

Ordering ByRecord(const api::Database& database, std::string_view a, std::string_view b) {
    const auto time_a = BroughtAt(database.status, a);
    const auto time_b = BroughtAt(database.status, b);
    if (time_a && time_b && *time_a != *time_b) return *time_a <=> *time_b;
    const auto is_baseline = [&](std::string_view version) {
        const auto& baseline = database.spec.baseline;
        return std::find(baseline.begin(), baseline.end(), version) != baseline.end();
    };
    if (!time_a && time_b && is_baseline(a)) return std::strong_ordering::less;
    if (time_a && !time_b && is_baseline(b)) return std::strong_ordering::greater;
    return std::nullopt;
}

Place PlaceOfVersionless(const api::DatabaseStatus& status, const api::RunRecord& run) {
    if (!status.floor && !status.ceiling) return Place::Inside;
    if (!run.completion_time) return Place::Undecided;
    if (status.floor && run.key != status.floor->key && *run.completion_time < status.floor->time) {
        const auto brought = BroughtAt(status, status.floor->version);
        if (!brought) return Place::Undecided;
        if (*run.completion_time < *brought) return Place::BelowFloor;
    }
    if (status.ceiling) {
        const auto brought = BroughtAt(status, status.ceiling->version);
        if (!brought) return Place::Undecided;
        if (*run.completion_time > *brought) return Place::AboveCeiling;
    }
    return Place::Inside;
}

}  // namespace

Ordering CompareIn(const api::Database& database, std::string_view a, std::string_view b) {
    if (const auto by_name = version::Compare(database.spec.Scheme(), a, b)) return by_name;
    if (IsOfOtherLine(database, a, b)) return std::nullopt;
    if (const auto by_table = ByTable(database, a, b)) return by_table;
    return ByRecord(database, a, b);
}

Place PlaceOf(const api::Database& database, std::string_view version) {
    const auto& [floor, ceiling] = std::pair(database.status.floor, database.status.ceiling);
    bool is_decided = true;
    if (floor && !IsOfOtherLine(database, version, floor->version)) {
        const auto order = CompareIn(database, version, floor->version);
        if (order && std::is_lt(*order)) return Place::BelowFloor;
        is_decided = order.has_value();
    }
    if (ceiling && !IsOfOtherLine(database, version, ceiling->version)) {
        const auto order = CompareIn(database, version, ceiling->version);
        if (order && std::is_gt(*order)) return Place::AboveCeiling;
        is_decided = is_decided && order.has_value();
    }
    return is_decided ? Place::Inside : Place::Undecided;
}

Place PlaceOfImage(const api::Database& database, const api::RunRecord& run) {
    return run.version.empty() ? PlaceOfVersionless(database.status, run) : PlaceOf(database, run.version);
}

bool IsTakenDown(const api::Database& database, std::string_view version) {
    const auto& ceiling = database.status.ceiling;
    if (!ceiling || ceiling->provisional) return false;
    const auto order = CompareIn(database, version, ceiling->version);
    return order && std::is_gt(*order);
}

version::Standing StandingOfDown(const api::Database& before, const version::Reading& after, std::string_view version) {
    using version::Standing;
    const auto is_above = [&](const auto& other) {
        const auto order = CompareIn(before, other, version);
        return order && std::is_gt(*order);
    };
    if (std::any_of(after.reached.begin(), after.reached.end(), is_above)) return Standing::NotReached;
    if (std::any_of(after.versions.begin(), after.versions.end(), is_above)) return Standing::NotReached;
    const bool is_known = std::all_of(after.versions.begin(), after.versions.end(), [&](const auto& head) {
        return CompareIn(before, head, version) || IsOfOtherLine(before, head, version);
    });
    return is_known && !after.truncated ? Standing::Reached : Standing::Unknown;
}

bool IsNothingAbove(const api::Database& database, std::string_view version) {
    const auto reading = KeptReading(database.status);
    if (reading.truncated) return false;
    const bool heads_are_not = std::all_of(reading.versions.begin(), reading.versions.end(), [&](const auto& head) {
        if (IsOfOtherLine(database, head, version)) return true;
        const auto order = CompareIn(database, head, version);
        return order && std::is_lteq(*order);
    });
    const auto& reached = database.status.reached;
    return heads_are_not && std::none_of(reached.begin(), reached.end(), [&](const auto& entry) {
               const auto proven = VersionOf(entry.requirement);
               const auto order = proven ? CompareIn(database, *proven, version) : std::nullopt;
               return order && std::is_gt(*order);
           });
}

}  // namespace engine
