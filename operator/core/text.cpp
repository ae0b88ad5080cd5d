#include "core/text.hpp"

namespace core {

std::string OneLine(std::string_view text, std::size_t limit) {
    constexpr std::string_view kCut = "...";
    std::string line;
    line.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        line += byte < 0x20U || byte == 0x7FU ? ' ' : c;
    }
    if (line.size() <= limit) return line;
    std::size_t end = limit - kCut.size();
    while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U)
        --end;
    line.resize(end);
    return line += kCut;
}

}  // namespace core
