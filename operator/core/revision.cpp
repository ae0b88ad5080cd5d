#include "core/revision.hpp"

#include <charconv>

namespace core {

Revision Revision::Parse(std::string_view text) {
    Revision revision;
    const char* const end = text.data() + text.size();
    const auto [stopped_at, error] = std::from_chars(text.data(), end, revision.value);
    if (error != std::errc{} || stopped_at != end) return {};
    return revision;
}

}  // namespace core
