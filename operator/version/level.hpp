#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "version/tool.hpp"

namespace version {

/// The numbers at the front of a version: "0007_add_email" is level 7, "1.10.2" is level 1, 10, 2.
///
/// A version has a level when it begins with decimal segments joined by "." and then ends or goes on with "_" or "-".
/// "1975ea83b712" has none: its digits do not end at a separator. Nor has an identifier of exactly 12 decimal digits
/// that cannot be a time of the form YYYYMMDDhhmm, for tools that make up hexadecimal identifiers of that length.
class Level {
public:
    static std::optional<Level> Parse(Tool tool, std::string_view version);

    /// Segment by segment, a missing one counts as 0, of any size. nullopt when both begin with times of different
    /// precision and the shorter one contains the longer ("20261122" and "20261122194700").
    static std::optional<std::strong_ordering> Compare(const Level& a, const Level& b);

    /// Nothing follows the numbers: "0007" stands for whatever is named 0007_….
    bool IsBare() const { return bare_; }

private:
    std::vector<std::string> segments_;
    bool bare_ = true;
};

}  // namespace version
