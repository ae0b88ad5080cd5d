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
///  3. `wanted` has a level (version/level.hpp) and so has every version of the reading: decided by number. Numbered
///     versions are taken for a line, which is why people number them. "0007" is whatever has number 7. Different names
///     with one number ("0007_a", "0007_b": two branches met) are Unknown. With several heads: up to the lowest is
///     Reached, above the highest NotReached, between them Unknown, because a branch says nothing about another.
///  4. `known` has it (versions proven earlier or declared: the record, `includes`, `baseline`): Reached.
///  5. Unknown. For example another hash: nothing in the table tells whether it came before or is still to come.
///
/// Not part of the answer: whether the reading is dirty, and floor or ceiling. The caller judges those.
Standing Reached(Tool tool, const Reading& reading, std::string_view wanted, std::span<const std::string> known = {});

/// Which of two versions comes first, for queues; nullopt when their names do not tell (hashes, two names with one
/// number). Equal only for the same version or "0007" against "0007_add_email".
std::optional<std::strong_ordering> Compare(Tool tool, std::string_view a, std::string_view b);

}  // namespace version
