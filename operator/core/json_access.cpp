#include "core/json_access.hpp"

#include <nlohmann/json.hpp>

namespace core {

const nlohmann::json* FindAt(const nlohmann::json& object, JsonPath path) {
    const nlohmann::json* at = &object;
    for (const std::string_view step : path) {
        if (!at->is_object()) return nullptr;
        const auto found = at->find(step);
        if (found == at->end()) return nullptr;
        at = &*found;
    }
    return at->is_null() ? nullptr : at;
}

std::string TextAt(const nlohmann::json& object, JsonPath path) {
    const auto* at = FindAt(object, path);
    return at != nullptr && at->is_string() ? at->get<std::string>() : std::string{};
}

std::optional<std::int64_t> NumberAt(const nlohmann::json& object, JsonPath path) {
    const auto* at = FindAt(object, path);
    if (at == nullptr || !at->is_number_integer()) return std::nullopt;
    return at->get<std::int64_t>();
}

bool BoolAt(const nlohmann::json& object, JsonPath path) {
    const auto* at = FindAt(object, path);
    return at != nullptr && at->is_boolean() && at->get<bool>();
}

std::optional<Time> TimeAt(const nlohmann::json& object, JsonPath path) {
    return ParseTime(TextAt(object, path));
}

const nlohmann::json& ArrayAt(const nlohmann::json& object, JsonPath path) {
    static const nlohmann::json kEmpty = nlohmann::json::array();
    const auto* at = FindAt(object, path);
    return at != nullptr && at->is_array() ? *at : kEmpty;
}

std::vector<std::string> TextsAt(const nlohmann::json& object, JsonPath path) {
    std::vector<std::string> texts;
    for (const auto& item : ArrayAt(object, path)) {
        if (item.is_string()) texts.push_back(item.get<std::string>());
    }
    return texts;
}

}  // namespace core
