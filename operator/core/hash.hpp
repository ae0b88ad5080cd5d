#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace core {

/// The first `characters` (at most 51) of the lower-case base32 (RFC 4648 alphabet, no padding) of the SHA-256 of
/// `text`: fits into object names and label values. 5 bits a character: 10 characters make a chance collision among
/// 10,000 names about 1 in 20 million; callers compare the full identity wherever a collision would matter.
std::string HashText(std::string_view text, std::size_t characters);

/// Joins parts so that no two different lists give the same text (each part is preceded by its length).
std::string JoinForHash(std::initializer_list<std::string_view> parts);

}  // namespace core
