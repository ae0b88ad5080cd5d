#include "version/level.hpp"

#include <algorithm>

namespace version {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::size_t kHexadecimalIdLength = 12;

int Number(std::string_view text, std::size_t from, std::size_t length) {
    int value = 0;
    for (const char digit : text.substr(from, length))
        value = value * 10 + (digit - '0');
    return value;
}

/// YYYYMMDD, then hours, minutes and seconds as far as they go.
bool LooksLikeTime(std::string_view digits) {
    const std::size_t length = digits.size();
    if (length != 8 && length != 10 && length != 12 && length != 14) return false;
    const int year = Number(digits, 0, 4);
    const int month = Number(digits, 4, 2);
    const int day = Number(digits, 6, 2);
    if (year < 1970 || year > 2199 || month < 1 || month > 12 || day < 1 || day > 31) return false;
    if (length >= 10 && Number(digits, 8, 2) > 23) return false;
    if (length >= 12 && Number(digits, 10, 2) > 59) return false;
    return length < 14 || Number(digits, 12, 2) <= 59;
}

/// Of decimal text without a bound on its length.
std::strong_ordering CompareDecimals(std::string_view a, std::string_view b) {
    a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
    b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
    if (a.size() != b.size()) return a.size() <=> b.size();
    return a.compare(b) <=> 0;
}

}  // namespace

std::optional<Level> Level::Parse(Tool tool, std::string_view version) {
    Level level;
    std::size_t at = 0;
    while (true) {
        const std::size_t end = std::min(version.find_first_not_of(kDigits, at), version.size());
        if (end == at) return std::nullopt;
        level.segments_.emplace_back(version.substr(at, end - at));
        at = end;
        if (at == version.size() || version[at] != '.') break;
        ++at;
    }
    level.bare_ = at == version.size();
    if (!level.bare_ && version[at] != '_' && version[at] != '-') return std::nullopt;

    const bool may_be_made_up =
        Traits(tool).makes_hexadecimal_ids && level.bare_ && version.size() == kHexadecimalIdLength;
    if (may_be_made_up && level.segments_.size() == 1 && !LooksLikeTime(version)) return std::nullopt;
    return level;
}

std::optional<std::strong_ordering> Level::Compare(const Level& a, const Level& b) {
    const std::string_view first_a = a.segments_.front();
    const std::string_view first_b = b.segments_.front();
    if (first_a.size() != first_b.size() && LooksLikeTime(first_a) && LooksLikeTime(first_b)) {
        const std::size_t common = std::min(first_a.size(), first_b.size());
        const auto order = first_a.substr(0, common).compare(first_b.substr(0, common)) <=> 0;
        if (std::is_eq(order)) return std::nullopt;
        return order;
    }
    for (std::size_t i = 0; i < std::max(a.segments_.size(), b.segments_.size()); ++i) {
        const auto order = CompareDecimals(i < a.segments_.size() ? a.segments_[i] : "0",
                                           i < b.segments_.size() ? b.segments_[i] : "0");
        if (std::is_neq(order)) return order;
    }
    return std::strong_ordering::equal;
}

}  // namespace version
