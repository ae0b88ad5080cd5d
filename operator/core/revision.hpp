#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace core {

/// A resourceVersion. Comparable within one resource (KEP-5504: decimal, monotonic); 0 means "none known".
struct Revision {
    std::uint64_t value = 0;

    auto operator<=>(const Revision&) const = default;

    std::string ToString() const { return std::to_string(value); }

    /// Text that is not a decimal number gives Revision{0}: "none known" makes every caller read live, which is safe.
    static Revision Parse(std::string_view text);
};

}  // namespace core
