#include "explorer/fingerprint.hpp"

#include <cstring>

namespace explorer {

void Hasher::Add(std::string_view text) {
    Add(std::uint64_t{text.size()});
    while (text.size() >= sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data(), sizeof(word));
        Add(word);
        text.remove_prefix(sizeof(word));
    }
    if (text.empty()) return;
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), text.size());
    Add(word);
}

std::uint64_t HashName(std::string_view name) {
    Hasher hasher;
    hasher.Add(name);
    return hasher.Result().low;
}

}  // namespace explorer
