#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace test {

/// The condition of an object; null when it has none of that type.
inline nlohmann::json ConditionOf(const nlohmann::json& object, const std::string& type) {
    if (!object.contains("status")) return nullptr;
    for (const auto& condition : object["status"].value("conditions", nlohmann::json::array())) {
        if (condition["type"] == type) return condition;
    }
    return nullptr;
}

/// A Deployment whose rollout waits at the gate.
inline bool IsHeldBack(const nlohmann::json& deployment) {
    return deployment["spec"].value("paused", false) &&
           deployment["metadata"].value("labels", nlohmann::json::object()).value("tidegate.io/gate", "") == "held";
}

}  // namespace test
