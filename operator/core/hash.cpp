#include "core/hash.hpp"

#include <cstdio>
#include <cstdlib>

#include <openssl/evp.h>

namespace core {

std::string HashText(std::string_view text, std::size_t characters) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr) != 1) {
        std::fputs("SHA-256 is not available in this OpenSSL: no name can be derived\n", stderr);
        std::abort();
    }
    constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
    std::string result;
    unsigned int bits = 0, held = 0;
    for (unsigned int i = 0; i < size && result.size() < characters; ++i) {
        bits = (bits << 8U) | digest[i];
        held += 8;
        while (held >= 5 && result.size() < characters) {
            held -= 5;
            result += kAlphabet[(bits >> held) & 31U];
        }
        bits &= (1U << held) - 1U;
    }
    return result;
}

std::string JoinForHash(std::initializer_list<std::string_view> parts) {
    std::string joined;
    for (const std::string_view part : parts) {
        joined += std::to_string(part.size());
        joined += ':';
        joined += part;
    }
    return joined;
}

}  // namespace core
