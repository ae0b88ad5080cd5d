#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/time.hpp"

namespace core {

using JsonPath = std::initializer_list<std::string_view>;

/// Reading objects of the API server without trusting their shape: what is absent or of another type reads as absent,
/// never as an exception. A schema may be older than this program, and facts about foreign objects must not crash it.
const nlohmann::json* FindAt(const nlohmann::json& object, JsonPath path);

/// "" when absent.
std::string TextAt(const nlohmann::json& object, JsonPath path);
std::optional<std::int64_t> NumberAt(const nlohmann::json& object, JsonPath path);
/// False when absent, as for every boolean of the Kubernetes API whose default is false.
bool BoolAt(const nlohmann::json& object, JsonPath path);
std::optional<Time> TimeAt(const nlohmann::json& object, JsonPath path);
/// The texts of the array there; what is no text is left out.
std::vector<std::string> TextsAt(const nlohmann::json& object, JsonPath path);
/// The array there, or a shared empty array.
const nlohmann::json& ArrayAt(const nlohmann::json& object, JsonPath path);

}  // namespace core
