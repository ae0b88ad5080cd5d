#include "engine/evidence.hpp"

#include <regex>

namespace engine {
namespace {

/// libstdc++'s regex recurses per character: longer texts are cut before they are searched. The kubelet gives at most
/// 2048 bytes of log as a termination message, and 4096 of a written one.
constexpr std::size_t kLongestSearched = 4096;

/// The front of a cut text may begin inside a UTF-8 sequence: skip its continuation bytes.
std::string_view WithoutBrokenFront(std::string_view text) {
    while (!text.empty() && (static_cast<unsigned char>(text.front()) & 0xC0U) == 0x80U)
        text.remove_prefix(1);
    return text;
}

std::string_view LastLines(std::string_view text, std::size_t limit) {
    if (text.size() <= limit) return text;
    const bool begins_a_line = text[text.size() - limit - 1] == '\n';
    text.remove_prefix(text.size() - limit);
    if (begins_a_line) return text;
    const auto line_end = text.find('\n');
    if (line_end != std::string_view::npos && line_end + 1 < text.size()) return text.substr(line_end + 1);
    return WithoutBrokenFront(text);
}

std::string Redact(const std::string& text) {
    // scheme://user:password@host, to the last @ before white space: a password that is not percent-encoded may hold
    // one.
    static const std::regex kUri{R"((://[^\s:/@]*:)\S*@)", std::regex::optimize};
    // key=value, key: value, "key": "value", and SQL's PASSWORD 'value'. A quoted value goes to its closing quote, over
    // escaped ones, or to the end of the line where a tool cut it; an unquoted one to the next white space, because a
    // password may hold any other separator.
    static const std::regex kPair{R"(((password|passwd|pwd|secret|token)["']?(\s*[=:]\s*|\s+(?=["']))(bearer\s+)?))"
                                  R"(("[^"\\\n]*(\\.[^"\\\n]*)*"?|'[^'\\\n]*(\\.[^'\\\n]*)*'?|[^\s"']\S*))",
                                  std::regex::icase | std::regex::optimize};
    return std::regex_replace(std::regex_replace(text, kUri, "$1[redacted]@"), kPair, "$1[redacted]");
}

}  // namespace

std::string RedactedTail(std::string_view output, std::size_t limit) {
    while (!output.empty() && (output.back() == '\n' || output.back() == '\r'))
        output.remove_suffix(1);
    // Redact before cutting to the limit: a cut may take away the word that gives a password away.
    const std::string redacted = Redact(std::string(LastLines(output, kLongestSearched)));
    return std::string(LastLines(redacted, limit));
}

}  // namespace engine
