#pragma once

#include <compare>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "version/reading.hpp"
#include "version/tool.hpp"

namespace version {

enum class Standing { Reached, NotReached, Unknown };

std::string_view Name(Standing standing);

/// Whether the database that gave `reading` contains the version named `wanted`. One answer for the whole product.
///
/// In this order:
///  1. No table, or an empty one: NotReached. An empty `wanted` names nothing: Unknown.
///  2. `wanted` is in the reading, letter by letter: Reached. Prefixes, which Alembic's own command line accepts, are
///     not: a prefix that is unique in the table may be ambiguous among all migrations, which nobody here can see.
///  3. The reader looked for it in a table with a row for each migration and did not find it: NotReached, however high
///     the other numbers are (a branch that was merged late), unless `known` has it.
///  4. `wanted` has a level (version/level.hpp) and so has every version of the reading in its line: decided by number.
///     "0007" is whatever has number 7. Different names with one number ("0007_a", "0007_b": two branches met) are
///     Unknown. Above the highest is NotReached. Below the lowest is Reached if the table holds a position (numbered
///     versions are taken for a line, which is why people number them), and Unknown if it has a row for each migration
///     and was not asked for this one. With several heads, between them is Unknown, because a branch says nothing about
///     another. Django: an app with no row is NotReached.
///  5. `known` has it: Reached. What belongs there: versions declared by the user (`baseline`, `includes`) and, where
///     the table holds a position, those proven earlier (the record). Not the record of a tool that keeps a row for
///     each migration: a row that is gone means that it was taken back.
///  6. Unknown. For example another hash: nothing in the table tells whether it came before or is still to come.
///
/// Not part of the answer: whether the reading is dirty, and floor or ceiling. The caller judges those.
Standing Reached(const Scheme& scheme, const Reading& reading, std::string_view wanted,
                 std::span<const std::string> known = {});

/// Which of two versions comes first, for queues; nullopt when their names do not tell (hashes, two names with one
/// number). Equal only for the same version or "0007" against "0007_add_email".
std::optional<std::strong_ordering> Compare(const Scheme& scheme, std::string_view a, std::string_view b);

}  // namespace version
