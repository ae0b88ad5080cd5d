#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "version/tool.hpp"

namespace version {

/// The numbers in a version, as its tool spells them (version/tool.hpp): of most tools those at the front.
/// "0007_add_email" is level 7, "1.10.2" is level 1, 10, 2.
///
/// A version has a level when it begins with decimal segments joined by "." and then ends or goes on with "_" or "-".
/// "1975ea83b712" has none: its digits do not end at a separator. Nor has an identifier of exactly 12 decimal digits
/// that cannot be a time of the form YYYYMMDDhhmm, for tools that make up hexadecimal identifiers of that length.
class Level {
public:
    static std::optional<Level> Parse(const Scheme& scheme, std::string_view version);

    /// Segment by segment, a missing one counts as 0, of any size. nullopt for levels of two lines, and when both begin
    /// with times of different precision and the shorter one contains the longer ("20261122" and "20261122194700").
    static std::optional<std::strong_ordering> Compare(const Level& a, const Level& b);

    /// No name comes with the numbers, or none that counts: "0007" stands for whatever is named 0007_….
    bool IsBare() const { return bare_; }

    /// Levels of different lines have no order. Django: the app; of all other tools "".
    const std::string& Line() const { return line_; }

    /// The same text for levels that are equal, for look-ups.
    std::string Key() const;

private:
    std::string line_;
    std::vector<std::string> segments_;
    bool bare_ = true;
};

/// A file's name without its extension of letters: "1_a.ts" is "1_a", "1.10" stays.
std::string_view WithoutExtension(std::string_view name);

}  // namespace version
