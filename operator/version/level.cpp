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

std::string_view WithoutZeros(std::string_view digits) {
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
    return digits;
}

/// Of decimal text without a bound on its length.
std::strong_ordering CompareDecimals(std::string_view a, std::string_view b) {
    a = WithoutZeros(a);
    b = WithoutZeros(b);
    if (a.size() != b.size()) return a.size() <=> b.size();
    return a.compare(b) <=> 0;
}

/// The text that the numbers are looked for in.
std::string Normalised(Spelling spelling, std::string_view version) {
    switch (spelling) {
        case Spelling::FileName:
            return std::string{WithoutExtension(version)};
        case Spelling::Dotted: {
            // "1_10__add_email": what follows two of them is a description.
            std::string text{version.substr(0, version.find("__"))};
            std::replace(text.begin(), text.end(), '_', '.');
            return text;
        }
        case Spelling::DashedNumber: {
            std::string text{version.substr(0, version.find('_'))};
            std::erase(text, '-');
            return text;
        }
        case Spelling::NumberAtEnd:
            return std::string{version.substr(std::min(version.find_last_not_of(kDigits) + 1, version.size()))};
        default:
            return std::string{version};
    }
}

/// A name behind the numbers says nothing.
bool IsNumberOnly(Spelling spelling) {
    return spelling == Spelling::Number || spelling == Spelling::DashedNumber || spelling == Spelling::Dotted;
}

}  // namespace

std::string_view WithoutExtension(std::string_view name) {
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos || dot + 1 == name.size()) return name;
    const auto extension = name.substr(dot + 1);
    const bool letters = std::all_of(extension.begin(), extension.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    return letters ? name.substr(0, dot) : name;
}

std::optional<Level> Level::Parse(const Scheme& scheme, std::string_view version) {
    const ToolTraits& traits = Traits(scheme.tool);
    const bool is_numeric = scheme.order == Order::Numeric;
    if (scheme.order == Order::None || (traits.spelling == Spelling::Unordered && !is_numeric)) return std::nullopt;
    Level level;
    if (traits.spelling == Spelling::AppAndName) {
        const auto dot = version.find('.');
        if (dot == std::string_view::npos || dot == 0) return std::nullopt;
        level.line_ = version.substr(0, dot);
        version.remove_prefix(dot + 1);
    }
    const std::string text = Normalised(traits.spelling, version);
    std::size_t at = 0;
    while (true) {
        const std::size_t end = std::min(text.find_first_not_of(kDigits, at), text.size());
        if (end == at) return std::nullopt;
        level.segments_.emplace_back(text.substr(at, end - at));
        at = end;
        if (at == text.size() || text[at] != '.') break;
        ++at;
    }
    level.bare_ = at == text.size();
    if (!level.bare_ && text[at] != '_' && text[at] != '-') return std::nullopt;

    const bool may_be_made_up =
        !is_numeric && traits.makes_hexadecimal_ids && level.bare_ && text.size() == kHexadecimalIdLength;
    if (may_be_made_up && level.segments_.size() == 1 && !LooksLikeTime(text)) return std::nullopt;
    if (IsNumberOnly(traits.spelling)) level.bare_ = true;
    if (traits.spelling == Spelling::NumberAtEnd) level.bare_ = text.size() == version.size();
    return level;
}

std::optional<std::strong_ordering> Level::Compare(const Level& a, const Level& b) {
    if (a.line_ != b.line_) return std::nullopt;
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

std::string Level::Key() const {
    std::size_t count = segments_.size();
    while (count > 0 && WithoutZeros(segments_[count - 1]).empty())
        --count;
    std::string key = line_;
    for (std::size_t i = 0; i < count; ++i) {
        key += '.';
        key += WithoutZeros(segments_[i]);
    }
    return key;
}

}  // namespace version
