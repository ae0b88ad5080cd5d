#include "database/secret.hpp"

#include <cstring>
#include <utility>

namespace database {
namespace {

constexpr std::size_t kShortestRedacted = 4;

}  // namespace

void Wipe(std::string& text) {
    ::explicit_bzero(text.data(), text.size());
    text.clear();
}

Secret::Secret(std::string text) : text_{text} {
    Wipe(text);
}

Secret::~Secret() {
    Wipe(text_);
}

Secret::Secret(const Secret& other) = default;

// A moved-from short string keeps its characters in place, so a copy and a wipe instead of the library's move.
// NOLINTNEXTLINE(performance-move-constructor-init)
Secret::Secret(Secret&& other) noexcept : text_{other.text_} {
    Wipe(other.text_);
}

Secret& Secret::operator=(Secret other) noexcept {
    text_.swap(other.text_);
    return *this;
}

std::string Secret::RedactedFrom(std::string text) const {
    if (text_.size() < kShortestRedacted) return text;
    for (auto at = text.find(text_); at != std::string::npos; at = text.find(text_, at)) {
        text.replace(at, text_.size(), "***");
    }
    return text;
}

}  // namespace database
