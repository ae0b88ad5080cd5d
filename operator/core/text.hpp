#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace core {

/// `text` on one line and within `limit` bytes: control characters become spaces, a cut is marked with "..." and never
/// splits a UTF-8 character. Applying it again changes nothing.
std::string OneLine(std::string_view text, std::size_t limit);

}  // namespace core
