#pragma once

#include <string>
#include <string_view>

namespace database {

/// Text that must not be seen: cannot be formatted or streamed, is overwritten when it dies. Copies that a library
/// makes of what Reveal() gave are beyond it.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string text);
    ~Secret();

    Secret(const Secret& other);
    Secret(Secret&& other) noexcept;
    Secret& operator=(Secret other) noexcept;

    bool IsEmpty() const { return text_.empty(); }
    /// For the one place that hands it to the library.
    const std::string& Reveal() const { return text_; }
    /// `text` with every occurrence of the secret replaced by "***". Secrets shorter than 4 characters would blacken
    /// half of every sentence and are left alone.
    std::string RedactedFrom(std::string text) const;

private:
    std::string text_;
};

/// Overwrites and empties.
void Wipe(std::string& text);

}  // namespace database
