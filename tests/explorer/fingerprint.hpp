#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace explorer {

/// 128 bits that stand for a state: among ten million states a chance collision has a probability below 10^-24, so two
/// states with one fingerprint are taken for one. Not for adversarial input.
struct Fingerprint {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    auto operator<=>(const Fingerprint&) const = default;
};

/// Takes values in order; the same values in the same order give the same fingerprint in every process.
class Hasher final {
public:
    void Add(std::uint64_t value) {
        high_ = Fold(high_ ^ value, kFirst);
        low_ = Fold(low_ + value, kSecond) ^ value;
    }
    void Add(std::string_view text);
    void Add(const Fingerprint& fingerprint) {
        Add(fingerprint.high);
        Add(fingerprint.low);
    }

    Fingerprint Result() const { return {Fold(high_ ^ low_, kSecond), Fold(low_ ^ kFirst, high_ | 1)}; }

private:
    static constexpr std::uint64_t kFirst = 0xa0761d6478bd642fULL;
    static constexpr std::uint64_t kSecond = 0xe7037ed1a0b428dbULL;

    static std::uint64_t Fold(std::uint64_t a, std::uint64_t b) {
        __extension__ using Wide = unsigned __int128;
        const Wide product = static_cast<Wide>(a) * b;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U) ^ (a << 7U);
    }

    std::uint64_t high_ = 0x8ebc6af09c88c6e3ULL;
    std::uint64_t low_ = 0x589965cc75374cc3ULL;
};

/// Of a name: short enough to be kept in a state in great numbers.
std::uint64_t HashName(std::string_view name);

}  // namespace explorer
