#include "api/requirement.hpp"

namespace api {
namespace {

std::string_view Trim(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const auto first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

}  // namespace

std::string DecodeVersion(std::string_view written) {
    std::string version;
    for (std::size_t i = 0; i < written.size(); ++i) {
        const std::string_view escape = written.substr(i, 3);
        if (escape == "%2C" || escape == "%2c") {
            version += ',';
            i += 2;
        } else {
            version += written[i];
        }
    }
    return version;
}

ParsedRequirements ParseRequirements(std::string_view annotation) {
    ParsedRequirements parsed;
    while (true) {
        const auto comma = annotation.find(',');
        const std::string_view part = Trim(annotation.substr(0, comma));
        if (!part.empty()) {
            const auto at = part.find('@');
            const bool is_whole = at != std::string_view::npos && at > 0 && at + 1 < part.size();
            if (!is_whole || part.size() > kLongestRequirement) {
                parsed.malformed.emplace_back(part);
            } else {
                Requirement requirement{
                    .database = std::string(part.substr(0, at)), .version = {}, .text = std::string(part)};
                const std::string_view version = part.substr(at + 1);
                requirement.image = version == "image";
                if (!requirement.image) requirement.version = DecodeVersion(version);
                parsed.requirements.push_back(std::move(requirement));
            }
        }
        if (comma == std::string_view::npos) return parsed;
        annotation.remove_prefix(comma + 1);
    }
}

std::string RequirementText(std::string_view database, std::string_view version) {
    std::string text{database};
    text += '@';
    for (const char c : version) {
        if (c == ',') {
            text += "%2C";
        } else {
            text += c;
        }
    }
    return text;
}

std::string ImageEntry(std::string_view database, std::string_view image) {
    return std::string(database) + "@image=" + std::string(image);
}

}  // namespace api
