#include "support/crd_schema.hpp"

#include <regex>

#include <yaml-cpp/yaml.h>

namespace support {
namespace {

using nlohmann::json;

json ToJson(const YAML::Node& node) {
    switch (node.Type()) {
        case YAML::NodeType::Map: {
            auto object = json::object();
            for (const auto& entry : node)
                object[entry.first.as<std::string>()] = ToJson(entry.second);
            return object;
        }
        case YAML::NodeType::Sequence: {
            auto array = json::array();
            for (const auto& item : node)
                array.push_back(ToJson(item));
            return array;
        }
        case YAML::NodeType::Scalar: {
            const auto text = node.as<std::string>();
            if (node.Tag() == "!") return text;  // quoted
            if (const auto parsed = json::parse(text, nullptr, false); !parsed.is_discarded()) return parsed;
            return text;
        }
        default:
            return nullptr;
    }
}

json Prune(const json& schema, const json& value) {
    if (value.is_object() && schema.contains("properties")) {
        if (schema.value("x-kubernetes-preserve-unknown-fields", false)) return value;
        auto kept = json::object();
        for (const auto& [name, field] : value.items()) {
            if (schema["properties"].contains(name)) kept[name] = Prune(schema["properties"][name], field);
        }
        return kept;
    }
    if (value.is_array() && schema.contains("items")) {
        auto kept = json::array();
        for (const auto& item : value)
            kept.push_back(Prune(schema["items"], item));
        return kept;
    }
    return value;
}

bool HasType(const std::string& type, const json& value) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "integer") return value.is_number_integer();
    if (type == "boolean") return value.is_boolean();
    return false;
}

void CheckText(const json& schema, const std::string& text, const std::string& path, std::vector<std::string>& found) {
    if (text.size() > schema.value("maxLength", text.size())) {
        found.push_back(path + ": " + std::to_string(text.size()) + " bytes are too long");
    }
    if (text.size() < schema.value("minLength", std::size_t{0})) found.push_back(path + ": too short");
    if (schema.contains("pattern") && !std::regex_match(text, std::regex(schema["pattern"].get<std::string>()))) {
        found.push_back(path + ": \"" + text + "\" does not match the pattern");
    }
}

void Check(const json& schema, const json& value, const std::string& path, std::vector<std::string>& found) {
    if (schema.contains("type") && !HasType(schema["type"], value)) {
        found.push_back(path + ": is no " + schema["type"].get<std::string>());
        return;
    }
    if (schema.contains("enum")) {
        bool listed = false;
        for (const auto& allowed : schema["enum"])
            listed = listed || allowed == value;
        if (!listed) found.push_back(path + ": " + value.dump() + " is not in the enumeration");
    }
    if (value.is_string()) CheckText(schema, value.get<std::string>(), path, found);
    if (value.is_number_integer() && value.get<std::int64_t>() < schema.value("minimum", value.get<std::int64_t>())) {
        found.push_back(path + ": too small");
    }
    if (value.is_array()) {
        if (value.size() > schema.value("maxItems", value.size())) {
            found.push_back(path + ": " + std::to_string(value.size()) + " items are too many");
        }
        for (std::size_t i = 0; i < value.size(); ++i)
            Check(schema["items"], value[i], path + "[" + std::to_string(i) + "]", found);
    }
    if (!value.is_object()) return;
    for (const auto& name : schema.value("required", json::array())) {
        if (!value.contains(name)) found.push_back(path + ": lacks " + name.get<std::string>());
    }
    for (const auto& [name, field] : value.items()) {
        if (schema.contains("properties") && schema["properties"].contains(name)) {
            Check(schema["properties"][name], field, path + "." + name, found);
        }
    }
}

}  // namespace

CrdSchema::CrdSchema(const std::string& plural) {
    const auto crd = ToJson(YAML::LoadFile(TIDEGATE_SOURCE_DIRECTORY "/crds/" + plural + ".yaml"));
    schema_ = crd.at("spec").at("versions").at(0).at("schema").at("openAPIV3Schema");
    // The API server keeps metadata whatever the schema says.
    schema_["properties"]["metadata"] = {{"type", "object"}};
}

const json& CrdSchema::At(const std::vector<std::string>& properties) const {
    const json* at = &schema_;
    for (const auto& name : properties)
        at = &at->at("properties").at(name);
    return *at;
}

json CrdSchema::Pruned(const json& object) const {
    return Prune(schema_, object);
}

std::vector<std::string> CrdSchema::Problems(const json& object) const {
    std::vector<std::string> found;
    Check(schema_, object, "", found);
    return found;
}

}  // namespace support
